/* SPDX-License-Identifier: MIT */
/*
 * park_ready.pml -- is a goroutine ever lost, run twice, or run on a stack that another core is
 * still on?
 *
 * sched/proc.c: park with a commit that runs after the switch, on the other stack (P1..P4 are the
 * steps on the left of its protocol, R1..R3 those on the right), ready from another core, yield,
 * birth and death (gfree.c), and the note of sync.c, whose commit may say no. Cores have store
 * buffers (tso.pml). A run queue is a set here: whoever looks may take any of it (the order is
 * ring.pml's matter).
 *
 * Scenes       1 waiting and signalling under a lock, as channels, mutexes and wait groups do
 *              2 a note, set by a goroutine and by an interrupt, possibly amid the parking
 *              3 goroutines that end, and new ones that get the stacks of the dead
 * Properties   one core at most on a stack; a switch loads the stack pointer that was saved last;
 *              no state but the expected one is changed (g_set_status); a waiter is not touched
 *              after its goroutine went on; at rest every goroutine has come to its end.
 *              A dead stack is free for all in 3; gfree.c puts it on the list of its own core, which
 *              takes none off before it has left the stack, so there it may be listed already.
 * Left out     idling and waking (idle_wake.pml), g0's own stack, pinned goroutines.
 *
 * check: SCENE=1 YIELDS=1 -- waiting and signalling, a yield anywhere
 * check: SCENE=2 YIELDS=1 -- a note, a goroutine and an interrupt that set it
 * check: SCENE=3 YIELDS=1 -- spawning and ending
 * mutant: SCENE=1 MUTANT=1 -- the commit runs before the switch
 * mutant: SCENE=1 MUTANT=2 -- WAITING is set after the lock is open
 * mutant: SCENE=2 MUTANT=3 -- a commit that says no is ignored
 * mutant: SCENE=1 YIELDS=1 MUTANT=4 -- a yield queues its goroutine before the switch
 * mutant: SCENE=2 MUTANT=5 -- the note's commit is a store, not a CAS
 * mutant: SCENE=3 MUTANT=6 -- a dead goroutine is put up for reuse before the switch
 * mutant: SCENE=1 MUTANT=7 -- the waiter is written after its goroutine is ready
 * mutant: SCENE=1 MUTANT=8 -- ready by a store into the run queue before the status
 */
#ifndef SCENE
#define SCENE 1
#endif
#ifndef YIELDS
#define YIELDS 0
#endif
#ifndef MUTANT
#define MUTANT 0
#endif
#define CORES 2
#define GS    3
#define NONE  GS /* no g: the core is on g0 */

/* Words that plain stores write. */
#define STATUS(g)    (g)
#define SP(g)        (GS + (g))
#define QUEUED(c, g) (2 * GS + (c) * GS + (g)) /* g is in c's run queue */
#define LOCK         (4 * GS)
#define ADDRS        (4 * GS + 1)
#define SB           5
#include "tso.pml"

#define DEAD     0
#define RUNNABLE 1
#define RUNNING  2
#define WAITING  3

/* What the core has to do once it has left its goroutine's stack; STAY: it does not leave. */
#define STAY    0
#define UNLOCK  1
#define NOTE    2
#define REQUEUE 3
#define BURY    4
#define NOTHING 5

bit on_stack[GS];  /* ghost: a core is on g's stack */
byte slices[GS];   /* ghost: how often g was left; what SP(g) must say when it is resumed */
bit waiter[GS];    /* ghost: g's waiter lies on its stack */
byte done[GS];     /* steps of its program that g has behind it */
bit finished[GS];
byte yields = YIELDS;

chan waitq = [GS] of { byte }; /* under LOCK */
byte count;                    /* under LOCK: signals nobody waited for */

#define SET (GS + 1)
byte note_waiter; /* 0, SET, or g + 1 */
byte data;

byte dead;  /* a mask: free for reuse. In gfree.c a list of the core, or the global one */

/* ---- states and queues ---- */

