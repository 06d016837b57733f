/* SPDX-License-Identifier: MIT */
/*
 * chantry.c -- sending and receiving without parking: the program's tries, and a select's.
 *
 * Cost         a try that cannot succeed takes no lock
 * Go           chan.go: chansend, chanrecv with block = false
 */
#include "chan.h"

/* `locked`: c->lock is held, else lock_begin was not enough. */
static COLD bool
post_slow(struct chan *c, const void *elem, bool locked)
{
    if (!locked) {
        lock_slow(&c->lock);
    }
    bool done = chan_send_now(c, elem);
    if (!done) {
        lock_release(&c->lock);
    }
    return done;
}

static COLD enum chan_status
fetch_slow(struct chan *c, void *elem, bool locked)
{
    if (!locked) {
        lock_slow(&c->lock);
    }
    enum chan_status s = chan_recv_now(c, elem);
    if (s == CHAN_EMPTY) {
        lock_release(&c->lock);
    }
    return s;
}

static COLD bool
post_any(struct chan *c, const void *elem)
{
    elem_probe(c, elem);
    lock_acquire(&c->lock, RANK_CHAN);
    return post_slow(c, elem, true);
}

static COLD enum chan_status
fetch_any(struct chan *c, void *elem)
{
    if (elem != NULL) {
        elem_probe(c, elem);
    }
    lock_acquire(&c->lock, RANK_CHAN);
    return fetch_slow(c, elem, true);
}

/* A word to or from the partner who waits longest, and for nothing else. */
static COLD bool
post_to(struct chan *c, const void *elem)
{
    struct waiter *w = PEEK(c->recvq.first);
    waitq_remove_first(&c->recvq, w);
    word_give(c, w, elem);
    return true;
}

static COLD enum chan_status
fetch_from(struct chan *c, void *elem)
{
    struct waiter *w = PEEK(c->sendq.first);
    waitq_remove_first(&c->sendq, w);
    word_get(c, w, elem);
    return CHAN_OK;
}

/* The same where who waits longest selects, if anybody can be had. */
static COLD bool
post_select(struct chan *c, const void *elem)
{
    struct waiter *w = select_take(c, &c->recvq);
    if (unlikely(w == NULL)) {
        return post_slow(c, elem, true);
    }
    word_give(c, w, elem);
    return true;
}

static COLD enum chan_status
fetch_select(struct chan *c, void *elem)
{
    struct waiter *w = select_take(c, &c->sendq);
    if (unlikely(w == NULL)) {
        return fetch_slow(c, elem, true);
    }
    word_get(c, w, elem);
    return CHAN_OK;
}

bool
chan_post(struct chan *c, const void *elem)
{
    if (unlikely(c->elem_size != WORD)) {
        return post_any(c, elem);
    }
    elem_touch(elem);
    if (!lock_begin(&c->lock, RANK_CHAN)) {
        return post_slow(c, elem, false);
    }
    const struct waiter *w = PEEK(c->recvq.first);
    if (w == NULL || unlikely(PEEK(c->closed))) {
        return post_slow(c, elem, true);
    }
    return w->sel == NULL ? post_to(c, elem) : post_select(c, elem);
}

enum chan_status
chan_fetch(struct chan *c, void *elem)
{
    if (unlikely(c->elem_size != WORD) || unlikely(elem == NULL)) {
        return fetch_any(c, elem);
    }
    elem_touch(elem);
    if (!lock_begin(&c->lock, RANK_CHAN)) {
        return fetch_slow(c, elem, false);
    }
    const struct waiter *w = PEEK(c->sendq.first);
    if (w == NULL || c->cap > 0) {
        return fetch_slow(c, elem, true);
    }
    return w->sel == NULL ? fetch_from(c, elem) : fetch_select(c, elem);
}

/* Without the lock, where its word is even before the look and the same after it: so it was at one
 * moment (lock.h). Seen odd, somebody is at it, perhaps with stores still on their way. One without
 * a buffer is full while nobody waits to receive. */
inline bool
chan_try_send(struct chan *c, const void *elem)
{
    if (unlikely(c == NULL)) {
        return false;
    }
    uint64_t word = atomic_load_explicit(&c->lock.word, memory_order_acquire);
    uint64_t room = (PEEK(c->count) ^ c->cap) | (uintptr_t)PEEK(c->recvq.first) | PEEK(c->closed);
    if ((room | (word & LOCK_HELD)) == 0) {
        atomic_thread_fence(memory_order_acquire);
        if (likely(PEEK(c->lock.word) == word)) {
            return false;
        }
    }
    return chan_post(c, elem);
}

/* Likewise. One without a buffer is empty while nobody waits to send. */
inline enum chan_status
chan_try_recv(struct chan *c, void *elem)
{
    if (unlikely(c == NULL)) {
        return CHAN_EMPTY;
    }
    uint64_t word = atomic_load_explicit(&c->lock.word, memory_order_acquire);
    uint64_t some = PEEK(c->count) | (uintptr_t)PEEK(c->sendq.first) | PEEK(c->closed);
    if ((some | (word & LOCK_HELD)) == 0) {
        atomic_thread_fence(memory_order_acquire);
        if (likely(PEEK(c->lock.word) == word)) {
            return CHAN_EMPTY;
        }
    }
    return chan_fetch(c, elem);
}
