/* SPDX-License-Identifier: MIT */
/*
 * idle_wake.pml -- does a goroutine ever wait while a core that could run it halts?
 *
 * The protocol of sched/idle.c (in comments L1..L6 are the steps of its left column, R1..R6 of its
 * right), with the queues of sched/runq.c as far as they carry it, on cores with store buffers
 * (tso.pml). Goroutines are counted, not named. Any core that runs one submits: it spawns, yields,
 * is preempted, or never lets go, as long as the budgets below last.
 *
 * Properties   at rest, that is when nothing more can happen: no core halts while a goroutine waits
 *              in any queue, be it behind one that never lets go (HOGS); nspinning is 0; nidle is
 *              the number of idle bits. At all times: nspinning does not fall below 0. DEADLOCK=1:
 *              a deadlock reported is one (no goroutine lives, none is to come from a device), and
 *              at rest with none alive it has been reported.
 * Left out     what ring.pml has (slots, a thief's retries), runq_overflow, pinned goroutines,
 *              gomaxprocs, timers (timer_idle.pml); the order in which a core looks through its
 *              queues; a thief's rounds before the last.
 *
 * check: SPAWNS=2 YIELDS=1 PREEMPTS=1 HOGS=2 -- two submitters, every kind of queue
 * check: START=1 SPAWNS=1 PREEMPTS=1 DEVICES=1 HOGS=1 -- interrupts that ready goroutines
 * check: CORES=3 FINE=0 SPAWNS=2 HOGS=2 -- two submitters, one to wake
 * check: START=1 SPAWNS=1 DEVICES=2 DEADLOCK=1 -- the deadlock report, with interrupts
 * check: CORES=3 FINE=0 START=1 SPAWNS=1 DEADLOCK=1 -- the deadlock report among three
 * mutant: MUTANT=1 SPAWNS=2 HOGS=1 -- no fence between publishing and looking for a sleeper
 * mutant: MUTANT=2 SPAWNS=2 HOGS=1 -- stops spinning after its last look
 * mutant: MUTANT=3 SPAWNS=2 HOGS=1 -- no last look
 * mutant: MUTANT=4 SPAWNS=2 HOGS=1 -- looks before it sets its idle bit
 * mutant: MUTANT=5 CORES=3 FINE=0 SPAWNS=2 HOGS=1 -- claims an idle bit by test and clear
 * mutant: MUTANT=6 CORES=3 FINE=0 SPAWNS=2 HOGS=2 -- a waker that found none looks no more
 * mutant: MUTANT=7 SPAWNS=2 HOGS=1 -- interrupts on between the look and hlt
 * mutant: MUTANT=8 SPAWNS=2 HOGS=1 -- halts without looking whether it was claimed
 * mutant: MUTANT=9 START=1 DEVICES=1 -- halts without looking for what interrupts brought
 * mutant: MUTANT=10 CORES=3 FINE=0 START=1 SPAWNS=2 HOGS=2 -- the last spinner wakes no other
 * mutant: MUTANT=11 SPAWNS=2 PREEMPTS=2 HOGS=2 -- a batch from the global list wakes nobody
 * mutant: MUTANT=12 SPAWNS=2 HOGS=1 -- nspinning goes up after the claim, not before
 * mutant: MUTANT=13 CORES=3 FINE=0 START=1 SPAWNS=1 DEADLOCK=1 -- the deadlock report looks once
 * mutant: MUTANT=14 SPAWNS=2 HOGS=1 -- looks whether one spins before it sets its idle bit
 * mutant: MUTANT=15 START=1 SPAWNS=4 HOGS=1 -- an uncounted thief wakes no other
 */
#ifndef CORES
#define CORES 2
#endif
#ifndef START
#define START 2 /* cores that begin with a goroutine; the others look for one */
#endif
#ifndef SPAWNS
#define SPAWNS 0
#endif
#ifndef YIELDS
#define YIELDS 0 /* to the own ring */
#endif
#ifndef PREEMPTS
#define PREEMPTS 0 /* to the global list */
#endif
#ifndef HOGS
#define HOGS 0
#endif
#ifndef DEVICES
#define DEVICES 0 /* interrupts that ready a goroutine */
#endif
#ifndef DEADLOCK
#define DEADLOCK 0
#endif
#ifndef FINE
#define FINE 1 /* 0: another core's queue is looked at in one step */
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

