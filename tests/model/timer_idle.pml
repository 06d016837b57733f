/* SPDX-License-Identifier: MIT */
/*
 * timer_idle.pml -- is a timer ever slept through, or fired twice?
 *
 * The protocol in the head of sched/timerheap.c: a timer in the heap of core X is armed for moment 3,
 * then brought forward to moment 1 by core Y, which interrupts X; a thief on core Z fires what is due;
 * W stops it at any moment. X runs what is due, switches interrupts off, reads `first` and halts until
 * then. Time passes whenever it likes.
 *
 * Properties   at the end the timer has fired once, or was stopped before and has not fired; X does
 *              not halt for longer than the timer it has (it ends: nothing else wakes it).
 * Left out     store buffers: `first` is written under a lock, by a locked instruction at that.
 *
 * check: STOP=0 -- brought forward, stolen or not
 * check: STOP=1 -- and perhaps stopped
 * mutant: STOP=0 MUTANT=1 -- Y interrupts nobody
 * mutant: STOP=0 MUTANT=2 -- Y interrupts first, then arms
 * mutant: STOP=0 MUTANT=3 -- X reads `first` before it switches interrupts off
 * mutant: STOP=1 MUTANT=4 -- the thief takes no lock
 * mutant: STOP=1 MUTANT=5 -- stop does not look whether the timer is still in the heap
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef STOP
#define STOP 1
#endif
#define NEVER 9

bit lock, armed = 1;
byte when = 3, first = 3, now;
bit ipi, masked;
byte fired, stopped;
bit moved;

inline acquire() { atomic { !lock -> lock = 1 } }
inline release() { lock = 0 }

/* Under the lock. */
inline fire_due()
{
    if
    :: armed && when <= now -> armed = 0; first = NEVER; fired++
    :: else
    fi
}

/* Interrupts that come while they are on are served at once: the flag falls, and that is all. */
inline serve()
{
    if
    :: ipi && !masked -> ipi = 0
    :: else
    fi
}

proctype X()
{
    byte until;
    do
    :: fired + stopped > 0 -> break
    :: else ->
        if
        :: first <= now -> acquire(); fire_due(); release()
        :: else
        fi;
        serve();
#if MUTANT == 3
        until = first;
        serve();
        masked = 1;
#else
        masked = 1;
        until = first;
#endif
        if
        :: until == NEVER -> masked = 0 /* nothing to wait for: the property holds already */
        :: else ->
            atomic { (ipi || now >= until) -> masked = 0; ipi = 0 }
        fi
    od
}

proctype Y() /* timer_reset from another core */
{
    bit first_now;
#if MUTANT == 2
    ipi = 1;
#endif
    acquire();
    if
    :: armed ->
        armed = 0; first = NEVER;
        when = 1;
        armed = 1; first = 1;
        first_now = 1
    :: else
    fi;
    release();
#if MUTANT == 0 || MUTANT > 2
    if
    :: first_now -> ipi = 1
    :: else
    fi;
#endif
    moved = 1
}

proctype Z() /* timers_steal */
{
    if
    :: first <= now ->
#if MUTANT == 4
        fire_due()
#else
        if
        :: atomic { !lock -> lock = 1 }; fire_due(); release()
        :: lock
        fi
#endif
    :: else
    fi
}

#if STOP
proctype W() /* timer_stop */
{
    if
    :: true ->
        acquire();
        if
#if MUTANT == 5
        :: true ->
#else
        :: armed ->
#endif
            armed = 0; first = NEVER; stopped++
        :: else
        fi;
        release()
    :: true
    fi
}
#endif

/* Moment 2 is all that an X needs which knows that the timer was brought forward. */
proctype clock()
{
    do
    :: now < 2 -> now++
    :: stopped > 0 && now < 3 -> now++ /* X may halt for a timer that is gone */
    :: (now >= 2 && fired > 0) || now == 3 -> break
    od
}

init
{
    atomic {
        run X(); run Y(); run Z(); run clock();
#if STOP
        run W()
#endif
    };
    _nr_pr == 1;
    assert(fired + stopped == 1)
}
