/* SPDX-License-Identifier: MIT */
/*
 * proc.c -- how a goroutine is born, parked, readied and buried.
 *
 * Invariants   1. a g is published (put on a queue, its lock opened) only after its core has left
 *                 its stack: that is what m.commit is for (finish_switch)
 *              2. each change of state is from the state expected (g_set_status)
 *              3. a g and its stack window belong together for ever (gfree.c)
 * Context      preemption off from choosing to switch until the other side has finished it
 * Protocol     parking                              readying
 *              1 lock the thing, queue a waiter     1 lock the thing, take a waiter off
 *              2 status WAITING                     2 unlock
 *              3 switch to another stack            3 status RUNNABLE, onto a run queue
 *              4 commit: unlock the thing
 *              The waiter cannot be found before 4, and after 3 nobody runs on its stack.
 * Cost         a switch goes from goroutine to goroutine; g0 is visited only when the core's own
 *              queue is empty, every 61st slice, or when something asked for attention.
 * Rejected     A scheduler stack in between (as Go): two switches instead of one.
 * Go           newproc1, gopark, goready, goexit0 in proc.go
 */
#include "runtime.h"

#define EINVAL       22
#define ENOMEM       12
#define ARG_MAX_SIZE 1024

void
g_set_status(struct g *gp, enum g_status from, enum g_status to)
{
    uint8_t is = atomic_load_explicit(&gp->status, memory_order_relaxed);
    if (is != from) {
        throw("g %lu (%s): status %u, expected %d, to become %d", gp->id, g_name(gp), is, from, to);
    }
    atomic_store_explicit(&gp->status, (uint8_t)to, memory_order_relaxed);
    if (atomic_load_explicit(&sched.tracing, memory_order_relaxed)) {
        trace_status(gp, from, to);
    }
}

/* On the new stack, first of all: what the previous g left to be done. */
void
finish_switch(struct g *prev)
{
    assert_pinned();
    ASSERT(prev != this_g());
    struct m *mp = this_m();
    bool (*commit)(struct g *, void *) = mp->commit;
    if (prev->context.sp - prev->stack.mapped > prev->stack.slack) {
        arch_stack_trim(prev, prev->context.sp);
    }
    if (commit != NULL) {
        mp->commit = NULL;
        if (!commit(prev, mp->commit_arg)) {
            g_ready(prev);
        }
    }
}

/* The g this core can hand over to at once, or NULL where g0 has to look. */
static struct g *
next_here(struct m *mp)
{
    assert_pinned();
    uint32_t tick = atomic_load_explicit(&mp->schedtick, memory_order_relaxed);
    bool inherit;
    if (atomic_load_explicit(&mp->attention, memory_order_relaxed) || mp->pinned.n > 0
        || tick % FAIR_TICKS == 0) {
        return NULL;
    }
    struct g *gp = runq_get(mp, &inherit);
    if (gp != NULL) {
        if (!inherit) {
            COUNT(mp->schedtick, 1);
        }
        COUNT(mp->switches, 1);
        g_set_status(gp, G_RUNNABLE, G_RUNNING);
        atomic_store_explicit(&mp->running, gp, memory_order_relaxed);
    }
    return gp;
}

/* Leaves gp's stack, its status already changed; returns when gp runs again. Preemption off. */
static void
switch_away(struct m *mp, struct g *gp, bool (*commit)(struct g *, void *), void *arg)
{
    assert_pinned();
    ASSERT(gp == this_g() && mp == this_m() && mp->commit == NULL);
    ASSERT(gp != &mp->g0);
    mp->commit = commit;
    mp->commit_arg = arg;
    struct g *next = next_here(mp);
    if (next == NULL) {
        next = &mp->g0;
        atomic_store_explicit(&mp->running, NULL, memory_order_relaxed);
    }
    finish_switch(arch_context_switch(gp, next));
}

/* Stops the calling goroutine until g_ready. commit runs when it is off its stack, on the core it
 * left, and may make it findable; if it returns false the goroutine is ready again. Go: gopark */
void
g_park(bool (*commit)(struct g *, void *), void *arg, enum wait_reason why)
{
    struct g *gp = this_g();
    arch_preempt_off();
    struct m *mp = this_m();
    gp->wait_reason = (uint8_t)why;
    gp->wait_since = mp->seen;
    g_set_status(gp, G_RUNNING, G_WAITING);
    switch_away(mp, gp, commit, arg);
    arch_preempt_on();
}

bool
g_unlock_commit(struct g *gp, void *l)
{
    (void)gp;
    lock_release(l);
    return true;
}

void
g_park_for_ever(enum wait_reason why)
{
    for (;;) {
        g_park(NULL, NULL, why);
    }
}

/* Makes a parked goroutine runnable, next on this core. Never in an interrupt: see note_wakeup.
 * Go: goready */
void
g_ready(struct g *gp)
{
    arch_preempt_off();
    struct m *mp = this_m();
    g_set_status(gp, G_WAITING, G_RUNNABLE);
    if (gp->pin < 0) {
        runq_put_next(mp, gp);
        wake_if_idle();
    } else {
        inbox_put(allm[gp->pin < atomic_load(&sched.gomaxprocs) ? gp->pin : 0], gp);
    }
    arch_preempt_on();
}

