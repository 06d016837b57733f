/* SPDX-License-Identifier: MIT */
/*
 * load.c -- what a load asks of the simulated machine: work, and measuring. Not instrumented: this
 * costs nothing but what work() says.
 */
#include "load.h"

#include "runtime.h"
#include "sim.h"

enum { BUCKETS = 1 << 14, BUCKET_NS = 100 };

struct result *result;
static uint32_t bucket[BUCKETS], took_n;
static int64_t took_most;

void
work(int64_t ns)
{
    clock_jump(ns * NS);
}

void
together(int n)
{
    static int come;
    int round = come++ / n;
    while (come / n == round) {
        work(1000);
    }
}

int64_t
load_time(void)
{
    return clock_now() / NS;
}

uint64_t
load_random(void)
{
    static uint64_t state;
    state += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele, Lea, Flood 2014) */
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void
load_took(int64_t ns)
{
    bucket[ns / BUCKET_NS < BUCKETS ? ns / BUCKET_NS : BUCKETS - 1]++;
    took_n++;
    took_most = ns > took_most ? ns : took_most;
}

static int64_t
quantile(double part)
{
    uint32_t i = 0, below = bucket[0];
    while (i < BUCKETS - 1 && below < part * took_n) {
        below += bucket[++i];
    }
    return (int64_t)(i + 1) * BUCKET_NS;
}

/* Adds what all cores have counted, `sign` times. A halted core has not yet counted that. */
static void
sum(int sign)
{
    struct core_times *t = &result->times;
    for (int i = 0; i < sched.ncores; i++) {
        const struct core_times *c = clock_times(i);
        t->run += sign * c->run;
        t->sched += sign * c->sched;
        t->waiting += sign * c->waiting;
        t->ipis += (uint64_t)(sign * (int64_t)c->ipis);
        t->halts += (uint64_t)(sign * (int64_t)c->halts);
        t->interrupts += (uint64_t)(sign * (int64_t)c->interrupts);
        t->transfers += (uint64_t)(sign * (int64_t)c->transfers);
        result->steals += (uint64_t)(sign * (int64_t)allm[i]->steals);
        result->stolen += (uint64_t)(sign * (int64_t)allm[i]->stolen);
    }
}

void
measure_begin(void)
{
    sum(-1);
    result->began = load_time();
    lines_count(true);
}

void
measure_end(double units)
{
    result->ended = load_time();
    sum(1);
    lines_count(false);
    int64_t all = (result->ended - result->began) * NS * sched.ncores;
    int64_t idle = all - result->times.run - result->times.sched;
    result->times.idle = idle > 0 ? idle : 0; /* cores' clocks are not quite the same */
    result->late[0] = quantile(0.5);
    result->late[1] = quantile(0.99);
    result->late[2] = took_most;
    result->units = units;
    result->cores = sched.ncores;
    result->transfers = lines_seen();
    result->done = true;
}
