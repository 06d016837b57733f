/* SPDX-License-Identifier: MIT */
/*
 * chan.h -- what chan.c, select.c and those who own channels share.
 */
#pragma once
#include "proc.h"
#include "waitq.h"

/* Whose channel it is: only a program's own may be closed and freed by the program. */
enum chan_owner { CHAN_OF_PROGRAM, CHAN_OF_TIMER, CHAN_OF_CONTEXT };

struct chan {
    /* constant */
    size_t elem_size;
    size_t cap;
    enum chan_owner owner;

    /* lock; count, closed and whether anybody waits are read without it */
    _Atomic(bool) closed;
    struct gamp_lock lock;
    _Atomic(size_t) count;
    size_t head;
    struct gamp_waitq recvq, sendq;
    _Alignas(16) unsigned char buf[];
};

/* Faults here, if at all: elem is the caller's. */
static inline void
elem_probe(const struct chan *c, const void *elem)
{
    if (c->elem_size != 0) {
        atomic_load_explicit((const _Atomic(char) *)elem, memory_order_relaxed);
    }
}

/* chan.c, without parking. chan_post: false where there is no room; chan_fetch: CHAN_EMPTY. */
bool chan_post(struct chan *c, const void *elem);
enum chan_status chan_fetch(struct chan *c, void *elem);
/* For owners. */
struct chan *chan_make_owned(size_t elem_size, size_t capacity, enum chan_owner owner);
bool chan_discard(struct chan *c); /* empties the buffer: was there anything? */
void chan_close_owned(struct chan *c);
void chan_free_owned(struct chan *c);

/* select.c: take(), where the first of q is a select's. NULL: nobody can be had. c->lock may have
 * been open in between, but is not from the last look to the return. */
struct waiter *select_take(struct chan *c, struct gamp_waitq *q);

/* The first of q that can be had, taken off it and off all other channels. c->lock is held. */
static inline struct waiter *
take(struct chan *c, struct gamp_waitq *q)
{
    struct waiter *w = PEEK(q->first);
    if (w == NULL || w->sel == NULL) {
        return waitq_pop(q);
    }
    return select_take(c, q);
}
