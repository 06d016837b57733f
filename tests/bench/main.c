/* SPDX-License-Identifier: MIT */
/*
 * main.c -- the benchmarks, by the names and with the figures of Go's on Linux.
 *
 * Arguments: bench=all,name,name procs=1,2 scale=1.0 reps=1 icount=1 clock=cpu
 * Lines:     BENCH name procs=P n=N ns_per_op=X [insns_per_op=Y]
 *            LAT name procs=P n=N mean_ns= p50_ns= p99_ns= max_ns=
 *            MEM name n=N bytes_per=X
 * icount=1 says that an instruction takes a nanosecond (ICOUNT=0): both are the same figure then.
 * clock=cpu counts the time of this process alone, where it is one.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if __has_include(<time.h>) /* not on the metal */
#include <time.h>
#endif

static const struct {
    const char *name;
    void (*run)(long n);
    long n;
    bool one_core; /* says nothing with more */
    bool fixed;    /* scale does not count */
    bool warm;     /* a tenth first */
    bool extra;    /* not part of all */
} table[] = {
    { "calib_loop", bench_loop, 20000000, true, false, true, false },
    { "time_now", bench_time_now, 200000, true, false, true, false },
    { "spawn_exit", bench_spawn_exit, 200000, false, false, true, false },
    { "yield", bench_yield, 500000, true, false, true, false },
    { "chan_pingpong_unbuf", bench_pingpong, 100000, false, false, true, false },
    { "chan_buf_throughput", bench_buffered, 500000, false, false, true, false },
    { "chan_mpmc", bench_mpmc, 400000, false, false, true, false },
    { "select_pingpong", bench_select_pingpong, 50000, false, false, true, false },
    { "select2_recv", bench_select2_recv, 100000, false, false, true, false },
    { "select_default_nonblock", bench_select_default, 2000000, true, false, true, false },
    { "select2_default_nonblock", bench_select2_default, 500000, true, false, true, false },
    { "mutex_uncontended", bench_mutex, 2000000, true, false, true, false },
    { "mutex_contended", bench_mutex_contended, 400000, false, false, true, false },
    { "waitgroup_fanout", bench_fanout, 100000, false, false, true, false },
    { "timer_sleep", bench_timer_sleep, 10000, false, true, false, false },
    { "sleep_1ms", bench_sleep_1ms, 200, false, false, false, false },
    { "prime_sieve", bench_sieve, 500, false, true, false, false },
    { "parallel_fib", bench_fib, 20, false, false, true, false },
    { "ring", bench_ring, 100000, false, false, true, false },
    { "skynet", bench_skynet, 100000, false, true, false, false },
    { "stack_growth", bench_stack, 2000, true, false, true, false },
    { "preempt_latency", bench_preempt, 100, true, false, false, false },
    { "steal_balance", bench_steal, 10000, false, true, false, false },
    { "mem100k", bench_parked, 100000, true, true, false, false },
    { "prime_sieve_1000", bench_sieve1000, 1000, false, true, false, true },
    { "steal_balance_13us", bench_steal13, 10000, false, true, false, true },
    { "skynet1m", bench_skynet1m, 1000000, false, true, false, true },
    { "mem1m", bench_parked, 1000000, true, true, false, true },
    { "tick", bench_tick, 1000, true, true, false, true },
    { "preempt_round_trip", bench_turns, 20, true, true, false, true },
    { "scale1k", bench_scale, 1000, true, true, false, true },
    { "scale1m", bench_scale, 1000000, true, true, false, true },
};
enum { ROWS = sizeof table / sizeof table[0] };

uint64_t bench_sink;
static bool warming, icount, cpu_clock;
static double scale = 1.0;
static long reps = 1;
static const char *names = "all", *procs = "1";

__attribute__((noinline)) void
bench_begin(void)
{
    __asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) void
bench_end(void)
{
    __asm__ volatile("" : : : "memory");
}

int64_t
bench_now(void)
{
#ifdef CLOCK_PROCESS_CPUTIME_ID
    if (cpu_clock) {
        struct timespec t;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return t.tv_sec * SECOND + t.tv_nsec;
    }
#endif
    return nanotime();
}

