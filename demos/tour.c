/* SPDX-License-Identifier: MIT */
/* tour.c -- every demo in turn, then what the scheduler did meanwhile */

#include "tour.h"

#include <gamp.h>
#include <stdio.h>
#include <string.h>

enum { BAR = 20 };

/* From the simple to the surprising; demos that are not named here follow as the table has them. */
static const char *const order[] = {
    "hello", "sieve", "pingpong", "ring", "pipeline", "fanin", "philosophers",
    "stack", "preempt", "steal", "mandelbrot", "nqueens", "skynet", "million",
};
enum { ORDERED = sizeof order / sizeof order[0] };

const struct demo *
demo_find(const char *name)
{
    for (size_t i = 0; i < ndemos; i++) {
        if (strcmp(demos[i].name, name) == 0) {
            return &demos[i];
        }
    }
    return NULL;
}

/* Prints a time in the unit that leaves up to four digits before the point. */
static void
print_time(int64_t ns)
{
    if (ns < 10 * MILLISECOND) {
        printf("%lld us", (long long)(ns / MICROSECOND));
    } else if (ns < 10 * SECOND) {
        printf("%lld ms", (long long)(ns / MILLISECOND));
    } else {
        printf("%lld.%lld s", (long long)(ns / SECOND), (long long)(ns / (SECOND / 10) % 10));
    }
}

int
demo_run(const struct demo *d, int argc, char **argv)
{
    int64_t start = nanotime();
    int status;

    printf("\n── %s ── %s\n", d->name, d->about);
    status = d->main(argc, argv);
    printf("── %s: %s, ", d->name, status == 0 ? "ok" : "FAILED");
    if (status != 0) {
        printf("status %d, ", status);
    }
    print_time(nanotime() - start);
    printf("\n");
    return status;
}

static bool
is_ordered(const char *name)
{
    for (int i = 0; i < ORDERED; i++) {
        if (strcmp(order[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int
run_plain(const struct demo *d)
{
    char name[32];
    char *argv[] = { name, NULL };

    snprintf(name, sizeof name, "%s", d->name);
    return demo_run(d, 1, argv) != 0;
}

int
tour(void)
{
    int64_t start = nanotime();
    int failed = 0;

    for (int i = 0; i < ORDERED; i++) {
        const struct demo *d = demo_find(order[i]);

        failed += d != NULL ? run_plain(d) : 0;
    }
    for (size_t i = 0; i < ndemos; i++) {
        failed += is_ordered(demos[i].name) ? 0 : run_plain(&demos[i]);
    }
    printf("\n── what the scheduler did ──\n");
    tour_print_cores();
    tour_print_totals();
    printf("\n%zu demos in ", ndemos);
    print_time(nanotime() - start);
    if (failed == 0) {
        printf(", all ok.\n");
    } else {
        printf(", %d FAILED.\n", failed);
    }
    return failed;
}

static void
print_core(int core)
{
    struct sched_stats s;
    uint64_t wall;
    int busy;

    sched_stats_core(core, &s);
    wall = s.busy_ns + s.sched_ns + s.idle_ns;
    busy = wall != 0 ? (int)(s.busy_ns * BAR / wall) : 0;
    printf("%4d %9llu %10llu %8llu %7llu %8llu %8llu %8llu %4llu %% ", core,
           (unsigned long long)s.finished, (unsigned long long)s.switches,
           (unsigned long long)s.preemptions, (unsigned long long)s.steals,
           (unsigned long long)s.stolen, (unsigned long long)s.wakes,
           (unsigned long long)s.ipis_sent,
           (unsigned long long)(wall != 0 ? s.idle_ns * 100 / wall : 0));
    for (int i = 0; i < BAR; i++) {
        printf("%s", i < busy ? "█" : "░");
    }
    printf("\n");
}

void
tour_print_cores(void)
{
    printf("core   G ended   switches  preempt  steals   stolen    wakes     ipis   idle  busy\n");
    for (int core = 0; core < num_cpu(); core++) {
        print_core(core);
    }
}

void
tour_print_totals(void)
{
    struct sched_stats s;

    sched_stats(&s);
    printf("goroutines %llu started, %llu ended; now %llu running, %llu runnable, %llu waiting\n",
           (unsigned long long)s.created, (unsigned long long)s.finished,
           (unsigned long long)s.running, (unsigned long long)s.runnable,
           (unsigned long long)s.waiting);
    printf("events     %llu yields, %llu interrupts, %llu stack faults, %llu timers fired\n",
           (unsigned long long)s.yields, (unsigned long long)s.interrupts,
           (unsigned long long)s.stack_faults, (unsigned long long)s.timers_fired);
    printf("time       %llu ms in goroutines, %llu ms scheduling, %llu ms idle\n",
           (unsigned long long)(s.busy_ns / 1000000), (unsigned long long)(s.sched_ns / 1000000),
           (unsigned long long)(s.idle_ns / 1000000));
    printf("memory     %llu KiB of stacks, %llu KiB of heap, %llu KiB free\n",
           (unsigned long long)(s.stack_bytes >> 10), (unsigned long long)(s.heap_bytes >> 10),
           (unsigned long long)(s.free_bytes >> 10));
}
