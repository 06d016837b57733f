/* SPDX-License-Identifier: MIT */
/*
 * runq.h -- the half of a run queue that every switch uses; runq.c has its protocol.
 */
#pragma once
#include "runtime.h"

#ifndef GAMP_ROUND_PAUSES
#define GAMP_ROUND_PAUSES 8 /* between rounds of stealing; 0 in explored schedules */
#endif

void runq_put_slow(struct m *mp, struct g *gp);

/* Adds gp at the tail of this core's own ring. No fence: see wake_if_idle's callers. Go: runqput */
static inline void
runq_put(struct m *mp, struct g *gp)
{
    assert_pinned();
    ASSERT(mp == this_m() && gp->pin < 0);
    ASSERT(atomic_load(&gp->status) == G_RUNNABLE);
    struct runq *q = &mp->runq;
    uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
    uint32_t t = PEEK(q->tail);
    if (likely(t - h < RUNQ_CAP)) {
        atomic_store_explicit(&q->ring[t % RUNQ_CAP], gp, memory_order_relaxed);
        atomic_store_explicit(&q->tail, t + 1, memory_order_release);
    } else {
        runq_put_slow(mp, gp);
    }
}

/* Makes gp the next to run here; what stood there goes to the tail of the ring. */
static inline void
runq_put_next(struct m *mp, struct g *gp)
{
    assert_pinned();
    ASSERT(mp == this_m() && gp->pin < 0);
    ASSERT(atomic_load(&gp->status) == G_RUNNABLE);
    struct g *old = atomic_exchange_explicit(&mp->runq.next, gp, memory_order_seq_cst);
    if (old != NULL) {
        runq_put(mp, old);
        atomic_thread_fence(memory_order_seq_cst); /* a thief may have emptied `next` already */
    }
}

/* This core's own `next`, which goes on with the running slice, or NULL. */
static inline struct g *
runq_get_next(struct m *mp)
{
    struct g *gp = PEEK(mp->runq.next);
    if (gp != NULL
        && atomic_compare_exchange_strong_explicit(&mp->runq.next, &gp, NULL, memory_order_acquire,
                                                   memory_order_relaxed)) {
        return gp;
    }
    return NULL;
}

/* The oldest of this core's own ring, or NULL. */
static inline struct g *
runq_get_ring(struct m *mp)
{
    assert_pinned();
    ASSERT(mp == this_m());
    struct runq *q = &mp->runq;
    uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
    while (PEEK(q->tail) != h) {
        struct g *gp = atomic_load_explicit(&q->ring[h % RUNQ_CAP], memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&q->head, &h, h + 1, memory_order_release,
                                                  memory_order_acquire)) {
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
