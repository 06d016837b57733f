/* SPDX-License-Identifier: MIT */
/*
 * control.c -- starting the scheduler, and the calls that steer it and ask about it.
 *
 * Go           schedinit, main, GOMAXPROCS, LockOSThread. There is no stopping of the world to
 *              change gomaxprocs: each core notices at its next pass through g0, to which it is
 *              called by an interrupt, and the caller waits until all have.
 */
#include "proc.h"

static struct {
    int (*fn)(int, char **);
    int argc;
    char **argv;
    bool trace;
} program;

static struct m *
m_new(int id)
{
    struct m *mp = arch_alloc(sizeof(*mp) + CACHE_LINE);
    if (mp == NULL) {
        throw("m_new: no memory for core %d", id);
    }
    mp = (struct m *)(((uintptr_t)mp + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1));
    memset(mp, 0, sizeof(*mp));
    mp->id = id;
    mp->rand = (uint32_t)(sched.seed * 2654435761u + (uint32_t)id * 40503u) | 1;
    mp->timer_armed = INT64_MAX;
    mp->gfree_room = GFREE_BATCH;
    mp->g0.pin = -1;
    mp->g0.system = true;
    mp->g0.stack.limit = UINTPTR_MAX; /* finish_switch never trims it */
    atomic_store(&mp->g0.status, G_RUNNING);
    atomic_store(&mp->timers.first, INT64_MAX);
    return mp;
}

void
sched_init(const struct sched_config *config)
{
    sched.ncores = arch_cpu_count();
    sched.slice = config->slice > 0 ? config->slice : 10 * MILLISECOND;
    sched.stack_default = config->stack > 0 ? config->stack : (size_t)256 << 10;
    sched.schedtrace = config->schedtrace;
    sched.seed = config->seed != 0 ? config->seed : 1;
    program.trace = config->trace;
    sched.quiet = config->quiet;
    int n = config->gomaxprocs;
    atomic_store(&sched.gomaxprocs, n > 0 && n < sched.ncores ? n : sched.ncores);
    atomic_store(&sched.next_id, 1);
    for (int i = 0; i < sched.ncores; i++) {
        allm[i] = m_new(i);
    }
}

enum { DYING_YIELDS = 1000 }; /* a panic under way may have its say. Go: main in proc.go */

static void
main_goroutine(void *arg)
{
    (void)arg;
    if (program.trace) {
        trace_start();
    }
    int status = program.fn(program.argc, program.argv);
    defers_run(this_g()->tries);
    trace_stop();
    for (int i = 0; i < DYING_YIELDS && atomic_load(&sched.dying) > 0; i++) {
        g_yield(true);
    }
    arch_exit(status & 255);
}

void
sched_core(void)
{
    schedule();
}

/* The calling core becomes core 0's g0, main the first goroutine. */
void
sched_start(int (*main_fn)(int, char **), int argc, char **argv)
{
    int err;
    struct go_attr attr = { .name = "main", .stack_max = (size_t)64 << 20 };
    program.fn = main_fn;
    program.argc = argc;
    program.argv = argv;
    struct m *mp = allm[0];
    arch_cpu_start(0, mp);
    struct g *gp = g_new(&attr, main_goroutine, NULL, 0, &err);
    if (gp == NULL) {
        throw("sched_start: no memory for main (%d)", err);
    }
    COUNT(mp->created, 1);
    g_set_status(gp, G_DEAD, G_RUNNABLE);
    runq_put(mp, gp);
    for (int i = 1; i < sched.ncores; i++) {
        arch_cpu_start(i, allm[i]);
    }
    schedtrace_start(sched.schedtrace);
    schedule();
}

uint64_t
goid(void)
{
    return this_g()->id;
}

int *
gamp_errno(void)
{
    return &this_g()->err;
}

size_t
num_goroutine(void)
{
    uint64_t n = 0;
    for (int i = 0; i < sched.ncores; i++) { /* finished first: never fewer than there are */
        n -= atomic_load(&allm[i]->finished);
    }
    for (int i = 0; i < sched.ncores; i++) {
        n += atomic_load(&allm[i]->created);
    }
    return n;
}

int
num_cpu(void)
{
    return sched.ncores;
}

int
core_id(void)
{
    arch_preempt_off();
    int id = this_m()->id;
    arch_preempt_on();
    return id;
}

/* Waits until every core stands where gomaxprocs wants it: off ones have let go of their work. */
static void
settle(int n)
{
    for (int i = 0; i < sched.ncores; i++) {
        while (atomic_load(&sched.gomaxprocs) == n && atomic_load(&allm[i]->off) != (i >= n)) {
            g_yield(true);
        }
    }
}

int
gomaxprocs(int n)
{
    static struct mutex change;
    int old = atomic_load(&sched.gomaxprocs);
    if (n < 1) {
        return old;
    }
    n = n > sched.ncores ? sched.ncores : n;
    mutex_lock(&change);
    old = atomic_exchange(&sched.gomaxprocs, n);
    arch_preempt_off();
    for (int i = 0; i < sched.ncores; i++) {
        if ((i < old) != (i < n)) {
            atomic_store(&allm[i]->attention, WANTED);
            arch_preempt(i);
        }
    }
    arch_preempt_on();
    settle(n);
    mutex_unlock(&change);
    return old;
}

void
lock_core(void)
{
    struct g *gp = this_g();
    arch_preempt_off();
    if (gp->pin_depth++ == 0 && gp->pin < 0) {
        gp->pin = (int16_t)this_m()->id;
        gp->locked = true;
    }
    arch_preempt_on();
}

void
unlock_core(void)
{
    struct g *gp = this_g();
    arch_preempt_off();
    if (gp->pin_depth > 0 && --gp->pin_depth == 0 && gp->locked) {
        gp->pin = -1;
        gp->locked = false;
    }
    arch_preempt_on();
}

int64_t
nanotime(void)
{
    return arch_nanotime();
}

int64_t
walltime(void)
{
    return arch_walltime();
}
