/* SPDX-License-Identifier: MIT */
/*
 * path.c -- what the timer's interrupt costs whom it comes to, on one core; no rows of Go's.
 *
 * A loop looks at the clock: what that has gone on by, beyond a look, is the interrupt's. Medians,
 * as now and then one draws the screen. They mean something where an instruction is a nanosecond.
 */
#include "bench.h"

enum { SAMPLES = 1000 };

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

/* An interrupt of the timer that finds nothing due: what it was set for has been stopped. There is
 * always a later one, which it is set for then. */
void
bench_tick(long n)
{
    enum { SHORTEST = 60 }; /* ns beyond a look */
    static int64_t took[SAMPLES];
    struct timer *later = timer_new(60 * SECOND), *t = timer_new(SECOND);
    int64_t look = look_cost();
    n = n < SAMPLES ? n : SAMPLES;
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
        took[i] = now - last - look;
    }
    timer_free(t);
    timer_free(later);
    bench_line("tick", n, n * bench_median(took, n));
}

static struct {
    _Atomic(int64_t) looked; /* when one of the two last looked, doubled, and which */
    atomic_long left;        /* changes of hands */
    int64_t look, took[2][SAMPLES];
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
            long left = atomic_fetch_sub(&turns.left, 1) - 1;
            if (left >= 0) {
                turns.took[left % 2][left / 2] = now - was / 2 - turns.look;
            }
        }
    }
    waitgroup_done(&turns.done);
}

/* A loop preempted for another, and that for the first again. */
void
bench_turns(long n)
{
    static int names[] = { 0, 1 };
    n = n < SAMPLES ? n : SAMPLES;
    turns.look = look_cost();
    atomic_store(&turns.left, 2 * n);
    atomic_store(&turns.looked, INT64_MAX);
    waitgroup_add(&turns.done, 2);
    go(takes_turns, &names[0]);
    go(takes_turns, &names[1]);
    waitgroup_wait(&turns.done);
    int64_t both = bench_median(turns.took[0], n) + bench_median(turns.took[1], n);
    bench_line("preempt_round_trip", n, n * both);
}
