/* SPDX-License-Identifier: MIT */
/*
 * schedtrace.c -- one line about the scheduler every so many milliseconds, in Go's format.
 *
 * Context      a weak timer of core 0, on its g0; the figures are read while they change
 * Go           schedtrace in proc.go; cores take the place of threads
 */
#include "timerheap.h"

static int64_t period;
static struct timer_entry line;

static void line_add(char *buf, size_t size, size_t *n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
line_format(char *buf, size_t size, size_t *n, const char *fmt, va_list ap)
{
    if (*n < size - 1) {
        arch_format(buf + *n, size - *n, fmt, ap);
        while (buf[*n] != '\0') {
            ++*n;
        }
    }
}

static void
line_add(char *buf, size_t size, size_t *n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line_format(buf, size, n, fmt, ap);
    va_end(ap);
}

static void
line_print(int64_t now)
{
    static char buf[4096];
    size_t n = 0;
    line_add(buf, sizeof(buf), &n,
             "SCHED %ldms: gomaxprocs=%d idleprocs=%d cores=%d spinningcores=%u runqueue=%u [",
             now / MILLISECOND, atomic_load(&sched.gomaxprocs), (int)atomic_load(&sched.nidle),
             sched.ncores, atomic_load(&sched.nspinning), atomic_load(&sched.global_n));
    for (int i = 0; i < sched.ncores; i++) {
        line_add(buf, sizeof(buf), &n, " %u", runq_len(allm[i]));
    }
    line_add(buf, sizeof(buf), &n, " ] schedticks=[");
    for (int i = 0; i < sched.ncores; i++) {
        line_add(buf, sizeof(buf), &n, " %u", atomic_load(&allm[i]->schedtick));
    }
    line_add(buf, sizeof(buf), &n, " ]\n");
    arch_print("%s", buf);
}

/* Keeps its phase; lines that come too late are left out. */
static void
line_fire(struct m *mp, struct timer_entry *t, int64_t now)
{
    line_print(now);
    t->when += period * (1 + (now - t->when) / period);
    timers_insert(mp, t);
}

/* On core 0, before it schedules for the first time. */
void
schedtrace_start(int64_t every)
{
    struct m *mp = this_m();
    period = every;
    line = (struct timer_entry){ .when = arch_nanotime() + every, .fire = line_fire, .weak = true };
    if (every > 0 && timers_room(mp)) {
        atomic_fetch_add(&mp->timers.spoken_for, 1);
        lock_acquire(&mp->timers.lock, RANK_TIMERS);
        timers_insert(mp, &line);
        lock_release(&mp->timers.lock);
    }
}
