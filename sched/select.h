/* SPDX-License-Identifier: MIT */
/*
 * select.h -- what select.c and selmany.c share: one select, and a look without locks.
 *
 * Protocol     A glance reads each channel's lock word, then whether the case is ready; who has
 *              seen nothing ready reads the words again. All even and none changed: from its first
 *              word to its second nobody was at any of them, so at the moment between the two
 *              passes all were as they looked. Words only grow: their sum says whether one did.
 *              Who sees a change of a channel also sees the word that came before it: changes are
 *              release stores after the closing, and a fence stands before the second pass.
 *              A waiter seen on a list may be served already, and no pointer to it is followed: a
 *              case that looks ready is only worth the try. It is done, if it can be, under its
 *              channel's lock, at a moment when it is ready, which is all that a choice needs.
 */
#pragma once
#include "chan.h"

enum { SELECT_CASES_MAX = 65536 };

/* One select that waits. On its goroutine's stack; constant but for winner. Its waiters are linked
 * in a circle. */
struct select {
    _Atomic(struct waiter *) winner; /* the one case that fires; whoever sets it completes it */
};

/* Zeroed at first. */
struct glance {
    uint64_t words;            /* of the channels' locks, added up */
    uint64_t held;             /* bit 0: one was */
    struct select_case *ready; /* one of those that look so, each as likely as any other */
    uint32_t n;                /* how many do */
};

bool select_one_in(uint32_t n); /* at random */
/* The case done, unless it is not ready, with its channel's lock alone. */
bool select_attempt(struct select_case *k);
/* After g_park: the case that was served. */
struct select_case *select_served(const struct select *s);
/* selmany.c: the index, or -1 if none is ready and it may not park. */
int select_locked(struct select_case *cases, size_t n, bool may_park);

static inline struct gamp_waitq *
own_queue(const struct select_case *k)
{
    return k->op == SELECT_OP_SEND ? &k->chan->sendq : &k->chan->recvq;
}

static inline const struct gamp_waitq *
partners(const struct select_case *k)
{
    return k->op == SELECT_OP_SEND ? &k->chan->recvq : &k->chan->sendq;
}

/* Without a partner. */
static inline bool
ready_alone(const struct select_case *k)
{
    struct chan *c = k->chan;
    return (k->op == SELECT_OP_SEND ? PEEK(c->count) < c->cap : PEEK(c->count) > 0)
           || PEEK(c->closed);
}

/* Of a case that has a channel. */
HOT void
glance_at(struct glance *seen, struct select_case *k)
{
    uint64_t word = atomic_load_explicit(&k->chan->lock.word, memory_order_acquire);
    seen->words += word;
    seen->held |= word;
    if ((ready_alone(k) || PEEK(partners(k)->first) != NULL)
        && (seen->n++ == 0 || select_one_in(seen->n))) {
        seen->ready = k;
    }
}

/* A program's own bad pointer is found out here, before anything is locked. */
static inline void
case_probe(const struct select_case *k)
{
    if (k->elem != NULL || k->op == SELECT_OP_SEND) {
        elem_probe(k->chan, k->elem);
    }
}

/* Its channel is locked. */
static inline void
case_queue(struct select *s, struct select_case *k, struct waiter *w, struct waiter *mate)
{
    w->g = this_g();
    w->elem = k->elem;
    w->sel = s;
    w->ok = false;
    w->queued = true;
    w->of = k;
    w->mate = mate;
    waitq_push(own_queue(k), w);
}
