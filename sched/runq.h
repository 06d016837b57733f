/* SPDX-License-Identifier: MIT */
/*
 * runq.h -- the half of a run queue that every switch uses; runq.c has its protocol.
 */
#pragma once
#include "runtime.h"

#ifndef GAMP_ROUND_PAUSES
#define GAMP_ROUND_PAUSES 16 /* between rounds of stealing; 0 in explored schedules */
#endif

void runq_put_slow(struct m *mp, struct g *gp);
void runq_add_slow(struct m *mp, struct g *gp);

/* False: the ring is full. */
HOT bool
runq_fits(struct m *mp, struct g *gp)
{
    assert_pinned();
    ASSERT(mp == this_m() && gp->pin < 0);
    ASSERT(atomic_load(&gp->status) == G_RUNNABLE);
    struct runq *q = &mp->runq;
    uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
    uint32_t t = PEEK(q->tail);
    if (unlikely(t - h >= RUNQ_CAP)) {
        return false;
    }
    POKE(q->ring[t % RUNQ_CAP], gp);
    atomic_store_explicit(&q->tail, t + 1, memory_order_release);
    return true;
}

/* Adds gp at the tail of this core's own ring. Without a fence. Go: runqput */
HOT void
runq_put(struct m *mp, struct g *gp)
{
    if (!runq_fits(mp, gp)) {
        runq_put_slow(mp, gp);
    }
}

/* The same, and wakes a core for it where one sleeps. */
HOT void
runq_add(struct m *mp, struct g *gp)
{
    if (!runq_fits(mp, gp)) {
        runq_add_slow(mp, gp);
        return;
    }
    atomic_thread_fence(memory_order_seq_cst);
    wake_if_idle();
}

/* Makes gp the next to run here; what stood there goes to the tail of the ring. Wakes a core where
 * one sleeps. */
HOT void
runq_put_next(struct m *mp, struct g *gp)
{
    assert_pinned();
    ASSERT(mp == this_m() && gp->pin < 0);
    ASSERT(atomic_load(&gp->status) == G_RUNNABLE);
    struct g *old = atomic_exchange_explicit(&mp->runq.next, gp, memory_order_seq_cst);
    if (old != NULL) {
        runq_add(mp, old); /* with a fence of its own: a thief may have emptied `next` already */
        return;
    }
    wake_if_idle();
}

/* This core's own `next`, which goes on with the running slice, or NULL. */
HOT struct g *
runq_get_next(struct m *mp)
{
    struct g *gp = PEEK(mp->runq.next), *there = gp;
    if (gp != NULL
        && atomic_compare_exchange_strong_explicit(&mp->runq.next, &there, NULL,
                                                   memory_order_acquire, memory_order_relaxed)) {
        return gp;
    }
    return NULL;
}

/* The oldest of this core's own ring, or NULL. */
HOT struct g *
runq_get_ring(struct m *mp)
{
    assert_pinned();
    ASSERT(mp == this_m());
    struct runq *q = &mp->runq;
    uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
    while (PEEK(q->tail) != h) {
        struct g *gp = PEEK(q->ring[h % RUNQ_CAP]);
        if (atomic_compare_exchange_weak_explicit(&q->head, &h, h + 1, memory_order_release,
                                                  memory_order_acquire)) {
            ASSUME(gp != NULL);
            return gp;
        }
    }
    return NULL;
}

/* Nothing is here to run next, as the owner sees it. */
static inline bool
runq_none(struct m *mp)
{
    return PEEK(mp->runq.next) == NULL && PEEK(mp->runq.head) == PEEK(mp->runq.tail);
}