/* The words that plain stores write. */
#define TAIL(c)  (c)
#define GLOBAL_N CORES
#define LOCK     (CORES + 1)
#define ADDRS    (CORES + 2)
#define SB       3
#include "tso.pml"

byte head[CORES];
byte tail[CORES]; /* as its owner sees it; mem[TAIL] is what the others see */
bit next[CORES];
byte inbox[CORES];
bit attention[CORES];
byte idle;       /* a mask */
short nidle;     /* below 0 for a moment where a claim comes before the owner's own + 1 */
byte nspinning;
byte global;     /* sched.global.n, under the lock; mem[GLOBAL_N] is its copy for readers */
bit ipi[CORES], device[CORES]; /* pending: two of a kind are one */
bit masked[CORES];             /* interrupts are off */
bit halted[CORES], hogging[CORES];
byte spawns = SPAWNS, yields = YIELDS, preempts = PREEMPTS, hogs = HOGS, devices = DEVICES;
#if DEADLOCK
byte alive = START; /* ghost */
byte external = DEVICES; /* counted down by what was waited for, when it runs */
byte owed;
bit reported;
bit woke[CORES]; /* sched.wakes as each core sees it: has it changed since it was read? */
#define ALIVE(d) alive = alive + (d)
#else
#define ALIVE(d) skip
#endif

/* ---- waking ---- */

/* k: was it set? */
inline idle_bit_clear(v)
{
#if MUTANT == 5 /* test, then clear: two may win */
    k = (idle >> v) & 1;
    atomic { DRAINED; idle = idle & ~(1 << v) }
#else
    atomic { DRAINED; k = (idle >> v) & 1; idle = idle & ~(1 << v) }
#endif
    if
    :: atomic { k && DRAINED -> nidle-- }
    :: !k
    fi
}

/* L5. k: was one claimed? Then the IPI is on its way. */
inline claim_one()
{
    do
    :: atomic {
            x = idle;
            if
            :: x == 0 -> break
            :: else -> v = (x & 1 -> 0 : (x & 2 -> 1 : 2)); x = 0
            fi
        }
        idle_bit_clear(v);
        if
        :: atomic {
                k ->
#if MUTANT == 12 /* counted after the claim */
                DRAINED;
                nspinning++;
#endif
                ipi[v] = 1;
                v = 0;
                break
            }
        :: atomic { !k -> v = 0 }
        fi
    od
}

inline wake_one()
{
#if MUTANT == 12
    claim_one();
    k = 0
#else
    do
    :: atomic { DRAINED; nspinning++ } /* L4 */
        claim_one();
        if
        :: atomic { k -> k = 0; break }
        :: atomic { !k && DRAINED -> assert(nspinning > 0); nspinning--; x = nspinning } /* L6 */
        fi;
#if MUTANT == 6 /* nobody looks again */
        x = 0;
        break
#else
        if
        :: atomic { x == 0 && idle != 0 }
        :: atomic { !(x == 0 && idle != 0) -> x = 0; break }
        fi
#endif
    od
#endif
}

inline wake_if_idle()
{
    if
    :: nidle > 0 -> /* L3 */
        if
        :: nspinning == 0 -> wake_one()
        :: else
        fi
    :: else
    fi
}

/* ---- queues ---- */

inline runq_put(n)
{
    atomic { store(TAIL(me), tail[me] + n); tail[me] = tail[me] + n }
}

inline g_ready()
{
#if MUTANT == 1 /* published by a plain store, no fence */
    runq_put(1);
#else
    atomic { DRAINED; x = next[me]; next[me] = 1 } /* L1, L2 */
    if
    :: atomic { x -> x = 0; runq_put(1) } fence()
    :: !x
    fi;
#endif
    wake_if_idle()
}

