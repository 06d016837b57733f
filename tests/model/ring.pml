/* SPDX-License-Identifier: MIT */
/*
 * ring.pml -- is every goroutine in a core's queue taken exactly once?
 *
 * The protocol in the head of sched/runq.c: the owner adds at the tail of a ring of CAP, with a slot
 * `next` in front, gives half to the global list when the ring is full, and takes from its head;
 * thieves copy half of what they see and then move the head; the last resort is `next`. Each access
 * to memory is a step of its own.
 *
 * Properties   no g is taken twice; at the end each has been taken or lies in one place.
 * Left out     store buffers: x86 keeps the order of slot and tail, and nothing here depends on a
 *              load being later than an own store (idle_wake.pml has that). A thief's own ring: what
 *              it takes counts as run.
 *
 * check: CAP=4 GS=5 THIEVES=1 -- one thief
 * check: CAP=2 GS=4 THIEVES=2 -- two
 * mutant: CAP=2 GS=4 THIEVES=2 MUTANT=1 -- a thief moves the head without comparing
 * mutant: CAP=2 GS=4 THIEVES=2 MUTANT=2 -- it copies after it has moved the head
 * mutant: CAP=2 GS=4 THIEVES=2 MUTANT=3 -- the owner writes a slot without a look at the head
 * mutant: CAP=2 GS=4 THIEVES=2 MUTANT=4 -- `next` is taken without comparing
 */
#ifndef CAP
#define CAP 4
#endif
#ifndef GS
#define GS 6
#endif
#ifndef THIEVES
#define THIEVES 2
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

byte head, tail; /* never wrap here: GS is small */
byte ring[CAP];
byte next;
byte taken[GS + 1];
byte global[GS + 1]; /* given to the global list */
bit done;

inline take(g)
{
    atomic { taken[g]++; assert(taken[g] == 1) }
}

/* runq_put */
inline put(g)
{
    do
    :: h = head;
        if
        :: MUTANT == 3 || tail - h < CAP -> ring[tail % CAP] = g; tail++; break
        :: else -> /* runq_overflow: the CAS first, the slots are then the owner's alone */
            if
            :: atomic { head == h -> head = h + CAP / 2 };
                i = 0;
                do
                :: i < CAP / 2 ->
                    atomic { global[ring[(h + i) % CAP]]++; i++ }
                :: else -> break
                od;
                global[g]++;
                break
            :: head != h
            fi
        fi
    od
}

proctype owner()
{
    byte g = 1, h, i, old, got;
    do
    :: g <= GS -> /* runq_put_next, or runq_put */
        if
        :: atomic { old = next; next = g };
            if
            :: old != 0 -> put(old)
            :: else
            fi
        :: put(g)
        fi;
        g++
    :: got = next; /* runq_get */
        if
        :: got != 0 ->
            if
            :: atomic { next == got -> next = 0 }; take(got)
            :: next != got
            fi
        :: else ->
            h = head;
            if
            :: tail != h ->
                got = ring[h % CAP];
                if
                :: atomic { head == h -> head = h + 1 }; take(got)
                :: head != h
                fi
            :: else
            fi
        fi
    :: g > GS -> break
    od;
    done = 1
}

/* runq_steal, and steal_next */
proctype thief()
{
    byte h, t, n, i, got;
    byte mine[CAP];
    do
    :: h = head;
        t = tail;
        n = t - h - (t - h) / 2;
        if
        :: t < h || n > CAP / 2 -> skip /* of different moments */
        :: t >= h && n == 0 ->
            got = next;
            if
            :: got != 0 ->
                if
#if MUTANT == 4
                :: next = 0; take(got)
#else
                :: atomic { next == got -> next = 0 }; take(got)
                :: next != got
#endif
                fi
            :: else
            fi
        :: t >= h && n > 0 && n <= CAP / 2 ->
#if MUTANT != 2
            i = 0;
            do
            :: i < n -> mine[i] = ring[(h + i) % CAP]; i++
            :: else -> break
            od;
#endif
            if
#if MUTANT == 1
            :: head = h + n;
#else
            :: atomic { head == h -> head = h + n };
#endif
#if MUTANT == 2
                i = 0;
                do
                :: i < n -> mine[i] = ring[(h + i) % CAP]; i++
                :: else -> break
                od;
#endif
                i = 0;
                do
                :: i < n -> take(mine[i]); i++
                :: else -> break
                od
            :: head != h
            fi
        fi;
        i = 0; n = 0; got = 0; h = 0; t = 0
    :: done -> break
    od
}

/* At the end each g has been taken, or is in exactly one place. */
init
{
    byte g = 1, places, i;
    atomic {
        run owner();
        do
        :: i < THIEVES -> run thief(); i++
        :: else -> break
        od
    };
    _nr_pr == 1;
    do
    :: g <= GS ->
        d_step {
            places = taken[g] + global[g] + (next == g);
            i = head;
            do
            :: i < tail -> places = places + (ring[i % CAP] == g); i++
            :: else -> break
            od;
            assert(places == 1);
            g++
        }
    :: else -> break
    od
}
