/* SPDX-License-Identifier: MIT */
/* preempt.c -- a loop without calls shares one core with a goroutine that wants to tick */

/*
 * The loop never parks, never calls anything, never asks whether its time is up. The timer
 * interrupts it between two instructions, and it is made to yield there. Without that the ticks
 * would come only when the loop has ended, that is, never.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>

enum { TICKS = 10 };
#define PERIOD  (30 * MILLISECOND)
#define LIMIT   3000000000ull           /* rounds after which the loop gives up: never in time */

static atomic_int ticks;
static atomic_ullong rounds;
static struct waitgroup silent;

static void
ticker(void *arg)
{
    int64_t start = nanotime();
    unsigned long long last = atomic_load(&rounds);

    (void)arg;
    for (int i = 1; i <= TICKS; i++) {
        int64_t due = start + i * PERIOD;
        unsigned long long now;

        gosleep(due - nanotime());
        now = atomic_load(&rounds);
        printf("  tick %2d, %4lld us after its time; the loop went round %9llu times\n", i,
               (long long)((nanotime() - due) / MICROSECOND), now - last);
        last = now;
        atomic_store(&ticks, i);
    }
    waitgroup_done(&silent);
}

int
main(int argc, char **argv)
{
    struct sched_stats before, after;
    int cores = gomaxprocs(1);
    unsigned long long n = 0;

    (void)argc;
    (void)argv;
    atomic_store(&ticks, 0);
    atomic_store(&rounds, 0);
    printf("On one core, %d ticks are due, one every %lld ms:\n", TICKS,
           (long long)(PERIOD / MILLISECOND));
    sched_stats(&before);
    waitgroup_add(&silent, 1);
    go(ticker, NULL);

    while (atomic_load_explicit(&ticks, memory_order_relaxed) < TICKS && n < LIMIT) {
        atomic_store_explicit(&rounds, ++n, memory_order_relaxed);
    }

    bool starved = n == LIMIT;

    waitgroup_wait(&silent);
    sched_stats(&after);
    gomaxprocs(cores);
    printf("The loop was preempted %llu times and noticed nothing.\n",
           (unsigned long long)(after.preemptions - before.preemptions));
    if (starved || after.preemptions == before.preemptions) {
        printf("WRONG: the ticks had to wait for the loop to end\n");
        return 1;
    }
    return 0;
}