inline g_set_status(g, old, new)
{
    atomic {
        load(STATUS(g), x);
        assert(x == old);
        x = 0;
        store(STATUS(g), new)
    }
}

/* By a locked exchange, as runq_put_next. */
inline publish(g)
{
#if MUTANT == 8
    atomic { DRAINED; mem[QUEUED(me, g)] = 1 }
    g_set_status(g, WAITING, RUNNABLE)
#else
    g_set_status(g, WAITING, RUNNABLE); /* R3 */
    atomic { DRAINED; mem[QUEUED(me, g)] = 1 }
#endif
}

inline take(c, g)
{
    atomic { mem[QUEUED(c, g)] && DRAINED -> mem[QUEUED(c, g)] = 0; to = g }
}

inline acquire()
{
    atomic { mem[LOCK] == 0 && DRAINED -> mem[LOCK] = 1 }
}

/* ---- leaving a stack ---- */

inline commit_of(p)
{
    if
    :: commit == UNLOCK -> store(LOCK, 0)
    :: commit == REQUEUE -> store(QUEUED(me, p), 1); fence()
    :: commit == BURY -> atomic { DRAINED; dead = dead | (1 << p) }
    :: commit == NOTE ->
#if MUTANT == 5
        atomic { DRAINED; note_waiter = p + 1 }
#else
        if
        :: atomic { note_waiter == 0 && DRAINED -> note_waiter = p + 1 }
        :: atomic { note_waiter != 0 && DRAINED -> skip }
#if MUTANT != 3
            publish(p)
#endif
        fi
#endif
    :: commit == NOTHING || commit == STAY
    fi
}

/* From g's stack, or g0's, to to's. */
inline enter()
{
#if MUTANT == 1 || MUTANT == 4 || MUTANT == 6
    if
    :: g != NONE -> commit_of(g); commit = NOTHING
    :: else
    fi;
#endif
    if
    :: atomic { g != NONE -> store(SP(g), slices[g] + 1); slices[g]++ }
    :: g == NONE
    fi;
    atomic {
        if
        :: to != NONE ->
            load(SP(to), x);
            assert(x == slices[to]);
            assert(!on_stack[to]);
            on_stack[to] = 1;
            waiter[to] = 0;
            x = 0
        :: else
        fi;
        if
        :: g != NONE -> on_stack[g] = 0
        :: else
        fi;
        prev = g;
        g = to;
        to = NONE
    }
    if
    :: prev != NONE -> commit_of(prev)
    :: else
    fi;
    atomic { prev = NONE; commit = STAY }
}

inline park(how)
{
#if MUTANT == 2
    commit = how;
    commit_of(g);
    commit = NOTHING;
    g_set_status(g, RUNNING, WAITING)
#else
    g_set_status(g, RUNNING, WAITING); /* P2; P3 is enter, P4 commit_of */
    commit = how
#endif
}

/* ---- what goroutines do: one step of the program of g ---- */

inline wait()
{
    acquire(); /* P1 */
    if
    :: atomic { count > 0 -> count--; done[g]++ }
        store(LOCK, 0)
    :: atomic { count == 0 -> waitq!g; waiter[g] = 1; done[g]++ }
        park(UNLOCK)
    fi
}

inline signal()
{
    acquire(); /* R1 */
    if
    :: atomic { nempty(waitq) -> waitq?other; assert(waiter[other]) }
        store(LOCK, 0); /* R2 */
        publish(other);
#if MUTANT == 7
        assert(waiter[other]);
#endif
        other = 0
    :: atomic { empty(waitq) -> count++ }
        store(LOCK, 0)
    fi;
    done[g]++
}

/* One turn of: while (no data) { note_sleep(n); } data - 1. done is odd within note_sleep. */
inline note_sleep()
{
    if
    :: atomic { done[g] % 2 == 0 && data > 0 -> data--; done[g] = done[g] + 2 }
    :: atomic { done[g] % 2 == 0 && data == 0 -> done[g]++ }
    :: atomic { done[g] % 2 == 1 && DRAINED -> other = note_waiter; note_waiter = 0 }
        if
        :: atomic { other == SET -> other = 0; done[g]-- }
        :: atomic { other != SET -> other = 0 } park(NOTE)
        fi
    fi
}