/* A load and a CAS that fails if the load is out of date are one step; nobody else adds here. */
inline runq_get()
{
    if
    :: atomic { next[me] && DRAINED -> next[me] = 0; got = 1 }
    :: atomic { !next[me] && head[me] != tail[me] && DRAINED -> head[me]++; got = 1 }
    :: !next[me] && head[me] == tail[me]
    fi
}

inline sched_lock()
{
    atomic { mem[LOCK] == 0 && DRAINED -> mem[LOCK] = 1 }
}

inline globq_put()
{
    sched_lock();
    global++;
    store(GLOBAL_N, global);
    store(LOCK, 0)
}

inline globq_get()
{
    load(GLOBAL_N, x);
    if
    :: x > 0 ->
        sched_lock();
        x = global / CORES + 1;
        x = (x > global -> global : x);
        global = global - x;
        store(GLOBAL_N, global);
        store(LOCK, 0);
        if
        :: x > 0 -> got = 1
        :: else
        fi;
        if
        :: x > 1 ->
            runq_put(x - 1);
#if MUTANT != 11 /* those that saw the list empty have not seen the ring */
            fence();
            wake_if_idle()
#endif
        :: else
        fi;
        x = 0
    :: else
    fi
}

/* The older half of v's ring; none there: its `next`. */
inline runq_steal(v)
{
#if FINE
    do
    :: load(TAIL(v), t);
        atomic {
            DRAINED;
            k = t - head[v];
            if
            :: k > 127 -> k = 0 /* head has overtaken what was read: the CAS fails */
            :: k == 0 -> t = 0; break
            :: else -> k = k - k / 2; head[v] = head[v] + k; got = 1; t = 0; break
            fi
        }
    od;
    if
    :: k > 1 -> runq_put(k - 1)
    :: k == 1
    :: atomic { k == 0 && next[v] && DRAINED -> next[v] = 0; got = 1 }
    :: k == 0 && !next[v]
    fi;
    k = 0
#else
    atomic {
        DRAINED;
        load(TAIL(v), t);
        k = t - head[v];
        k = k - k / 2;
        head[v] = head[v] + k;
        got = (k > 0 || next[v]);
        next[v] = (k > 0 && next[v]);
        t = 0
    }
    if
    :: atomic { k > 1 -> runq_put(k - 1); k = 0 }
    :: atomic { k < 2 -> k = 0 }
    fi
#endif
}

/* k: is c's queue empty? */
inline runq_empty(c)
{
#if FINE
    do
    :: h = head[c];
        load(TAIL(c), t);
        x = next[c];
        atomic {
            load(TAIL(c), k);
            if
            :: t == k -> k = (h == t && x == 0); h = 0; t = 0; x = 0; break
            :: else
            fi
        }
    od
#else
    atomic { load(TAIL(c), t); k = (head[c] == t && next[c] == 0); t = 0 }
#endif
}

inline inbox_drain()
{
    if
    :: inbox[me] > 0 ->
        atomic { DRAINED; x = inbox[me]; inbox[me] = 0 }
        runq_put(x);
        x = 0;
        fence();
        wake_if_idle()
    :: else
    fi
}

/* ---- idling ---- */

inline stop_spinning()
{
    if
    :: atomic { spinning && DRAINED -> spinning = 0; assert(nspinning > 0); nspinning-- }
    :: !spinning
    fi
}

inline steal_round()
{
    atomic {
        if
        :: s = 1
        :: CORES > 2 -> s = 2
        fi;
        v = (me + s) % CORES
    }
    do
    :: atomic { v == me || got -> v = 0; s = 0; break }
    :: atomic { v != me && !got && (idle >> v) & 1 -> v = (v + s) % CORES }
    :: v != me && !got && !((idle >> v) & 1) -> runq_steal(v); v = (v + s) % CORES
    od
}

