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

    /* lock; count and closed are read without it by calls that may not park */
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

/* One select. On its goroutine's stack; constant but for winner. */
struct select {
    _Atomic(struct waiter *) winner; /* the one case that fires; whoever sets it completes it */
    struct select_case **order;      /* the cases with a channel, by its address */
    struct waiter *waiters;          /* one for each of them */
    uint32_t n;                      /* of both */
};

/* chan.c: one operation under c->lock. True, or not CHAN_EMPTY: done, and the lock is open. */
bool chan_send_now(struct chan *c, const void *elem);
enum chan_status chan_recv_now(struct chan *c, void *elem);
/* For owners. `post` sends without parking: false where there is no room. */
struct chan *chan_make_owned(size_t elem_size, size_t capacity, enum chan_owner owner);
bool chan_post(struct chan *c, const void *elem);
bool chan_discard(struct chan *c); /* empties the buffer: was there anything? */
void chan_close_owned(struct chan *c);
void chan_free_owned(struct chan *c);

/* select.c: the first of q, under c->lock, that can be had; taken off q and off all other channels.
 * NULL: nobody. The lock may have been open in between, but is not from the last look to the
 * return. */
struct waiter *select_take(struct chan *c, struct gamp_waitq *q);
bool select_live(const struct gamp_waitq *q);

/* The first of q that can be had, taken off it. */
static inline struct waiter *
take(struct chan *c, struct gamp_waitq *q)
{
    struct waiter *w = q->first;
    if (w == NULL || w->sel == NULL) {
        return waitq_pop(q);
    }
    return select_take(c, q);
}
