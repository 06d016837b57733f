/* SPDX-License-Identifier: MIT */
/*
 * turn.c -- benchmarks of taking turns: spawning, yielding, locks, sleeping, preemption.
 *
 * What one operation is stands before each.
 */
#include "bench.h"

#include <stdlib.h>

__attribute__((noinline)) static uint64_t
work(long n, uint64_t x)
{
    for (long i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
        __asm__ volatile("" : "+r"(x));
    }
    return x;
}

/* An iteration: says what a plain instruction costs here. */
void
bench_loop(long n)
{
    int64_t began = bench_now();
    bench_sink += work(n, 1);
    bench_line("calib_loop", n, bench_now() - began);
}

void
bench_time_now(long n)
{
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        bench_sink += (uint64_t)nanotime();
    }
    bench_line("time_now", n, bench_now() - began);
}

static void
done(void *wg)
{
    waitgroup_done(wg);
}

/* A goroutine's birth and death, a thousand at a time. */
void
bench_spawn_exit(long n)
{
    int64_t began = bench_now();
    for (long i = 0; i < n; i += 1000) {
        struct waitgroup wg = { 0 };
        waitgroup_add(&wg, 1000);
        for (int k = 0; k < 1000; k++) {
            go(done, &wg);
        }
        waitgroup_wait(&wg);
    }
    bench_line("spawn_exit", n, bench_now() - began);
}

struct team {
    struct waitgroup done;
    struct mutex mutex;
    long n;
};

static void
yields(void *arg)
{
    struct team *t = arg;
    for (long i = 0; i < t->n; i++) {
        gosched();
    }
    waitgroup_done(&t->done);
}

/* One gosched; two goroutines alternate. */
void
bench_yield(long n)
{
    struct team t = { .n = n / 2 };
    waitgroup_add(&t.done, 2);
    int64_t began = bench_now();
    go(yields, &t);
    go(yields, &t);
    waitgroup_wait(&t.done);
    bench_line("yield", n, bench_now() - began);
}

/* A lock and an unlock. */
void
bench_mutex(long n)
{
    struct mutex m = { 0 };
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        mutex_lock(&m);
        bench_sink++;
        mutex_unlock(&m);
    }
    bench_line("mutex_uncontended", n, bench_now() - began);
}

static void
locks(void *arg)
{
    struct team *t = arg;
    for (long i = 0; i < t->n; i++) {
        mutex_lock(&t->mutex);
        bench_sink++;
        mutex_unlock(&t->mutex);
    }
    waitgroup_done(&t->done);
}

/* The same by eight goroutines. */
void
bench_mutex_contended(long n)
{
    struct team t = { .n = n / 8 };
    waitgroup_add(&t.done, 8);
    int64_t began = bench_now();
    for (int i = 0; i < 8; i++) {
        go(locks, &t);
    }
    waitgroup_wait(&t.done);
    bench_line("mutex_contended", n, bench_now() - began);
}

struct gate {
    struct waitgroup gate, done;
    atomic_int ready;
};

static void
waits_at_gate(void *arg)
{
    struct gate *g = arg;
    atomic_fetch_add(&g->ready, 1);
    waitgroup_wait(&g->gate);
    waitgroup_done(&g->done);
}

/* One of a thousand waiters: woken, run, gone. */
void
bench_fanout(long n)
{
    int64_t took = 0;
    for (long i = 0; i < n; i += 1000) {
        struct gate g = { .ready = 0 };
        waitgroup_add(&g.gate, 1);
        waitgroup_add(&g.done, 1000);
        for (int k = 0; k < 1000; k++) {
            go(waits_at_gate, &g);
        }
        while (atomic_load(&g.ready) < 1000) {
            gosched();
        }
        gosleep(MILLISECOND);
        int64_t began = bench_now();
        waitgroup_done(&g.gate);
        waitgroup_wait(&g.done);
        took += bench_now() - began;
    }
    bench_line("waitgroup_fanout", n, took);
}

/* ---- time ---- */

struct sleeper {
    struct waitgroup *done;
    int64_t *late;
    duration d;
};

static void
sleeps(void *arg)
{
    struct sleeper *s = arg;
    int64_t began = nanotime();
    gosleep(s->d);
    *s->late = nanotime() - began - s->d;
    waitgroup_done(s->done);
}

/* A sleeper: all at once, 1 to 10 ms each. */
void
bench_timer_sleep(long n)
{
    int64_t *late = calloc((size_t)n, sizeof *late);
    struct waitgroup all = { 0 };
    uint64_t x = 42;
    waitgroup_add(&all, (int)n);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        x = work(1, x);
        struct sleeper s = { &all, &late[i],
                             MILLISECOND + (duration)(x >> 33) % 9000 * MICROSECOND };
        struct go_attr attr = { .arg_size = sizeof s };
        if (go_with(&attr, sleeps, &s) != 0) {
            panic("timer_sleep: no memory");
        }
    }
    waitgroup_wait(&all);
    bench_line("timer_sleep", n, bench_now() - began);
    bench_lateness("timer_sleep", late, n);
    free(late);
}

static void
sleep_one_by_one(const char *name, long n)
{
    int64_t *late = calloc((size_t)n, sizeof *late), began = bench_now();
    for (long i = 0; i < n; i++) {
        int64_t from = nanotime();
        gosleep(MILLISECOND);
        late[i] = nanotime() - from - MILLISECOND;
    }
    bench_line(name, n, bench_now() - began);
    bench_lateness(name, late, n);
    free(late);
}

/* A sleep of 1 ms on a machine that does nothing else. */
void
bench_sleep_1ms(long n)
{
    sleep_one_by_one("sleep_1ms", n);
}

static atomic_bool stop;

static void
loops(void *c)
{
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    }
    chan_send(c, NULL);
}

/* A sleep of 1 ms beside a loop without calls, on one core. */
void
bench_preempt(long n)
{
    struct chan *c = chan_make(0, 0);
    atomic_store(&stop, false);
    go(loops, c);
    sleep_one_by_one("preempt_latency", n);
    atomic_store(&stop, true);
    chan_recv(c, NULL);
    chan_free(c);
}

static void
works(void *arg)
{
    struct team *t = arg;
    if (work(t->n, 1) == 0) {
        panic("unreachable");
    }
    waitgroup_done(&t->done);
}

static void
steal(const char *name, long n, long iterations)
{
    struct team t = { .n = iterations };
    waitgroup_add(&t.done, (int)n);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        go(works, &t);
    }
    waitgroup_wait(&t.done);
    bench_line(name, n, bench_now() - began);
}

/* A task of 5000 multiplications, all spawned by one goroutine. */
void
bench_steal(long n)
{
    steal("steal_balance", n, 5000);
}

/* The same with 11000, 13 us on a PC of today. */
void
bench_steal13(long n)
{
    steal("steal_balance_13us", n, 11000);
}