/* Who is not counted yet goes round once before that. */
inline spin_and_steal()
{
    if
    :: spinning -> steal_round()
    :: atomic { !spinning -> k = CORES - nidle }
        if
        :: atomic { 2 * nspinning < k -> k = 0 }
            steal_round();
            if
            :: atomic { !got && DRAINED -> nspinning++; spinning = 1 }
                steal_round()
#if MUTANT != 15 /* one that fell asleep meanwhile may have seen neither ring with them */
            :: got && (next[me] || head[me] != tail[me]) -> fence(); wake_if_idle()
            :: got && !next[me] && head[me] == tail[me]
#else
            :: got
#endif
            fi
        :: atomic { 2 * nspinning >= k -> k = 0 }
        fi
    fi
}

/* k: found some? */
inline any_work()
{
#if PREEMPTS
    load(GLOBAL_N, k);
#endif
#if DEVICES
    if
    :: k == 0 -> k = inbox[me]
    :: else
    fi;
#endif
    do
    :: atomic { v == CORES || k -> v = 0; break }
    :: atomic { v == me && !k -> v++ } /* runq_get has just emptied it */
#if FINE
    :: v != me && v < CORES && !k -> runq_empty(v); k = 1 - k; v++
#else
    :: atomic { v != me && v < CORES && !k -> runq_empty(v); k = 1 - k; v++ }
#endif
    od
}

#if DEADLOCK
/* k: does every core seem asleep, and every queue empty? */
inline all_asleep()
{
    k = 1;
    do
    :: atomic { v == CORES || !k -> v = 0; break }
    :: atomic { v < CORES && k -> k = (idle >> v) & 1 }
        if
        :: k -> runq_empty(v)
        :: else
        fi;
#if DEVICES
        if
        :: k -> k = (inbox[v] == 0)
        :: else
        fi;
#endif
        v++
    od;
#if PREEMPTS
    if
    :: k -> load(GLOBAL_N, k); k = 1 - k
    :: else
    fi;
#endif
#if DEVICES
    if
    :: k -> k = (external == 0)
    :: else
    fi
#else
    skip
#endif
}

inline check_deadlock()
{
    woke[me] = 0;
    all_asleep();
#if MUTANT != 13 /* one look: a core that is leaving idleness is taken for asleep */
    if
    :: k -> all_asleep()
    :: else
    fi;
#endif
    if
    :: k && !woke[me] -> assert(alive == 0 && external == 0); reported = 1
    :: else
    fi;
    k = 0
}
#endif

/* Interrupts are off from the look to hlt; there a pending one ends it, is served, and they are
 * off again. */
inline halt()
{
    atomic {
        masked[me] = (MUTANT != 7);
        if
#if MUTANT == 8 /* does not look whether it has been claimed */
        :: !attention[me]
#elif MUTANT == 9 /* nor whether something came in by an interrupt */
        :: (idle >> me) & 1
#else
        :: (idle >> me) & 1 && !attention[me] /* R6 */
#endif
        :: else -> goto awake
        fi
    }
    atomic { masked[me] = 1; halted[me] = 1 }
end_halt:
    atomic { (ipi[me] || device[me]) && DRAINED -> halted[me] = 0; serve(me) }
awake:
    masked[me] = 0
}

inline idle_core()
{
#if MUTANT != 2
    stop_spinning(); /* R1 */
#endif
#if MUTANT == 4 /* looks first, then says that it is idle */
    any_work();
#elif MUTANT == 14 /* looks for a spinner first, then says that it is idle */
    x = nspinning;
#endif
    atomic { DRAINED; idle = idle | (1 << me) } /* R2, R3 */
    atomic { DRAINED; nidle++ }
#if MUTANT == 2 /* looks while it counts as spinning */
    any_work();
    stop_spinning();
#elif MUTANT != 3 && MUTANT != 4
    if
#if MUTANT == 14
    :: x == 0 -> any_work()
    :: atomic { x != 0 -> x = 0 }
#else
    :: nspinning == 0 -> any_work() /* R4 */
    :: else
#endif
    fi;
#endif
    if
    :: atomic { k -> k = 0; h = 1 } /* R5 */
    :: !k ->
#if DEADLOCK
        check_deadlock();
#endif
        halt()
    fi;
#if DEADLOCK
    atomic { DRAINED; woke[0] = 1; woke[1] = 1; woke[CORES - 1] = 1 }
#endif
    idle_bit_clear(me);
    atomic { spinning = 1 - k; k = 0 }
    if
    :: atomic { h && !spinning && DRAINED -> nspinning++; spinning = 1; h = 0; goto find }
    :: atomic { !(h && !spinning) -> h = 0; goto find }
    fi
}

