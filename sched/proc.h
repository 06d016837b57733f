/* SPDX-License-Identifier: MIT */
/*
 * proc.h -- the half of proc.c that every switch uses.
 *
 * Context      preemption off throughout
 */
#pragma once
#include "runq.h"

#define HOT static inline __attribute__((always_inline))

/* What is only asked when something is to be shown: on top of the g's stack, whose first line is
 * written anyway. There from g_new to the death of the g. */
struct g_birth {
    const char *name; /* or NULL: fn's */
    uint64_t creator;
    uintptr_t creator_pc;
};

static inline struct g_birth *
g_birth(const struct g *gp)
{
    return (struct g_birth *)(gp->stack.hi - gp->id % STAGGER * CACHE_LINE) - 1;
}

HOT void
g_set_status(struct g *gp, enum g_status from, enum g_status to)
{
    if (unlikely(PEEK(gp->status) != from)) {
        g_bad_status(gp, from, to);
    }
    atomic_store_explicit(&gp->status, (uint8_t)to, memory_order_relaxed);
    if (unlikely(PEEK(sched.tracing))) {
        trace_status(gp, from, to);
    }
}

/* g_ready, for who has preemption off. */
HOT void
g_ready_off(struct m *mp, struct g *gp)
{
    g_set_status(gp, G_WAITING, G_RUNNABLE);
    if (likely(gp->pin < 0)) {
        runq_put_next(mp, gp);
        wake_if_idle();
    } else {
        pinned_put(gp);
    }
}

HOT void
batch_push(struct g_batch *b, struct g *gp)
{
    gp->next = b->first;
    b->first = gp;
    b->n++;
}

HOT struct g *
batch_pop(struct g_batch *b)
{
    struct g *gp = b->first;
    if (likely(gp != NULL)) {
        b->first = gp->next;
        b->n--;
    }
    return gp;
}

/* Behind all others of this core. */
static inline bool
g_yield_commit(struct g *gp, void *unused)
{
    ASSERT(gp != this_g() && atomic_load(&gp->status) == G_RUNNABLE);
    (void)unused;
    if (unlikely(gp->pin >= 0)) {
        pinned_put(gp);
        return true;
    }
    runq_put(this_m(), gp);
    atomic_thread_fence(memory_order_seq_cst);
    wake_if_idle();
    return true;
}

/* On the new stack, first of all: what the previous g left to be done. The commonest commits are
 * known here, which saves a call by pointer. */
HOT void
finish_switch(struct g *prev)
{
    assert_pinned();
    ASSERT(prev != this_g());
    struct m *mp = this_m();
    bool (*commit)(struct g *, void *) = mp->commit;
    if (unlikely(prev->context.sp - prev->stack.mapped > prev->stack.slack)) {
        arch_stack_trim(prev, prev->context.sp);
    }
    if (commit == g_yield_commit) {
        g_yield_commit(prev, NULL);
    } else if (likely(commit == g_unlock_commit)) {
        lock_release(mp->commit_arg);
    } else if (commit != NULL && !commit(prev, mp->commit_arg)) {
        g_ready(prev);
    }
}
