/* SPDX-License-Identifier: MIT */
/*
 * ring.pml -- is each goroutine in a run queue taken exactly once?
 *
 * sched/runq.c access by access, on cores with store buffers (tso.pml): the ring, scaled down to
 * RING_CAP slots, and `next` in front of it; the owner adds, takes and overflows, thieves take half
 * or `next`. Each core owns a ring; core 0 makes the goroutines, the others live on what they
 * steal, from each other, too. head and tail begin just below the wrap.
 *
 * Properties   each goroutine is taken exactly once (a stale slot would be one taken twice, or
 *              none); tail - head <= RING_CAP; at rest none is left. OBSERVE=1: runq_empty says
 *              `empty` only if the queue was so at some moment of the call, or if the owner stands
 *              between moving a goroutine out of `next` and its fence, after which it looks for
 *              sleepers itself.
 * Left out     the grace a thief gives to `next`; the lock of the global list (one step here);
 *              the order of goroutines.
 *
 * check: GS=6 STEALS=2 -- owner and one thief
 * check: CORES=3 GS=4 STEALS=1 -- two thieves, who steal from each other
 * check: GS=3 STEALS=1 OBSERVE=1 -- runq_empty from a third core
 * mutant: MUTANT=1 -- the tail moves before the slot is written
 * mutant: MUTANT=2 -- a thief moves head by a store, not a CAS
 * mutant: MUTANT=3 -- the owner moves head by a store, not a CAS
 * mutant: MUTANT=4 -- a thief copies after it has moved head
 * mutant: MUTANT=5 -- a thief empties `next` by a store, not a CAS
 * mutant: MUTANT=6 -- the owner empties `next` by a store, not a CAS
 * mutant: MUTANT=7 -- an overflow moves head by a store, not a CAS
 * mutant: MUTANT=8 GS=3 OBSERVE=1 -- runq_empty reads the tail once
 */
#ifndef CORES
#define CORES 2
#endif
#ifndef GS
#define GS 5
#endif
#ifndef STEALS
#define STEALS 2
#endif
#ifndef OBSERVE
#define OBSERVE 0
#endif
#ifndef MUTANT
#define MUTANT 0
#endif
#define RING_CAP 4
#define FIRST    254

/* Words that plain stores write: only their owner stores there. */
#define SLOT(c, i) ((c) * RING_CAP + ((i) & (RING_CAP - 1)))
#define TAIL(c)    (CORES * RING_CAP + (c))
#define ADDRS      (CORES * (RING_CAP + 1))
#define SB         4
#include "tso.pml"

byte head[CORES], next[CORES]; /* goroutines count from 1 */
byte tail[CORES];              /* as the owner sees its own */
byte made;
bit taken[GS + 1];

#if OBSERVE
byte inside;   /* ghost: in core 0's queue, or moved from `next` into the ring just now */
bit moving;    /* ghost: core 0 has added something and has not come to the fence */
bit was_empty; /* ghost: inside has been 0 since the look began */
#define INSIDE(c, d)                                                                               \
    if                                                                                             \
    :: c == 0 -> inside = inside + (d); was_empty = (was_empty || inside == 0)                     \
    :: else                                                                                        \
    fi
#define MOVING(x) moving = x
#else
#define INSIDE(c, d) skip
#define MOVING(x)    skip
#endif

/* g runs. */
inline consume(g)
{
    d_step {
        assert(g > 0 && !taken[g]);
        taken[g] = 1;
        g = 0
    }
}

/* CAS of v's head from h to h + by; done: succeeded. Broken: a store. */
inline head_cas(v, by, broken)
{
    atomic {
        DRAINED;
        done = (head[v] == h || broken);
        if
        :: done -> head[v] = h + by; INSIDE(v, -(by))
        :: else
        fi
    }
}

/* CAS of v's `next` from g to none; g = 0: failed. */
inline next_cas(v, broken)
{
    atomic {
        DRAINED;
        if
        :: next[v] == g || broken -> next[v] = 0; INSIDE(v, -1)
        :: else -> g = 0
        fi
    }
}

