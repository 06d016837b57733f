/* SPDX-License-Identifier: MIT */
/*
 * waitq.h -- who waits for a thing, in order: a doubly linked list of waiters on their own stacks.
 *
 * Locks        the thing's own, held by every caller; whether `first` is NULL may be seen without
 */
#pragma once
#include "runtime.h"

static inline void
waitq_set_first(struct gamp_waitq *q, struct waiter *w)
{
    atomic_store_explicit(&q->first, w, memory_order_release);
}

static inline void
waitq_push(struct gamp_waitq *q, struct waiter *w)
{
    w->next = NULL;
    w->prev = q->last;
    if (w->prev != NULL) {
        w->prev->next = w;
    } else {
        waitq_set_first(q, w);
    }
    q->last = w;
}

static inline void
waitq_push_front(struct gamp_waitq *q, struct waiter *w)
{
    w->prev = NULL;
    w->next = PEEK(q->first);
    if (w->next != NULL) {
        w->next->prev = w;
    } else {
        q->last = w;
    }
    waitq_set_first(q, w);
}

static inline void
waitq_remove(struct gamp_waitq *q, struct waiter *w)
{
    if (w->prev != NULL) {
        w->prev->next = w->next;
    } else {
        waitq_set_first(q, w->next);
    }
    if (w->next != NULL) {
        w->next->prev = w->prev;
    } else {
        q->last = w->prev;
    }
}

static inline struct waiter *
waitq_pop(struct gamp_waitq *q)
{
    struct waiter *w = PEEK(q->first);
    if (w != NULL) {
        waitq_set_first(q, w->next);
        if (w->next != NULL) {
            w->next->prev = NULL;
        } else {
            q->last = NULL;
        }
    }
    return w;
}
