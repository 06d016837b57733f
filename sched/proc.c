/* SPDX-License-Identifier: MIT */
/*
 * proc.c -- how a goroutine is born, parked, readied and buried.
 *
 * Invariants   1. a g is published (put on a queue, its lock opened) only after its core has left
 *                 its stack: what is left to be done then goes through the switch (proc.h)
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
 *              queue is empty, every 61st slice while the global list has something, or when
 *              something asked for attention. A yield is 96 instructions, two of them locked, on
 *              lines of its own core.
 * Rejected     A scheduler stack in between (as Go): two switches instead of one.
 * Go           newproc1, gopark, goready, goexit0 in proc.go
 */
#include "proc.h"

#define EINVAL       22
#define ENOMEM       12
#define ARG_MAX_SIZE 1024

void
g_bad_status(const struct g *gp, enum g_status from, enum g_status to)
{
    throw("g %lu (%s): status %u, expected %d, to become %d", gp->id, g_name(gp),
          atomic_load((_Atomic(uint8_t) *)(uintptr_t)&gp->status), from, to);
}

/* finish_switch of a g with dead pages below its stack pointer: before it can be found. */
__attribute__((noinline)) void
finish_trim(struct arch_switched s)
{
    arch_stack_trim(s.prev, s.prev->context.sp);
    finish_after(s);
}

/* The g this core can hand over to at once, or NULL where g0 has to look. */
HOT struct g *
next_here(struct m *mp)
{
    assert_pinned();
    if (unlikely(PEEK(mp->attention) != 0)) {
        return NULL;
    }
    struct g *gp = runq_get_next(mp);
    if (gp == NULL) {
        uint32_t tick = PEEK(mp->schedtick);
        if (unlikely((int32_t)(tick - mp->fair_at) >= 0)) { /* alone() may have passed it by */
            if (PEEK(sched.global_n) > 0) {
                return NULL;
            }
            mp->fair_at = tick + FAIR_TICKS;
        }
        if ((gp = runq_get_ring(mp)) == NULL) {
            return NULL;
        }
        COUNT(mp->schedtick, 1);
    }
    COUNT(mp->switches, 1);
    g_change_status(gp, G_RUNNABLE, G_RUNNING);
    return gp;
}

static __attribute__((noinline)) void
trace_switch(const struct g *gp, enum g_status to, const struct g *next)
{
    trace_status(gp, G_RUNNING, to);
    trace_status(next, G_RUNNABLE, G_RUNNING); /* g0 leaves no trace */
}

/* The running goroutine gp becomes `to`, and next, NULL for g0, runs from now on. */
HOT struct g *
hand_over(struct m *mp, struct g *gp, enum g_status to, struct g *next)
{
    assert_pinned();
    ASSERT(gp == this_g() && mp == this_m());
    ASSERT(gp != &mp->g0);
    atomic_store_explicit(&mp->running, next, memory_order_relaxed);
    if (unlikely(next == NULL)) {
        next = &mp->g0;
    }
    g_change_status(gp, G_RUNNING, to);
    if (unlikely(PEEK(sched.tracing))) {
        trace_switch(gp, to, next);
    }
    return next;
}

/* Leaves gp's stack; returns when gp runs again. */
HOT void
switch_away(struct m *mp, struct g *gp, enum g_status to, uintptr_t after)
{
    struct g *next = hand_over(mp, gp, to, next_here(mp));
    finish_switch(arch_context_switch(gp, next, after));
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
    mp->commit = commit;
    mp->commit_arg = arg;
    switch_away(mp, gp, G_WAITING, commit != NULL ? AFTER_COMMIT : AFTER_NOTHING);
    arch_preempt_on();
}

/* g_park under a lock, whose opening is the commit: that preemption is off is the lock's doing. */
void
g_park_unlock(struct gamp_lock *l, enum wait_reason why)
{
    assert_held(l);
    struct g *gp = this_g();
    struct m *mp = this_m();
    gp->wait_reason = (uint8_t)why;
    gp->wait_since = mp->seen;
    switch_away(mp, gp, G_WAITING, (uintptr_t)l);
    arch_preempt_on();
}

void
g_park_for_ever(enum wait_reason why)
{
    for (;;) {
        g_park(NULL, NULL, why);
    }
}

/* The long way: it may be pinned, or be traced. */
__attribute__((noinline)) void
g_ready_slow(struct m *mp, struct g *gp, enum g_status from)
{
    g_set_status(gp, from, G_RUNNABLE);
    g_enqueue(mp, gp);
}

/* Makes a parked goroutine runnable, next on this core. Never in an interrupt: see note_wakeup.
 * Go: goready */
void
g_ready(struct g *gp)
{
    arch_preempt_off();
    g_ready_off(this_m(), gp);
    arch_preempt_on();
}

/* Behind all others of all cores. */
static bool
requeue_global(struct g *gp, void *unused)
{
    (void)unused;
    if (gp->pin >= 0) {
        pinned_put(gp);
        return true;
    }
    globq_put(gp);
    atomic_thread_fence(memory_order_seq_cst);
    wake_if_idle();
    return true;
}

/* Gives up the core but stays runnable, behind the others of this core or of all. Preemption is
 * off, once, and on afterwards. */
void
g_yield_off(bool global)
{
    assert_pinned();
    struct m *mp = this_m();
    mp->commit = requeue_global;
    switch_away(mp, this_g(), G_RUNNABLE, global ? AFTER_COMMIT : AFTER_REQUEUE);
    arch_preempt_on();
}

void
g_yield(bool global)
{
    arch_preempt_off();
    g_yield_off(global);
}

