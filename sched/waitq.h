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
    struct waiter *last = q->last;
    w->next = NULL;
    w->prev = last;
    q->last = w;
    if (unlikely(last != NULL)) {
        last->next = w;
    } else {
        waitq_set_first(q, w);
    }
}

static inline void
waitq_push_front(struct gamp_waitq *q, struct waiter *w)
{
    struct waiter *first = PEEK(q->first);
    w->prev = NULL;
    w->next = first;
    if (first != NULL) {
        first->prev = w;
    } else {
        q->last = w;
    }
    waitq_set_first(q, w);
}

static inline void
waitq_remove(struct gamp_waitq *q, struct waiter *w)
{
    struct waiter *next = w->next, *prev = w->prev;
    if (unlikely(next != NULL)) {
        next->prev = prev;
    } else {
        q->last = prev;
    }
    if (unlikely(prev != NULL)) {
        prev->next = next;
    } else {
        waitq_set_first(q, next);
    }
}

/* w is the first of q. */
static inline void
waitq_remove_first(struct gamp_waitq *q, struct waiter *w)
{
    struct waiter *next = w->next;
    if (unlikely(next != NULL)) {
        next->prev = NULL;
    } else {
        q->last = NULL;
    }
    waitq_set_first(q, next);
}

static inline struct waiter *
waitq_pop(struct gamp_waitq *q)
{
    struct waiter *w = PEEK(q->first);
    if (w != NULL) {
        waitq_remove_first(q, w);
    }
    return w;
}
