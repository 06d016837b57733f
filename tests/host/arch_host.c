/* SPDX-License-Identifier: MIT */
/*
 * arch_host.c -- sched/arch.h in a Linux process: cores, halting, time.
 *
 * A core is a thread, its g0 that thread's own stack. An interrupt is a signal sent to the thread
 * (signal_host.c); halting is waiting on a futex, the core's doorbell.
 *
 * Invariants   1. nothing here takes a lock of the C library with preemption on, unless the program
 *                 counter stays in the C library meanwhile: a goroutine is never moved there
 *              2. the application's own libc calls are safe for the same reason; a lock that an
 *                 application takes and keeps by itself (flockfile, pthread_mutex_lock) is not:
 *                 a goroutine may give it back in another thread
 *              3. errno goes with the goroutine (machine.h, libc/errno.h); only an address of
 *                 it that a preempted expression holds is still the old thread's
 * Context      as arch.h says of each
 * Protocol     ringing                              halting (interrupts off)
 *              1 doorbell = 1   (exchange)          1 doorbell is 1? serve, return
 *              2 it was 0: FUTEX_WAKE               2 FUTEX_WAIT while it is 0 (the kernel looks)
 *              A signal that finds interrupts off rings its own core's bell, so one between 1
 *              and 2 of the right side ends the wait too.
 * Polling      Under a sanitizer a signal may find its runtime at work anywhere, so there it only
 *              notes that it came. It is served where preemption comes on, where the core
 *              halts, and, in what is compiled with -fsanitize-coverage=trace-pc, at each jump.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "gamp.h"

#if HOST_TSAN
#include <sanitizer/tsan_interface.h>
#endif

enum { CORE_STACK = 1 << 20 };

__thread struct host_core host_core = {
    .preempt = PREEMPT_NONE | 1,
    .wanted = INT64_MAX,
    .armed = INT64_MAX,
};
struct host_cell host_cells[HOST_CORES_MAX];
int host_ncores;
int64_t host_errno_at;

static int64_t started_at;

int *host_errno(void);
int *
host_errno(void)
{
    return __errno_location(); /* what errno itself stands for, here or in libc/errno.h */
}

bool
host_on_stack(const struct host_core *c, uintptr_t sp)
{
    const struct arch_g *g = (const struct arch_g *)c->g;
    return g != NULL && c->g != (struct g *)c->m && sp >= g->stack.lo && sp < g->stack.hi;
}

/* ---- interrupts ---- */

/* Serves what came. True: the goroutine that runs here should call sched_preempt. Preemption is
 * off, or this is a signal handler. */
bool
host_interrupt(struct host_core *c)
{
    __asm__ volatile("orl %1, %0" : "+m"(c->preempt) : "i"(PREEMPT_NONE) : "cc");
    bool due = c->poked;
    c->poked = false;
    if (c->fired) {
        c->fired = false;
        c->armed = INT64_MAX;
        if (c->wanted <= arch_nanotime()) {
            c->wanted = INT64_MAX;
            due = true;
        } else if (c->wanted != INT64_MAX) {
            arch_timer_set(c->wanted); /* it was set for something earlier */
        }
    }
    if (c->m == NULL) {
        return false;
    }
    atomic_fetch_add_explicit(&c->cell->interrupts, 1, memory_order_relaxed);
    arch_preempt_off(); /* a note readies a goroutine, which ends in "preemption on" */
    host_stop_if_asked(c);
    if (c->cell->id == 0 && atomic_exchange(&host_input_ready, false)) {
        host_input_wakeup();
        due = true;
    }
    due = due && sched_interrupt();
    __asm__ volatile("decl %0" : "+m"(c->preempt) : : "cc");
    return due;
}

NO_COVERAGE void
arch_preempt_pending(void)
{
    if (host_core.irq_off) {
        return;
    }
    __asm__ volatile("movl %0, %%fs:host_core@tpoff+%c1"
                     :
                     : "i"(PREEMPT_NONE | 1), "i"(HOST_PREEMPT)
                     : "memory");
    if (HOST_POLL && !host_interrupt(&host_core)) {
        arch_preempt_on();
        return;
    }
    sched_preempt();
}

void
host_irq_restore(void)
{
    struct host_core *c = &host_core;
    c->irq_off = 0;
    if (c->fired || c->poked) {
        host_interrupt(c);
    }
}

#if HOST_POLL
void __sanitizer_cov_trace_pc(void);
UNINSTRUMENTED void
__sanitizer_cov_trace_pc(void)
{
    uint32_t n;
    __asm__ volatile("movl %%fs:host_core@tpoff+%c1, %0" : "=r"(n) : "i"(HOST_PREEMPT));
    if (n == 0) {
        arch_preempt_pending();
    }
}
#endif

