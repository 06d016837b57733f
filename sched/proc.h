/* SPDX-License-Identifier: MIT */
/*
 * proc.h -- the half of proc.c that every switch uses.
 *
 * Context      preemption off throughout
 */
#pragma once
#include "runq.h"

/* What is only asked when something is to be shown: on top of the g's stack, whose first line is
 * written anyway. There from g_new to the death of the g. */
struct g_birth {
    _Alignas(16) const char *name; /* or NULL: fn's */
    uint64_t creator;
    uintptr_t creator_pc;
};

static inline struct g_birth *
g_birth(const struct g *gp)
{
    return (struct g_birth *)(gp->stack.hi - gp->id % STAGGER * CACHE_LINE) - 1;
}

/* g_set_status, but for the trace. */
HOT void
g_change_status(struct g *gp, enum g_status from, enum g_status to)
{
    if (unlikely(PEEK(gp->status) != from)) {
        g_bad_status(gp, from, to);
    }
    atomic_store_explicit(&gp->status, (uint8_t)to, memory_order_relaxed);
}

HOT void
g_set_status(struct g *gp, enum g_status from, enum g_status to)
{
    g_change_status(gp, from, to);
    if (unlikely(PEEK(sched.tracing))) {
        trace_status(gp, from, to);
    }
}

/* A goroutine just become runnable, to where it is found. */
HOT void
g_enqueue(struct m *mp, struct g *gp)
{
    if (likely(gp->pin < 0)) {
        runq_put_next(mp, gp);
    } else {
        pinned_put(gp);
    }
}

void g_ready_slow(struct m *mp, struct g *gp, enum g_status from);

/* g_ready, for who has preemption off. */
HOT void
g_ready_off(struct m *mp, struct g *gp)
{
    if (unlikely(PEEK(sched.tracing))) {
        g_ready_slow(mp, gp, G_WAITING);
        return;
    }
    g_change_status(gp, G_WAITING, G_RUNNABLE);
    g_enqueue(mp, gp);
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

/* This core's own, last in, first out. */
HOT struct g *
gfree_pop(struct m *mp)
{
    struct g *gp = mp->gfree;
    if (likely(gp != NULL)) {
        mp->gfree = gp->next;
        mp->gfree_room++;
    }
    return gp;
}

HOT void
gfree_push(struct m *mp, struct g *gp)
{
    gp->next = mp->gfree;
    mp->gfree = gp;
    if (unlikely(--mp->gfree_room == 0)) {
        gfree_full(mp);
    }
}

/* Puts a dead g where the next spawn finds it; false: that is gfree_put_slow's. Go: gfput */
HOT bool
gfree_put(struct m *mp, struct g *gp)
{
    if (unlikely(gp->stack.mapped < gp->stack.hi - STACK_KEEP) || unlikely(gp->class != 0)) {
        return false;
    }
    gfree_push(mp, gp);
    return true;
}

/* Behind all others of this core. */
HOT void
g_requeue(struct g *gp)
{
    ASSERT(gp != this_g() && atomic_load(&gp->status) == G_RUNNABLE);
    if (unlikely(gp->pin >= 0)) {
        pinned_put(gp);
        return;
    }
    runq_add(this_m(), gp);
}

/* What a g leaves to be done once it is off its stack: to open a lock, whose address is even; or
 * one of these. It goes through the switch in a register. */
enum {
    AFTER_NOTHING = 1,
    AFTER_REQUEUE = 3,
    AFTER_COMMIT = 5, /* m.commit */
};

HOT void
finish_after(struct arch_switched s)
{
    if (likely((s.after & 1) == 0)) {
        lock_open((struct gamp_lock *)s.after);
    } else if (s.after == AFTER_REQUEUE) {
        g_requeue(s.prev);
    } else if (s.after == AFTER_COMMIT) {
        const struct m *mp = this_m();
        if (!mp->commit(s.prev, mp->commit_arg)) {
            g_ready(s.prev);
        }
    }
}

void finish_trim(struct arch_switched s);

/* On the new stack, first of all. */
HOT void
finish_switch(struct arch_switched s)
{
    assert_pinned();
    ASSERT(s.prev != this_g());
    if (unlikely(s.prev->context.sp > s.prev->stack.limit)) {
        finish_trim(s);
    } else {
        finish_after(s);
    }
}