inline note_wakeup()
{
    atomic { DRAINED; data++ }
    atomic { DRAINED; other = note_waiter; note_waiter = SET }
    if
    :: atomic { other != 0 && other != SET -> other-- }
        publish(other)
    :: other == 0 || other == SET
    fi;
    atomic { other = 0; done[g]++ }
}

/* gfree_get, arch_context_init, ready; no memory: nothing happens. */
inline spawn()
{
    atomic {
        DRAINED;
        other = (dead & 1 -> 0 : (dead & 2 -> 1 : (dead & 4 -> 2 : NONE)));
        dead = dead & ~(1 << other)
    }
    if
    :: other == NONE
    :: atomic { other != NONE -> finished[other] = 0; done[other] = 2; slices[other]++ }
        store(SP(other), slices[other]);
        g_set_status(other, DEAD, WAITING);
        publish(other)
    fi;
    atomic { other = 0; done[g]++ }
}

inline step()
{
    if
    :: atomic { yields > 0 -> yields-- }
        g_set_status(g, RUNNING, RUNNABLE);
        commit = REQUEUE
#if SCENE == 1
    :: g == 0 && done[g] < 2 -> wait()
    :: g != 0 && done[g] < 1 -> signal()
    :: g == 0 && done[g] == 2 || g != 0 && done[g] == 1 ->
#elif SCENE == 2
    :: g == 0 && done[g] < 4 -> note_sleep()
    :: g == 1 && done[g] < 1 -> note_wakeup()
    :: g == 0 && done[g] == 4 || g == 1 && done[g] == 1 || g == 2 ->
#else
    :: g == 0 && done[g] < 2 -> spawn()
    :: g != 0 || done[g] == 2 ->
#endif
        finished[g] = 1;
        g_set_status(g, RUNNING, DEAD);
        commit = BURY
    fi
}

proctype core(byte me)
{
    byte g = NONE, to = NONE, prev = NONE, commit, x, other;

end_idle:
    do
    :: g != NONE && commit == STAY -> step()
    :: g != NONE && commit != STAY ->
        /* next_here: what this core's own queue has, or g0 */
        if
        :: take(me, 0)
        :: take(me, 1)
        :: take(me, 2)
        :: to = NONE
        fi;
        if
        :: to != NONE -> g_set_status(to, RUNNABLE, RUNNING)
        :: to == NONE
        fi;
        enter()
    :: g == NONE ->
end_g0:
        if
        :: take(0, 0)
        :: take(0, 1)
        :: take(0, 2)
        :: take(1, 0)
        :: take(1, 1)
        :: take(1, 2)
        fi;
        g_set_status(to, RUNNABLE, RUNNING);
        enter()
    od
}

#if SCENE == 2
/* note_wakeup in an interrupt, on a core whose code stands still meanwhile and whose stores the
 * first locked instruction has drained. */
active proctype interrupt()
{
    byte me, other;

    atomic {
        if
        :: sb[0].n == 0
        :: sb[1].n == 0 -> me = 1
        fi;
        data++;
        other = note_waiter;
        note_waiter = SET;
        if
        :: other != 0 && other != SET ->
            other--;
            assert(mem[STATUS(other)] == WAITING);
            mem[STATUS(other)] = RUNNABLE;
            mem[QUEUED(me, other)] = 1
        :: else
        fi
    }
}
#endif

init
{
    atomic {
        mem[STATUS(0)] = RUNNABLE;
        mem[STATUS(1)] = RUNNABLE;
        mem[QUEUED(0, 0)] = 1;
        mem[QUEUED(0, 1)] = 1;
#if SCENE == 3 /* the third is dead */
        dead = 4;
        finished[2] = 1;
#else
        mem[STATUS(2)] = RUNNABLE;
        mem[QUEUED(1, 2)] = 1;
#endif
        run core(0);
        run core(1)
    }
    timeout -> assert(finished[0] && finished[1] && finished[2])
}