/* ---- cores ---- */

int
arch_cpu_count(void)
{
    return host_ncores;
}

/* This thread is that core from now on. */
void
host_core_begin(struct host_cell *cell, struct m *mp)
{
    struct arch_g *g0 = (struct arch_g *)mp;
    pthread_attr_t attr;
    void *lo;
    size_t size;

    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &lo, &size);
    pthread_attr_destroy(&attr);
    g0->stack.lo = (uintptr_t)lo;
    g0->stack.hi = (uintptr_t)lo + size;
    g0->context.mxcsr = MXCSR_DEFAULT;
    g0->context.fcw = FCW_DEFAULT;
#if HOST_TSAN
    g0->context.fiber = __tsan_get_current_fiber();
#endif
    host_core.g = (struct g *)mp;
    host_core.m = mp;
    host_core.cell = cell;
    cell->tid = (int)syscall(SYS_gettid);
    host_core_signals(cell);
    atomic_store(&cell->up, 1);
    syscall(SYS_futex, &cell->up, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

struct start {
    struct host_cell *cell;
    struct m *m;
};

static void *
core_main(void *arg)
{
    struct start *s = arg;
    host_core_begin(s->cell, s->m); /* after which *s is gone */
    sched_core();
}

void
arch_cpu_start(int cpu, struct m *mp)
{
    struct start s = { &host_cells[cpu], mp };
    pthread_attr_t attr;
    pthread_t thread;

    if (cpu == 0) {
        host_core_begin(s.cell, mp);
        return;
    }
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, CORE_STACK);
    int err = pthread_create(&thread, &attr, core_main, &s);
    if (err != 0) {
        arch_throw("core %d: pthread_create: error %d", cpu, err);
    }
    while (atomic_load(&s.cell->up) == 0) {
        syscall(SYS_futex, &s.cell->up, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
}

void
host_ring(struct host_cell *cell)
{
    if (atomic_exchange_explicit(&cell->doorbell, 1, memory_order_relaxed) == 0) {
        syscall(SYS_futex, &cell->doorbell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

void
arch_wake(int cpu)
{
    int err = errno;
    atomic_fetch_add_explicit(&host_core.cell->ipis, 1, memory_order_relaxed);
    host_ring(&host_cells[cpu]);
    errno = err;
}

void
arch_preempt(int cpu)
{
    int err = errno;
    atomic_fetch_add_explicit(&host_core.cell->ipis, 1, memory_order_relaxed);
    host_poke(&host_cells[cpu]);
    errno = err;
}

/* A nanotime by the host's own clock; what lies beyond its end is its end. */
static struct timespec
host_time(int64_t when)
{
    int64_t room = INT64_MAX - started_at;
    int64_t at = started_at + (when < 0 ? 0 : when < room ? when : room);
    return (struct timespec){ at / SECOND, at % SECOND };
}

/* The futex's own timeout replaces the timer: a halt costs one system call. */
void
arch_idle(int64_t until)
{
    struct host_core *c = &host_core;
    struct host_cell *cell = c->cell;
    struct timespec t, *timeout = NULL;

    c->wanted = INT64_MAX;
    if (until != INT64_MAX) {
        t = host_time(until);
        timeout = &t;
    }
    if (!c->fired && !c->poked) {
        syscall(SYS_futex, &cell->doorbell, FUTEX_WAIT_BITSET_PRIVATE, 0, timeout, NULL,
                FUTEX_BITSET_MATCH_ANY);
    }
    atomic_exchange_explicit(&cell->doorbell, 0, memory_order_relaxed);
    host_interrupt(c);
}

/* ---- time ---- */

static int64_t
clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

int64_t
arch_nanotime(void)
{
    return clock_ns(CLOCK_MONOTONIC) - started_at;
}

int64_t
arch_walltime(void)
{
    return clock_ns(CLOCK_REALTIME);
}

/* A timer set to something earlier stays as it is, fires for nothing, and is set again then: most
 * slices end before their time, so this spares nearly every system call. */
void
arch_timer_set(int64_t when)
{
    struct host_core *c = &host_core;
    c->wanted = when;
    if (when >= c->armed) { /* read after `wanted` is written: a signal in between reads that */
        return;
    }
    struct itimerspec spec = { .it_value = host_time(when) };
    int err = errno;
    c->armed = when;
    timer_settime(c->cell->timer, TIMER_ABSTIME, &spec, NULL);
    errno = err;
}

void
host_context_init(void)
{
    char *self;
    __asm__("movq %%fs:0, %0" : "=r"(self));
    host_errno_at = (char *)&errno - self;
    started_at = clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < HOST_CORES_MAX; i++) {
        host_cells[i].id = i;
    }
}