/* ---- the machine ---- */

/* What the handler does on core c. Its last locked instruction is why c's stores are drained. */
inline serve(c)
{
    ipi[c] = 0;
    if
    :: device[c] -> device[c] = 0; inbox[c]++; attention[c] = 1;
#if DEADLOCK
        alive++;
        owed++
#endif
    :: else
    fi
}

active proctype interrupts()
{
    byte c;
end:
    do
    :: atomic { !masked[0] && (ipi[0] || device[0]) && sb[0].n == 0 -> serve(0) }
    :: atomic { !masked[1] && (ipi[1] || device[1]) && sb[1].n == 0 -> serve(1) }
#if CORES > 2
    :: atomic { !masked[2] && (ipi[2] || device[2]) && sb[2].n == 0 -> serve(2) }
#endif
    :: atomic {
            devices > 0 && !(device[0] && device[CORES - 1]) ->
            devices--;
            if
            :: !device[0] -> device[0] = 1
            :: !device[CORES - 1] -> device[CORES - 1] = 1
            fi
        }
    od
}

/* A g leaves the core for a queue: what runs next is chosen first, then the commit queues it. */
inline choose_next()
{
    if
    :: attention[me]
    :: else -> runq_get()
    fi
}

proctype core(byte me; bit got)
{
    byte h, t, x, k, v, s;
    bit spinning;

    if
    :: got -> got = 0; goto running
    :: else
    fi;
find:
#if DEVICES
    atomic { DRAINED; attention[me] = 0 }
    inbox_drain();
#endif
    runq_get();
    if
#if PREEMPTS
    :: !got -> globq_get()
    :: else
    fi;
    if
#endif
    :: !got -> spin_and_steal()
    :: else
    fi;
    if
    :: !got -> idle_core()
    :: else
    fi;
    if
    :: atomic { spinning -> got = 0 }
        stop_spinning();
#if MUTANT != 10 /* the last spinner wakes no other */
        wake_if_idle()
#endif
    :: atomic { !spinning -> got = 0 }
    fi;
running:
#if DEADLOCK
    if
    :: atomic { owed > 0 && DRAINED -> owed--; external-- }
    :: owed == 0
    fi;
#endif
    if
    :: atomic { spawns > 0 -> spawns--; ALIVE(1) }
        g_ready();
        goto running
    :: atomic { yields > 0 -> yields-- }
        choose_next();
        runq_put(1)
    :: atomic { preempts > 0 -> preempts-- }
        choose_next();
        globq_put()
    :: atomic { hogs > 0 -> hogs--; hogging[me] = 1 }
end_hog:
        atomic { attention[me] -> hogging[me] = 0 }
        choose_next();
        runq_put(1)
    :: ALIVE(-1) ->
        goto find
    fi;
    fence();
    wake_if_idle();
    if
    :: got -> got = 0; goto running
    :: else -> goto find
    fi
}

#define QUEUED(c) (tail[c] - head[c] + next[c] + inbox[c])

init
{
    atomic {
        run core(0, START >= CORES);
        run core(1, START >= CORES - 1);
#if CORES > 2
        run core(2, 1);
#endif
    }
    timeout ->
#if CORES > 2
    assert(!(halted[0] || halted[1] || halted[2])
           || QUEUED(0) + QUEUED(1) + QUEUED(2) + global == 0);
    assert(nidle == halted[0] + halted[1] + halted[2]);
#else
    assert(!(halted[0] || halted[1]) || QUEUED(0) + QUEUED(1) + global == 0);
    assert(nidle == halted[0] + halted[1]);
#endif
    assert(nspinning == 0);
#if DEADLOCK
    assert(alive > 0 || reported)
#endif
}
