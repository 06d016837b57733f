/* SPDX-License-Identifier: MIT */
/*
 * scale.c -- benchmarks of a crowd: what a thousand or a million goroutines make of a spawn and of
 * a switch.
 *
 * What one operation is stands before each. On one core: the counters are plain.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPERATIONS = 1000000 };

/* Goroutine i waits for the token at link[i] and gives it to link[i + 1]. */
static struct {
    struct chan **link;
    struct waitgroup gone;
    long ready;              /* parked, or about to */
    long turns, from, until; /* calls of gosched; the measured ones */
    int64_t began, ended;
} crowd;

static void
take_turns(void)
{
    while (crowd.ended == 0) {
        if (crowd.turns == crowd.from) {
            crowd.began = bench_now();
        } else if (crowd.turns == crowd.until) {
            crowd.ended = bench_now();
        }
        crowd.turns++;
        gosched();
    }
}

static void
member(void *own)
{
    struct chan **link = own;
    long token;
    crowd.ready++;
    while (chan_recv(link[0], &token)) {
        chan_send(link[1], &token);
    }
    chan_close(link[1]);
    take_turns();
    waitgroup_done(&crowd.gone);
}

static void
line(const char *what, long n, long operations, int64_t ns)
{
    char name[32];
    snprintf(name, sizeof name, "%s_%s", what, n >= 1000000 ? "1m" : "1k");
    bench_line(name, operations, ns);
}

/* A goroutine on a fresh stack, that runs and parks. */
static void
gather(long n)
{
    waitgroup_add(&crowd.gone, (int)n);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        go(member, &crowd.link[i]);
    }
    while (crowd.ready < n) {
        gosched();
    }
    line("scale_spawn_park", n, n, bench_now() - began);
}

static void
done(void *wg)
{
    waitgroup_done(wg);
}

/* A birth and a death beside n that are parked, a thousand at a time. */
static void
spawn_beside(long n)
{
    int64_t began = bench_now();
    for (long i = 0; i < OPERATIONS; i += 1000) {
        struct waitgroup wg = { 0 };
        waitgroup_add(&wg, 1000);
        for (int k = 0; k < 1000; k++) {
            go(done, &wg);
        }
        waitgroup_wait(&wg);
    }
    line("scale_spawn_exit", n, OPERATIONS, bench_now() - began);
}

static void
lap(long n)
{
    long token = 1;
    chan_send(crowd.link[0], &token);
    chan_recv(crowd.link[n], &token);
}

/* A hop of one token: each of n goroutines in turn is woken, wakes the next and parks. */
static void
hop_through(long n)
{
    lap(n);
    int64_t began = bench_now();
    for (long i = 0; i < OPERATIONS; i += n) {
        lap(n);
    }
    line("scale_hop", n, OPERATIONS, bench_now() - began);
}

/* One gosched while n goroutines call nothing else. */
static void
yield_among(long n)
{
    crowd.from = crowd.turns + 2 * n;
    crowd.until = crowd.from + OPERATIONS;
    crowd.ended = 0;
    chan_close(crowd.link[0]);
    chan_recv(crowd.link[n], NULL); /* the last has been told, too */
    waitgroup_wait(&crowd.gone);
    line("scale_yield", n, OPERATIONS, crowd.ended - crowd.began);
}

/* All four. */
void
bench_scale(long n)
{
    crowd.link = calloc((size_t)n + 1, sizeof *crowd.link);
    if (crowd.link == NULL) {
        panic("scale: no memory");
    }
    for (long i = 0; i <= n; i++) {
        crowd.link[i] = chan_make(sizeof(long), 0);
    }
    crowd.ready = 0;
    gather(n);
    spawn_beside(n);
    hop_through(n);
    yield_among(n);
    for (long i = 0; i <= n; i++) {
        chan_free(crowd.link[i]);
    }
    free(crowd.link);
}
