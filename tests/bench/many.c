/* SPDX-License-Identifier: MIT */
/*
 * many.c -- benchmarks of memory: many parked goroutines, and deep stacks.
 *
 * What one operation is stands before each.
 */
#include "bench.h"

#include <stdio.h>

static struct chan *release;
static struct waitgroup released;
static atomic_long parked;

static void
parks(void *arg)
{
    (void)arg;
    atomic_fetch_add(&parked, 1);
    chan_recv(release, NULL);
    waitgroup_done(&released);
}

/* A goroutine born and parked; the same released; bytes of memory each. */
void
bench_parked(long n)
{
    const char *tag = n >= 1000000 ? "1m" : "100k";
    char name[32];
    struct sched_stats before, after;
    release = chan_make(0, 0);
    atomic_store(&parked, 0);
    waitgroup_add(&released, (int)n);
    sched_stats(&before);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        go(parks, NULL);
    }
    while (atomic_load(&parked) < n) {
        gosched();
    }
    int64_t took = bench_now() - began;
    gosleep(MILLISECOND);
    sched_stats(&after);
    snprintf(name, sizeof name, "spawn_park_%s", tag);
    bench_line(name, n, took);
    snprintf(name, sizeof name, "blocked_%s_sysfree", tag);
    bench_memory(name, n, (int64_t)(before.free_bytes - after.free_bytes));
    began = bench_now();
    chan_close(release);
    waitgroup_wait(&released);
    snprintf(name, sizeof name, "wake_all_%s", tag);
    bench_line(name, n, bench_now() - began);
    chan_free(release);
}

__attribute__((noinline)) static uint64_t
deep(int n) /* about 1 KiB a frame */
{
    volatile uint64_t frame[120];
    frame[n] = (uint64_t)n;
    if (n > 0) {
        frame[n - 1] = deep(n - 1);
    }
    return frame[n] + frame[n / 2];
}

struct dive {
    struct chan *c;
    int depth;
    long n;
    int64_t took;
};

static void
dives(void *arg)
{
    struct dive *d = arg;
    uint64_t v = deep(d->depth);
    chan_send(d->c, &v);
}

static void
dives_again(void *arg)
{
    struct dive *d = arg;
    uint64_t v = deep(d->depth);
    int64_t began = bench_now();
    for (long i = 0; i < d->n; i++) {
        bench_sink += deep(d->depth);
    }
    d->took = bench_now() - began;
    chan_send(d->c, &v);
}

static int64_t
dive_often(struct dive *d, int depth)
{
    int64_t began = bench_now();
    d->depth = depth;
    for (long i = 0; i < d->n; i++) {
        uint64_t v;
        go(dives, d);
        chan_recv(d->c, &v);
        bench_sink += v;
    }
    return bench_now() - began;
}

/* A fresh goroutine that goes 64 KiB deep; of that the birth, and the recursion itself. */
void
bench_stack(long n)
{
    struct dive d = { chan_make(sizeof(uint64_t), 0), 64, n, 0 };
    uint64_t v;
    bench_line("stack_growth", n, dive_often(&d, 64));
    bench_line("stack_growth_base_spawn", n, dive_often(&d, 0));
    d.depth = 64;
    go(dives_again, &d);
    chan_recv(d.c, &v);
    bench_line("stack_growth_base_recursion", n, d.took);
    chan_free(d.c);
}