static bool
yield_commit(struct g *gp, void *put)
{
    ASSERT(gp != this_g() && atomic_load(&gp->status) == G_RUNNABLE);
    struct m *mp = this_m();
    if (gp->pin >= 0) {
        inbox_put(allm[gp->pin < atomic_load(&sched.gomaxprocs) ? gp->pin : 0], gp);
        return true;
    }
    ((void (*)(struct m *, struct g *))put)(mp, gp);
    atomic_thread_fence(memory_order_seq_cst);
    wake_if_idle();
    return true;
}

/* Gives up the core but stays runnable, on the queue that `put` adds to. Preemption is off, once,
 * and on afterwards. */
void
g_yield_off(void (*put)(struct m *, struct g *))
{
    assert_pinned();
    struct g *gp = this_g();
    g_set_status(gp, G_RUNNING, G_RUNNABLE);
    switch_away(this_m(), gp, yield_commit, (void *)put);
    arch_preempt_on();
}

void
g_yield(void (*put)(struct m *, struct g *))
{
    arch_preempt_off();
    g_yield_off(put);
}

void
gosched(void)
{
    arch_preempt_off();
    struct m *mp = this_m();
    COUNT(mp->yields, 1);
    bool alone = mp->pinned.n == 0 && !atomic_load_explicit(&mp->attention, memory_order_relaxed)
                 && atomic_load_explicit(&sched.global_n, memory_order_relaxed) == 0
                 && runq_empty(mp) && this_g()->pin < 0;
    arch_preempt_on();
    if (!alone) {
        g_yield(runq_put);
    }
}

/* ---- birth ---- */

static void
g_entry(struct g *prev)
{
    finish_switch(prev);
    arch_preempt_on();
    struct g *gp = this_g();
    struct try_frame own;
    own.outer = NULL;
    own.defers = NULL;
    own.panic = NULL;
    own.exiting = own.dying = false;
    gp->tries = &own;
    gp->fn(gp->arg);
    if (own.defers != NULL) {
        defers_run(&own);
    }
    g_exit();
}

static uint64_t
g_next_id(struct m *mp)
{
    if (mp->id_next == mp->id_end) {
        mp->id_next = atomic_fetch_add(&sched.next_id, ID_BATCH);
        mp->id_end = mp->id_next + ID_BATCH;
    }
    return mp->id_next++;
}

/* A new goroutine, not yet on any queue, or NULL and *err. Preemption off. Go: newproc1 */
struct g *
g_new(const struct go_attr *attr, void (*fn)(void *), void *arg, uintptr_t pc, int *err)
{
    assert_pinned();
    ASSERT(fn != NULL && err != NULL);
    static const struct go_attr none;
    attr = attr != NULL ? attr : &none;
    *err = -EINVAL;
    if (attr->core < 0 || attr->core > sched.ncores || attr->arg_size > ARG_MAX_SIZE
        || attr->stack_max > STACK_MAX_SIZE) {
        return NULL;
    }
    struct m *mp = this_m();
    struct g *gp = gfree_get(mp, attr->stack_max);
    *err = -ENOMEM;
    if (gp == NULL) {
        return NULL;
    }
    gp->fn = fn;
    gp->arg = arg;
    gp->name = attr->name;
    gp->id = g_next_id(mp);
    atomic_store_explicit(&gp->mark, g_mark(gp), memory_order_relaxed);
    ASSERT(g_of_mark(g_mark(gp)) == gp);
    gp->creator = this_g()->id;
    gp->creator_pc = pc;
    gp->pin = (int16_t)(attr->core - 1);
    gp->pin_depth = 0;
    gp->err = 0;
    gp->tries = NULL;
    uintptr_t top =
        (gp->stack.hi - gp->id % STAGGER * CACHE_LINE - attr->arg_size) & ~(uintptr_t)15;
    arch_context_init(gp, top, g_entry);
    if (attr->arg_size > 0) {
        gp->arg = memcpy((void *)top, arg, attr->arg_size);
    }
    return gp;
}

/* A new goroutine, runnable. 0, or the error and nothing was started. On g0, too. */
int
g_spawn(const struct go_attr *attr, void (*fn)(void *), void *arg, uintptr_t pc)
{
    int err;
    if (fn == NULL) {
        fatal("go of nil func value");
    }
    arch_preempt_off();
    struct g *gp = g_new(attr, fn, arg, pc, &err);
    if (gp != NULL) {
        err = 0;
        COUNT(this_m()->created, 1);
        g_set_status(gp, G_DEAD, G_WAITING);
        g_ready(gp);
    }
    arch_preempt_on();
    return err;
}

void
go(void (*fn)(void *), void *arg)
{
    if (g_spawn(NULL, fn, arg, (uintptr_t)__builtin_return_address(0)) != 0) {
        sched_out_of_memory("go: no memory for another goroutine");
    }
}

int
go_with(const struct go_attr *attr, void (*fn)(void *), void *arg)
{
    return g_spawn(attr, fn, arg, (uintptr_t)__builtin_return_address(0));
}

/* ---- death ---- */

/* The end of the calling goroutine, its deferred calls done. Go: goexit0 */
void
g_exit(void)
{
    struct g *gp = this_g();
    arch_preempt_off();
    struct m *mp = this_m();
    COUNT(mp->finished, 1);
    g_set_status(gp, G_RUNNING, G_DEAD);
    switch_away(mp, gp, gfree_put, NULL);
    throw("g_exit: dead goroutine %lu runs", gp->id);
}
