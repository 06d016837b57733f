/* SPDX-License-Identifier: MIT */
/*
 * main.c -- everything at once, for as long as asked: soak SECONDS [SEED]
 *
 * Several goroutines of each workload do rounds, each of which checks itself. At the end the
 * goroutines must be gone and memory must be what it was after the first tenth of the time, which
 * begins with as many dead goroutines as the scheduler keeps warm.
 * Says how many rounds of each were done every ten seconds; status 0, or 1 and what was wrong. Who
 * does not end when time is up is shown, once.
 */
#include "soak.h"

#include <stdio.h>
#include <stdlib.h>

enum { EACH = 3, CROWD = 3000 /* more than are kept warm */ };

static const struct {
    const char *name;
    workload *run;
    int goroutines;
} workloads[] = {
    { "pipeline", soak_pipeline, EACH }, { "select", soak_select, EACH },
    { "close", soak_close, EACH },       { "mutex", soak_mutex, EACH },
    { "timers", soak_timers, EACH },     { "storm", soak_storm, EACH },
    { "stacks", soak_stacks, EACH },     { "loops", soak_loops, EACH },
    { "panics", soak_panics, EACH },     { "pinned", soak_pinned, EACH },
    { "cores", soak_cores, 1 }, /* gomaxprocs is one for all */
};
enum { WORKLOADS = sizeof workloads / sizeof workloads[0] };

static atomic_ulong rounds[WORKLOADS];
static int64_t end;
static uint64_t seed = 1;
static struct waitgroup done;
static atomic_int working;

bool
soak_over(void)
{
    return nanotime() >= end;
}

void
soak_fail(const char *what, long long seen, long long expected)
{
    static atomic_bool said;
    if (!atomic_exchange(&said, true)) {
        printf("soak: %s: %lld, expected %lld (goroutine %llu, seed %llu)\n", what, seen, expected,
               (unsigned long long)goid(), (unsigned long long)seed);
        goroutine_dump();
        exit(1);
    }
    chan_recv(NULL, NULL);
}

static void
work(void *arg)
{
    size_t i = *(size_t *)arg;
    uint64_t random = seed * 1000003 + goid() * 7919 + 1;
    while (!soak_over()) {
        workloads[i].run(&random);
        atomic_fetch_add(&rounds[i], 1);
    }
    atomic_fetch_sub(&working, 1);
    waitgroup_done(&done);
}

static void
start(int64_t seconds)
{
    end = nanotime() + seconds * SECOND;
    for (size_t i = 0; i < WORKLOADS; i++) {
        for (int k = 0; k < workloads[i].goroutines; k++) {
            struct go_attr attr = { .name = workloads[i].name, .arg_size = sizeof i };
            waitgroup_add(&done, 1);
            atomic_fetch_add(&working, 1);
            if (go_with(&attr, work, &i) != 0) {
                soak_fail("go_with", 1, 0);
            }
        }
    }
}

static void
show(void)
{
    struct sched_stats s;
    sched_stats(&s);
    printf("soak:");
    for (size_t i = 0; i < WORKLOADS; i++) {
        printf(" %s %lu", workloads[i].name, atomic_load(&rounds[i]));
    }
    printf(" | goroutines %llu switches %llu steals %llu heap %llu KiB stacks %llu KiB\n",
           (unsigned long long)s.created, (unsigned long long)s.switches,
           (unsigned long long)s.steals, (unsigned long long)s.heap_bytes / 1024,
           (unsigned long long)s.stack_bytes / 1024);
}

static void
show_now_and_then(void *arg)
{
    bool late = false;
    (void)arg;
    for (int i = 1; atomic_load(&working) > 0; i++) {
        gosleep(250 * MILLISECOND);
        if (i % 40 == 0) {
            show();
        }
        if (!late && nanotime() > end + 30 * SECOND) {
            printf("soak: 30 s late\n");
            goroutine_dump();
            late = true;
        }
    }
    waitgroup_done(&done);
}

static void
pass_gate(void *gate)
{
    chan_recv(gate, NULL);
    waitgroup_done(&done);
}

/* Dead goroutines and their stacks are kept for those to come: as many as there can be. */
static void
fill_caches(void)
{
    struct chan *gate = chan_make(0, 0);
    waitgroup_add(&done, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(pass_gate, gate);
    }
    chan_close(gate);
    waitgroup_wait(&done);
    chan_free(gate);
}

/* Heap and stacks in use when nothing runs but main. */
static uint64_t
memory(void)
{
    struct sched_stats s;
    while (num_goroutine() > 1) {
        gosleep(MILLISECOND);
    }
    gosleep(50 * MILLISECOND); /* idle cores give back what they keep */
    sched_stats(&s);
    return s.heap_bytes + s.stack_bytes;
}

static uint64_t
run(int64_t seconds)
{
    start(seconds);
    waitgroup_add(&done, 1);
    go(show_now_and_then, NULL);
    waitgroup_wait(&done);
    return memory();
}

int
main(int argc, char **argv)
{
    int64_t seconds = argc > 1 ? strtoll(argv[1], NULL, 10) : 30;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    if (seconds < 2) {
        seconds = 2;
    }
    printf("soak: %lld s on %d cores, seed %llu\n", (long long)seconds, num_cpu(),
           (unsigned long long)seed);
    fill_caches();
    uint64_t first = run(seconds / 10 + 1), last = run(seconds - seconds / 10 - 1);
    show();
    if (last > first + first / 4 + (1 << 20)) {
        soak_fail("memory in bytes, after a tenth and at the end", (long long)last,
                  (long long)first);
    }
    printf("soak: %lld s on %d cores, nothing wrong; %llu KiB in use, %llu KiB after a tenth\n",
           (long long)seconds, num_cpu(), (unsigned long long)last / 1024,
           (unsigned long long)first / 1024);
}
