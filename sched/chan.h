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
    _Atomic(uint32_t) closed; /* 0 or 1, and wide enough to be or'ed to the others */
    struct gamp_lock lock;
    _Atomic(size_t) count;
    size_t head;
    struct gamp_waitq recvq, sendq;
    _Alignas(16) unsigned char buf[];
};

#define WORD sizeof(uint64_t) /* what most elements are */
#define COLD __attribute__((noinline))

/* Faults here, if at all: elem is the caller's. */
static inline void
elem_touch(const void *elem)
{
    atomic_load_explicit((const _Atomic(char) *)elem, memory_order_relaxed);
}

static inline void
elem_probe(const struct chan *c, const void *elem)
{
    if (likely(c->elem_size != 0)) {
        elem_touch(elem);
    }
}

/* chan.c: one operation under c->lock. True, or not CHAN_EMPTY: done, and the lock is open. */
bool chan_send_now(struct chan *c, const void *elem);
enum chan_status chan_recv_now(struct chan *c, void *elem);
/* chantry.c, without parking. chan_post: false where there is no room; chan_fetch: CHAN_EMPTY. */
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

/* Ends the wait of w, taken off its list: c->lock is held and opened here. */
HOT void
meet(struct chan *c, struct waiter *w)
{
    assert_held(&c->lock);
    ASSERT(w->g != this_g());
    struct g *gp = w->g;
    w->ok = true;
    lock_open(&c->lock); /* preemption stays off */
    g_ready_off(this_m(), gp);
    arch_preempt_on();
}

HOT void
word_give(struct chan *c, struct waiter *w, const void *elem)
{
    if (likely(w->elem != NULL)) {
        __builtin_memcpy(w->elem, elem, WORD);
    }
    meet(c, w);
}

HOT void
word_get(struct chan *c, struct waiter *w, void *elem)
{
    __builtin_memcpy(elem, w->elem, WORD);
    meet(c, w);
}
