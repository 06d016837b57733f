/* SPDX-License-Identifier: MIT */
/*
 * waitq.h -- who waits for a thing, in order: a doubly linked list of waiters on their own stacks.
 *
 * Locks        the thing's own, held by every caller
 */
#pragma once
#include "runtime.h"

static inline void
waitq_push(struct gamp_waitq *q, struct waiter *w)
{
    w->next = NULL;
    w->prev = q->last;
    if (w->prev != NULL) {
        w->prev->next = w;
    } else {
        q->first = w;
    }
    q->last = w;
}

static inline void
waitq_push_front(struct gamp_waitq *q, struct waiter *w)
{
    w->prev = NULL;
    w->next = q->first;
    if (w->next != NULL) {
        w->next->prev = w;
    } else {
        q->last = w;
    }
    q->first = w;
}

static inline void
waitq_remove(struct gamp_waitq *q, struct waiter *w)
{
    if (w->prev != NULL) {
        w->prev->next = w->next;
    } else {
        q->first = w->next;
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
    struct waiter *w = q->first;
    if (w != NULL) {
        q->first = w->next;
        if (w->next != NULL) {
            w->next->prev = NULL;
        } else {
            q->last = NULL;
        }
    }
    return w;
}
