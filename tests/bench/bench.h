/* SPDX-License-Identifier: MIT */
/*
 * bench.h -- what the benchmarks share.
 */
#pragma once

#include <gamp.h>
#include <stdatomic.h>
#include <stdint.h>

/* ns: nanotime(), or with clock=cpu the process's own time, which other processes do not lengthen.
 * Lateness is nanotime()'s always. */
int64_t bench_now(void);

/* Prints one line: `n` operations took `ns`. Nothing while warming up. */
void bench_line(const char *name, long n, int64_t ns);

/* Lateness of `n` samples, sorted here: mean, median, 99th percentile, worst. */
void bench_lateness(const char *name, int64_t *late, long n);

/* Sorts. */
int64_t bench_median(int64_t *v, long n);

void bench_memory(const char *name, long n, int64_t bytes);

/* Nothing; the profiler (tests/bench/profile) counts between the two. */
void bench_begin(void), bench_end(void);

extern uint64_t bench_sink; /* results go here, so that they are computed */

/* talk.c */
void bench_pingpong(long n), bench_buffered(long n), bench_mpmc(long n), bench_ring(long n);
void bench_select_pingpong(long n), bench_select2_recv(long n);
void bench_select_default(long n), bench_select2_default(long n);

/* programs.c */
void bench_sieve(long n), bench_sieve1000(long n), bench_skynet(long n), bench_skynet1m(long n);
void bench_fib(long n);

/* turn.c */
void bench_loop(long n), bench_time_now(long n), bench_spawn_exit(long n), bench_yield(long n);
void bench_mutex(long n), bench_mutex_contended(long n), bench_fanout(long n);
void bench_timer_sleep(long n), bench_sleep_1ms(long n), bench_preempt(long n);
void bench_steal(long n), bench_steal13(long n);

/* many.c */
void bench_parked(long n), bench_stack(long n);

/* path.c */
void bench_tick(long n), bench_turns(long n);

/* scale.c */
void bench_scale(long n);