inline runq_put(gp)
{
    do
    :: atomic { h = head[me]; assert(((tail[me] - h) & 255) <= RING_CAP) }
        if
        :: ((tail[me] - h) & 255) < RING_CAP ->
#if MUTANT == 1
            atomic { store(TAIL(me), tail[me] + 1); tail[me]++ }
            store(SLOT(me, tail[me] - 1), gp);
#else
            store(SLOT(me, tail[me]), gp);
            atomic { store(TAIL(me), tail[me] + 1); tail[me]++ }
#endif
            break
        :: else -> /* runq_overflow */
            head_cas(me, RING_CAP / 2, MUTANT == 7);
            if
            :: done -> done = 0;
                do
                :: i < RING_CAP / 2 -> load(SLOT(me, h + i), x); consume(x); i++
                :: else -> i = 0; break
                od;
                atomic { INSIDE(me, -1); x = gp; consume(x) }
                break
            :: else
            fi
        fi
    od;
    h = 0
}

inline runq_put_next(gp)
{
    atomic { DRAINED; g = next[me]; next[me] = gp; INSIDE(me, 1); MOVING(1) }
    if
    :: g > 0 -> runq_put(g); g = 0; fence()
    :: else
    fi;
    MOVING(0)
}

/* g: what was taken, or 0. */
inline runq_get()
{
    g = next[me];
    if
    :: g > 0 -> next_cas(me, MUTANT == 6)
    :: else
    fi;
    do
    :: g > 0 -> break
    :: g == 0 ->
        h = head[me];
        if
        :: h == tail[me] -> break
        :: else ->
            load(SLOT(me, h), x);
            head_cas(me, 1, MUTANT == 3);
            if
            :: done -> done = 0; g = x
            :: else
            fi;
            x = 0
        fi
    od;
    h = 0
}

inline copy()
{
    do
    :: i < n ->
        load(SLOT(v, h + i), x);
        store(SLOT(me, tail[me] + i), x);
        i++
    :: else -> i = 0; x = 0; break
    od
}

/* g: what is to run now, or 0. */
inline runq_steal()
{
    do
    :: h = head[v];
        load(TAIL(v), t);
        n = ((t - h) & 255) - ((t - h) & 255) / 2;
        if
        :: n == 0 ->
            g = next[v];
            if
            :: g > 0 -> next_cas(v, MUTANT == 5)
            :: else
            fi;
            break
        :: n > RING_CAP / 2
        :: else ->
#if MUTANT == 4
            head_cas(v, n, 0);
            copy();
#else
            copy();
            head_cas(v, n, MUTANT == 2);
#endif
            if
            :: done ->
                atomic { store(TAIL(me), tail[me] + n - 1); tail[me] = tail[me] + n - 1 }
                load(SLOT(me, tail[me]), g);
                break
            :: else
            fi
        fi
    od;
    h = 0;
    t = 0;
    n = 0;
    done = 0
}

proctype owner(byte me)
{
    byte g, h, i, x;
    bit done;

    do
    :: made < GS -> made++; runq_put_next(made)
    :: made < GS ->
        atomic { made++; INSIDE(me, 1); MOVING(1) }
        runq_put(made);
        if
        :: atomic { DRAINED; MOVING(0) }
        :: skip /* the next of a batch follows: globq_get, inbox_drain */
        fi
    :: runq_get();
        if
        :: g > 0 -> consume(g)
        :: g == 0 && made == GS -> break
        :: else
        fi
    od
}

proctype thief(byte me)
{
    byte g, h, t, n, i, x, v, steals = STEALS;
    bit done;

    do
    :: steals > 0 ->
        steals--;
        if
        :: v = 0
        :: CORES > 2 -> v = 3 - me
        fi;
        runq_steal();
        v = 0;
        do
        :: g > 0 -> consume(g); runq_get()
        :: else -> break
        od
    :: steals == 0 -> break
    od
}

#if OBSERVE
/* runq_empty of core 0, over and over. */
proctype observer()
{
    byte h, t, n;

end:
    do
    :: atomic { was_empty = (inside == 0); h = head[0] }
        t = mem[TAIL(0)];
        n = next[0];
        atomic {
            if
            :: MUTANT == 8 || t == mem[TAIL(0)] ->
                assert(!(h == t && n == 0) || was_empty || moving)
            :: else
            fi;
            h = 0;
            t = 0;
            n = 0;
            was_empty = 0
        }
    od
}
#endif

init
{
    byte i;

    atomic {
        do
        :: i < CORES ->
            head[i] = FIRST;
            tail[i] = FIRST;
            mem[TAIL(i)] = FIRST;
            i++
        :: else -> i = 1; break
        od;
        run owner(0);
        run thief(1);
#if CORES > 2
        run thief(2);
#endif
#if OBSERVE
        run observer()
#endif
    }
    timeout ->
        do
        :: i <= GS -> assert(taken[i]); i++
        :: else -> break
        od
}
