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
 *              Opening a lock is no fence, but closing one is. Of two, of which each sends and then
 *              looks for the other's, one finds at least the other's word odd, or what it sent.
 */
#pragma once
#include "chan.h"

enum { SELECT_CASES_MAX = 65536 };

/* One select that waits. On its goroutine's stack; constant but for winner. Its waiters are linked
 * in a circle. */
struct select {
    _Atomic(struct waiter *) winner; /* the one case that fires; whoever sets it completes it */
};

bool select_one_in(uint32_t n); /* at random */
/* The case done, unless it is not ready, with its channel's lock alone. */
bool select_attempt(struct select_case *k);
/* After g_park: the case that was served. */
struct select_case *select_served(const struct select *s);
/* selmany.c: the index, or -1 if none is ready and it may not park. */
int select_locked(struct select_case *cases, size_t n, bool may_park);

static inline struct gamp_waitq *
own_queue(const struct select_case *k, struct chan *c)
{
    return k->op == SELECT_OP_SEND ? &c->sendq : &c->recvq;
}

/* Of a case that has a channel, perhaps without its lock: then it may be wrong by now. */
HOT bool
looks_ready(const struct select_case *k, struct chan *c)
{
    if (k->op == SELECT_OP_SEND) {
        return PEEK(c->count) != c->cap || (PEEK(c->closed) | (uintptr_t)PEEK(c->recvq.first)) != 0;
    }
    return (PEEK(c->count) | PEEK(c->closed) | (uintptr_t)PEEK(c->sendq.first)) != 0;
}

/* A program's own bad pointer is found out here, before anything is locked. */
static inline void
case_probe(const struct select_case *k)
{
    if (k->elem != NULL || k->op == SELECT_OP_SEND) {
        elem_probe(k->chan, k->elem);
    }
}

/* k's channel c is locked. */
static inline void
case_queue(struct select *s, struct g *gp, struct select_case *k, struct chan *c, struct waiter *w,
           struct waiter *mate)
{
    w->g = gp;
    w->elem = k->elem;
    w->sel = s;
    w->ok = false;
    w->queued = true;
    w->of = k;
    w->mate = mate;
    waitq_push(own_queue(k, c), w);
}
