/* SPDX-License-Identifier: MIT */
/* million.c -- a million parked goroutines, or as many as memory allows, then all woken at once */

/*
 * Each has a stack that could grow to 256 KiB, but pages arrive as they are touched: one page is
 * all that a parked goroutine has. They wait on one channel, and closing it wakes them all.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 1000, BAR = 50 };

static struct chan *gate;
static struct waitgroup home;
static atomic_long arrived, passed;

static void
sleeper(void *arg)
{
    (void)arg;
    atomic_fetch_add(&arrived, 1);
    chan_recv(gate, NULL);
    atomic_fetch_add(&passed, 1);
    waitgroup_done(&home);
}

/* Starts up to BATCH more and lets them run until they have parked; returns how many it started. */
static long
start_batch(long already, long wanted)
{
    struct go_attr attr = { .name = "sleeper" };
    long n = 0;

    while (n < BATCH && already + n < wanted) {
        waitgroup_add(&home, 1);
        if (go_with(&attr, sleeper, NULL) != 0) {
            waitgroup_done(&home);
            break;
        }
        n++;
    }
    while (atomic_load(&arrived) < already + n) {
        gosched();
    }
    return n;
}

/* Starts as many as wanted, less if an eighth of the free memory would not be left. */
static long
start_all(long wanted, uint64_t keep_free)
{
    long started = 0, step = wanted / BAR > 0 ? wanted / BAR : 1, drawn = 0;
    struct sched_stats now;

    printf("  starting ");
    for (;;) {
        long n = start_batch(started, wanted);

        started += n;
        for (; drawn < started / step; drawn++) {
            printf("▪");
            fflush(stdout);
        }
        sched_stats(&now);
        if (n < BATCH || started == wanted || now.free_bytes < keep_free) {
            break;
        }
    }
    printf("\n");
    return started;
}

static void
report(const struct sched_stats *before, const struct sched_stats *after, long n)
{
    long stack = (long)(after->stack_bytes - before->stack_bytes);
    long heap = (long)(after->heap_bytes - before->heap_bytes);
    long gone = (long)(before->free_bytes - after->free_bytes);

    printf("  %llu goroutines wait; for each of them\n", (unsigned long long)after->waiting);
    printf("    stack resident %8ld bytes\n", stack / n);
    printf("    heap in use    %8ld bytes\n", heap / n);
    printf("    memory in all  %8ld bytes, page tables included\n", gone / n);
}

int
main(int argc, char **argv)
{
    long wanted = argc > 1 ? atol(argv[1]) : 1000000;
    struct sched_stats before, after;

    if (wanted < 1 || (gate = chan_make(0, 0)) == NULL) {
        printf("usage: %s [goroutines, 1 at least]\n", argv[0]);
        return 1;
    }
    atomic_store(&arrived, 0);
    atomic_store(&passed, 0);
    sched_stats(&before);
    printf("%llu MiB of memory are free; %ld goroutines are wanted.\n",
           (unsigned long long)(before.free_bytes >> 20), wanted);

    int64_t start = nanotime();
    long n = start_all(wanted, before.free_bytes / 8);
    int64_t parked = nanotime();

    if (n == 0) {
        printf("  WRONG: not even one could be started\n");
        return 1;
    }
    sched_stats(&after);
    if (n < wanted) {
        printf("  %ld fit: the last eighth of the memory stays free.\n", n);
    }
    report(&before, &after, n);

    int64_t wake = nanotime();

    chan_close(gate);
    waitgroup_wait(&home);
    printf("  started and parked in %lld ns each, woken and ended in %lld ns each\n",
           (long long)((parked - start) / n), (long long)((nanotime() - wake) / n));
    chan_free(gate);
    if (atomic_load(&passed) != n) {
        printf("  WRONG: %ld came back of %ld\n", atomic_load(&passed), n);
        return 1;
    }
    return 0;
}