/* gosched where nobody is here to hand over to at once. */
static __attribute__((noinline)) void
yield_slow(struct m *mp)
{
    bool global = false;
    if (runq_none(mp)) {
        global = PEEK(sched.global_n) > 0; /* else it comes before those, 60 times of 61 */
        if (!global && PEEK(mp->attention) == 0 && this_g()->pin < 0) {
            arch_preempt_on(); /* alone */
            return;
        }
    }
    g_yield_off(global);
}

void
gosched(void)
{
    arch_preempt_off();
    struct m *mp = this_m();
    struct g *gp = this_g(), *next = next_here(mp);
    COUNT(mp->yields, 1);
    if (unlikely(next == NULL)) {
        yield_slow(mp);
        return;
    }
    next = hand_over(mp, gp, G_RUNNABLE, next);
    finish_switch(arch_context_switch(gp, next, AFTER_REQUEUE));
    arch_preempt_on();
}

/* ---- birth and death ---- */

/* The end of the calling goroutine, its deferred calls done. That its stack is on the list of dead
 * ones while it is still in use harms nobody: until the switch this core takes none off the list,
 * and gives none of this batch to others. Go: goexit0 */
HOT __attribute__((noreturn)) void
g_end(struct g *gp)
{
    uintptr_t after = AFTER_NOTHING;
    arch_preempt_off();
    struct m *mp = this_m();
    COUNT(mp->finished, 1);
    struct g *next = hand_over(mp, gp, G_DEAD, next_here(mp));
    if (unlikely(!gfree_put(mp, gp))) {
        mp->commit = gfree_put_slow;
        after = AFTER_COMMIT;
    }
    arch_context_leave(gp, next, after);
    throw("g_exit: dead goroutine %lu runs", this_g()->id);
}

void
g_exit(void)
{
    g_end(this_g());
}

static void
g_entry(struct g *prev, struct g *gp, uintptr_t after)
{
    finish_switch((struct arch_switched){ prev, after });
    arch_preempt_on();
    struct try_frame own;
    own.outer = NULL;
    own.defers = NULL;
    own.panic = NULL;
    own.exiting = own.dying = false;
    void *arg = gp->arg;
    gp->tries = &own;
    gp->fn(arg);
    if (own.defers != NULL) {
        defers_run(&own);
    }
    g_end(this_g());
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

/* Makes gp, dead so far, a goroutine; returns where its stack begins, under `bytes` for its
 * argument. */
HOT uintptr_t
g_begin(struct m *mp, struct g *gp, void (*fn)(void *), const char *name, size_t bytes,
        uintptr_t pc)
{
    gp->fn = fn;
    gp->id = g_next_id(mp);
    atomic_store_explicit(&gp->mark, g_mark(gp), memory_order_relaxed);
    ASSERT(g_of_mark(g_mark(gp)) == gp);
    gp->pin = -1;
    gp->pin_depth = 0;
    gp->err = 0;
    struct g_birth *birth = g_birth(gp);
    uintptr_t top = (uintptr_t)birth;
    if (bytes > 0) {
        top = (top - bytes) & ~(uintptr_t)15;
    }
    arch_context_init(gp, top, g_entry);
    *birth = (struct g_birth){ name, this_g()->id, pc };
    return top;
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
    uintptr_t top = g_begin(mp, gp, fn, attr->name, attr->arg_size, pc);
    gp->pin = (int16_t)(attr->core - 1);
    gp->arg = attr->arg_size > 0 ? memcpy((void *)top, arg, attr->arg_size) : arg;
    return gp;
}

/* `pinned` is what gp->pin says. */
HOT void
g_publish(struct m *mp, struct g *gp, bool pinned)
{
    COUNT(mp->created, 1);
    if (unlikely(pinned) || unlikely(PEEK(sched.tracing))) {
        g_ready_slow(mp, gp, G_DEAD);
        return;
    }
    g_change_status(gp, G_DEAD, G_RUNNABLE);
    runq_put_next(mp, gp);
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
        g_publish(this_m(), gp, gp->pin >= 0);
    }
    arch_preempt_on();
    return err;
}

/* g_spawn without attributes, from a core that has a dead g. */
void
go(void (*fn)(void *), void *arg)
{
    arch_preempt_off();
    struct m *mp = this_m();
    struct g *gp;
    if (likely(fn != NULL) && likely((gp = gfree_pop(mp)) != NULL)) {
        gp->arg = arg;
        g_begin(mp, gp, fn, NULL, 0, (uintptr_t)__builtin_return_address(0));
        g_publish(mp, gp, false);
        arch_preempt_on();
        return;
    }
    arch_preempt_on();
    if (g_spawn(NULL, fn, arg, (uintptr_t)__builtin_return_address(0)) != 0) {
        sched_out_of_memory("go: no memory for another goroutine");
    }
}

/* Likewise, where only a name and a copy of the argument are asked for. */
int
go_with(const struct go_attr *attr, void (*fn)(void *), void *arg)
{
    if (likely(fn != NULL && attr != NULL && attr->arg_size <= ARG_MAX_SIZE)
        && likely(attr->stack_max == 0 && attr->core == 0)) {
        arch_preempt_off();
        struct m *mp = this_m();
        struct g *gp = gfree_pop(mp);
        if (likely(gp != NULL)) {
            size_t n = attr->arg_size;
            uintptr_t top =
                g_begin(mp, gp, fn, attr->name, n, (uintptr_t)__builtin_return_address(0));
            gp->arg = n > 0 ? memcpy((void *)top, arg, n) : arg;
            g_publish(mp, gp, false);
            arch_preempt_on();
            return 0;
        }
        arch_preempt_on();
    }
    return g_spawn(attr, fn, arg, (uintptr_t)__builtin_return_address(0));
}
