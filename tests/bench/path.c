/* SPDX-License-Identifier: MIT */
/*
 * path.c -- what the timer's interrupt costs whom it comes to, on one core; no rows of Go's.
 *
 * A loop looks at the clock: what that has gone on by, beyond a look, is the interrupt's. Figures
 * mean something where an instruction takes a nanosecond.
 */
#include "bench.h"

static int64_t
look_cost(void)
{
    int64_t least = SECOND, last = nanotime();
    for (int i = 0; i < 1000; i++) {
        int64_t now = nanotime();
        least = now - last < least ? now - last : least;
        last = now;
    }
    return least;
}

/* An interrupt of the timer that finds nothing due: what it was set for has been stopped. */
void
bench_tick(long n)
{
    enum { SHORTEST = 60 }; /* ns beyond a look */
    struct timer *t = timer_new(SECOND);
    int64_t look = look_cost(), took = 0;
    for (long i = 0; i < n; i++) {
        timer_reset(t, 20 * MICROSECOND);
        timer_stop(t);
        int64_t began = nanotime(), last = began, now;
        while ((now = nanotime()) - last < look + SHORTEST) {
            last = now;
            if (now - began > SECOND) {
                panic("tick: no interrupt within a second");
            }
        }
        took += now - last - look;
    }
    timer_free(t);
    bench_line("tick", n, took);
}

static struct {
    _Atomic(int64_t) looked; /* when one of the two last looked, doubled, and which */
    atomic_long left;        /* changes of hands; of them the last n count */
    long n;
    int64_t look, took;
    struct waitgroup done;
} turns;

/* Whoever finds that the other was the last to look has just been given the core; not so if it lost
 * it between its look and the exchange. */
static void
takes_turns(void *name)
{
    int64_t me = *(int *)name;
    while (atomic_load_explicit(&turns.left, memory_order_relaxed) > 0) {
        int64_t now = nanotime(), was = atomic_exchange(&turns.looked, 2 * now + me);
        if (was % 2 != me && was / 2 < now) {
            long left = atomic_fetch_sub(&turns.left, 1);
            turns.took += left > 0 && left <= turns.n ? now - was / 2 - turns.look : 0;
        }
    }
    waitgroup_done(&turns.done);
}

/* A loop preempted for another, and that for the first again. */
void
bench_turns(long n)
{
    static int names[] = { 0, 1 };
    turns.look = look_cost();
    turns.n = 2 * n;
    atomic_store(&turns.left, turns.n + 1); /* the first is to a new one */
    atomic_store(&turns.looked, INT64_MAX);
    waitgroup_add(&turns.done, 2);
    go(takes_turns, &names[0]);
    go(takes_turns, &names[1]);
    waitgroup_wait(&turns.done);
    bench_line("preempt_round_trip", n, turns.took);
}