void
bench_line(const char *name, long n, int64_t ns)
{
    double each = (double)ns / (double)n;
    if (warming) {
        return;
    }
    bench_end();
    printf("BENCH %s procs=%d n=%ld ns_per_op=%.1f", name, gomaxprocs(0), n, each);
    if (icount) {
        printf(" insns_per_op=%.1f", each);
    }
    printf("\n");
    bench_begin();
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t
bench_median(int64_t *v, long n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return v[n / 2];
}

void
bench_lateness(const char *name, int64_t *late, long n)
{
    int64_t sum = 0, median = bench_median(late, n);
    for (long i = 0; i < n; i++) {
        sum += late[i];
    }
    printf("LAT %s procs=%d n=%ld mean_ns=%lld p50_ns=%lld p99_ns=%lld max_ns=%lld\n", name,
           gomaxprocs(0), n, (long long)(sum / n), (long long)median, (long long)late[n * 99 / 100],
           (long long)late[n - 1]);
}

void
bench_memory(const char *name, long n, int64_t bytes)
{
    printf("MEM %s n=%ld bytes_per=%.1f\n", name, n, (double)bytes / (double)n);
}

/* Is the word in a list parted by commas? */
static bool
listed(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += n) {
        if ((at == list || at[-1] == ',') && (at[n] == '\0' || at[n] == ',')) {
            return true;
        }
    }
    return false;
}

static void
run(size_t i)
{
    long n = table[i].n;
    if (!table[i].fixed) {
        n = (long)((double)n * scale);
        n = n >= 2000 ? n - n % 1000 : n < 1 ? 1 : n;
    }
    if (table[i].warm) {
        long w = n / 10 >= 1000 ? n / 10 - n / 10 % 1000 : n / 10;
        warming = true;
        table[i].run(w < 1 ? 1 : w);
        warming = false;
    }
    for (long r = 0; r < reps; r++) {
        bench_begin();
        table[i].run(n);
    }
}

/* A goroutine is not quite 5000 bytes; without so many the program would end there. */
static bool
has_room(size_t i)
{
    struct sched_stats s;

    sched_stats(&s);
    bool many = table[i].run == bench_parked || table[i].run == bench_scale;
    if (many && s.free_bytes / 5000 < (uint64_t)table[i].n) {
        printf("bench: %s: not with so little memory\n", table[i].name);
        return false;
    }
    return true;
}

static bool
argument(const char *arg)
{
    const char *value = strchr(arg, '=');
    if (value == NULL) {
        return false;
    }
    value++;
    if (strncmp(arg, "bench=", 6) == 0) {
        names = value;
    } else if (strncmp(arg, "procs=", 6) == 0) {
        procs = value;
    } else if (strncmp(arg, "scale=", 6) == 0) {
        scale = strtod(value, NULL);
    } else if (strncmp(arg, "reps=", 5) == 0) {
        reps = strtol(value, NULL, 10);
    } else if (strncmp(arg, "icount=", 7) == 0) {
        icount = value[0] == '1';
    } else if (strncmp(arg, "clock=", 6) == 0) {
        cpu_clock = strcmp(value, "cpu") == 0;
    } else {
        return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    size_t ran = 0;
    for (int i = 1; i < argc; i++) {
        if (!argument(argv[i])) {
            printf("bench: %s: not understood\n", argv[i]);
            return 64;
        }
    }
    for (const char *p = procs; *p != '\0'; p += strcspn(p, ","), p += *p == ',') {
        int cores = (int)strtol(p, NULL, 10);
        if (cores < 1 || cores > num_cpu()) {
            printf("bench: procs=%d on %d cores\n", cores, num_cpu());
            return 64;
        }
        gomaxprocs(cores);
        for (size_t i = 0; i < ROWS; i++) {
            bool all = listed(names, "all") && !table[i].extra;
            bool fits = cores == 1 || !table[i].one_core;
            if ((all || listed(names, table[i].name)) && fits && has_room(i)) {
                run(i);
                ran++;
            }
        }
    }
    if (ran == 0) {
        printf("bench: no benchmark is called %s\n", names);
    }
    return ran == 0 ? 64 : 0;
}
