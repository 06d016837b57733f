/* SPDX-License-Identifier: MIT */
/*
 * chan.c -- how two goroutines meet.
 *
 * Invariants   (all under c->lock; a select that waits to send and to receive is neither to itself,
 *              and waiters of a select that another channel has served do not count)
 *              1. receivers wait only while the buffer is empty and no sender waits
 *              2. senders wait only while the buffer is full (always so with capacity 0)
 *              3. nobody waits on a closed channel, once chan_close has let go of its lock
 *              4. count <= cap; the oldest element is at slot `head`
 * Locks        c->lock (RANK_CHAN); held across the switch of whoever parks, opened by its commit
 * Protocol     A waiter stands on its goroutine's stack. Who takes it off the list has it alone,
 *              copies the value straight across (the waiting stack may fault a page in: an ordinary
 *              event), sets ok, and readies the goroutine after the lock is open; it touches
 *              neither waiter nor channel after that. A waiter of a select must be claimed first,
 *              and its others taken off their lists: select.c.
 *              A program's own bad pointer is found out before the lock is taken: a fault with
 *              preemption off would be gamp's, not the goroutine's.
 * Cost         no allocation to block; one lock an operation; a try that cannot succeed takes none.
 * Go           chan.go: chansend, chanrecv
 */
#include "chan.h"

/* A word is moved as a word: most elements are one. */
static inline void
elem_copy(const struct chan *c, void *to, const void *from)
{
    if (to == NULL || c->elem_size == 0) {
        return;
    }
    if (c->elem_size == WORD) {
        __builtin_memcpy(to, from, WORD);
    } else {
        memcpy(to, from, c->elem_size);
    }
}

static inline void *
slot(struct chan *c, size_t i)
{
    return c->buf + i * c->elem_size;
}

static inline size_t
wrap(const struct chan *c, size_t i)
{
    return i >= c->cap ? i - c->cap : i;
}

/* Parks the caller on q until a partner or chan_close took its waiter off. c->lock is held, and
 * open on return. True: a partner did. */
static bool
chan_wait(struct chan *c, struct gamp_waitq *q, void *elem, enum wait_reason why)
{
    assert_held(&c->lock);
    struct waiter w; /* next and prev are waitq_push's, the rest is others' */
    w.g = this_g();
    w.elem = elem;
    w.sel = NULL;
    w.ok = false;
    waitq_push(q, &w);
    g_park_unlock(&c->lock, why);
    return w.ok;
}

static COLD void
chan_meet(struct chan *c, struct waiter *w)
{
    meet(c, w);
}

static void
send_refuse_closed(struct chan *c)
{
    if (unlikely(PEEK(c->closed))) {
        lock_release(&c->lock);
        panic("send on closed channel");
    }
}

/* `closed` is looked at first: once somebody has seen it, no send succeeds. take() may open the
 * lock for a moment: a waiter it returns was claimed before anyone could see a later close; where
 * it returns none, the channel may have been closed since. */
bool
chan_send_now(struct chan *c, const void *elem)
{
    assert_held(&c->lock);
    send_refuse_closed(c);
    struct waiter *w = take(c, &c->recvq);
    if (w != NULL) {
        elem_copy(c, w->elem, elem);
        chan_meet(c, w);
        return true;
    }
    send_refuse_closed(c);
    size_t n = PEEK(c->count);
    ASSERT(n <= c->cap);
    if (n == c->cap) {
        return false;
    }
    elem_copy(c, slot(c, wrap(c, c->head + n)), elem);
    atomic_store_explicit(&c->count, n + 1, memory_order_release);
    lock_release(&c->lock);
    return true;
}

/* take() comes first, since it may open the lock for a moment. */
enum chan_status
chan_recv_now(struct chan *c, void *elem)
{
    assert_held(&c->lock);
    struct waiter *w = take(c, &c->sendq);
    size_t n = PEEK(c->count);
    ASSERT(w == NULL || n == c->cap);
    if (n > 0) {
        elem_copy(c, elem, slot(c, c->head));
        if (w != NULL) { /* full: its value takes the slot just freed */
            elem_copy(c, slot(c, c->head), w->elem);
        }
        c->head = wrap(c, c->head + 1);
        if (w == NULL) {
            atomic_store_explicit(&c->count, n - 1, memory_order_release);
            lock_release(&c->lock);
        } else {
            chan_meet(c, w);
        }
        return CHAN_OK;
    }
    if (w != NULL) {
        elem_copy(c, elem, w->elem);
        chan_meet(c, w);
        return CHAN_OK;
    }
    if (!PEEK(c->closed)) {
        return CHAN_EMPTY;
    }
    if (elem != NULL) {
        memset(elem, 0, c->elem_size);
    }
    lock_release(&c->lock);
    return CHAN_CLOSED;
}

/* ---- in functions of their own, so that chan_send and chan_recv save no register ---- */

static COLD void
send_wait(struct chan *c, const void *elem)
{
    if (!chan_wait(c, &c->sendq, (void *)(uintptr_t)elem, WAIT_CHAN_SEND)) {
        panic("send on closed channel");
    }
}

static COLD bool
recv_wait(struct chan *c, void *elem)
{
    return chan_wait(c, &c->recvq, elem, WAIT_CHAN_RECV);
}

/* All that is rare. `locked`: c->lock is held, else lock_begin was not enough. */
static COLD void
send_slow(struct chan *c, const void *elem, bool locked)
{
    if (!locked) {
        lock_slow(&c->lock);
    }
    if (!chan_send_now(c, elem)) {
        send_wait(c, elem);
    }
}

static COLD bool
recv_slow(struct chan *c, void *elem, bool locked)
{
    if (!locked) {
        lock_slow(&c->lock);
    }
    enum chan_status s = chan_recv_now(c, elem);
    return s != CHAN_EMPTY ? s == CHAN_OK : recv_wait(c, elem);
}

/* Elements of any size, received into nothing or something. */
static COLD void
send_any(struct chan *c, const void *elem)
{
    elem_probe(c, elem);
    lock_acquire(&c->lock, RANK_CHAN);
    send_slow(c, elem, true);
}

static COLD bool
recv_any(struct chan *c, void *elem)
{
    if (elem != NULL) {
        elem_probe(c, elem);
    }
    lock_acquire(&c->lock, RANK_CHAN);
    return recv_slow(c, elem, true);
}

/* A word to or from who waits longest and selects, if anybody can be had. */
static COLD void
send_select(struct chan *c, const void *elem)
{
    struct waiter *w = select_take(c, &c->recvq);
    if (unlikely(w == NULL)) {
        send_slow(c, elem, true);
        return;
    }
    word_give(c, w, elem);
}

static COLD bool
recv_select(struct chan *c, void *elem)
{
    struct waiter *w;
    if (c->cap > 0 || (w = select_take(c, &c->sendq)) == NULL) {
        return recv_slow(c, elem, true);
    }
    word_get(c, w, elem);
    return true;
}

/* A word to who waits, or c is closed. */
static COLD void
send_to(struct chan *c, const void *elem)
{
    struct waiter *w = PEEK(c->recvq.first);
    if (unlikely(PEEK(c->closed))) {
        send_slow(c, elem, true);
    } else if (w->sel != NULL) {
        send_select(c, elem);
    } else {
        waitq_remove_first(&c->recvq, w);
        word_give(c, w, elem);
    }
}

static COLD bool
recv_from(struct chan *c, void *elem)
{
    struct waiter *w = PEEK(c->sendq.first);
    if (w->sel != NULL) {
        return recv_select(c, elem);
    }
    waitq_remove_first(&c->sendq, w);
    word_get(c, w, elem);
    return true;
}

/* A word into a buffer with room takes 27 instructions, one of them locked. */
void
chan_send(struct chan *c, const void *elem)
{
    if (unlikely(c == NULL)) {
        g_park_for_ever(WAIT_CHAN_SEND_NIL);
    }
    if (unlikely(c->elem_size != WORD)) {
        send_any(c, elem);
        return;
    }
    elem_touch(elem);
    if (!lock_begin(&c->lock, RANK_CHAN)) {
        send_slow(c, elem, false);
        return;
    }
    size_t n = PEEK(c->count);
    if ((PEEK(c->closed) | (uintptr_t)PEEK(c->recvq.first)) != 0) {
        send_to(c, elem);
    } else if (n == c->cap) {
        send_wait(c, elem);
    } else {
        __builtin_memcpy(c->buf + wrap(c, c->head + n) * WORD, elem, WORD);
        COUNT_OPEN(c->count, 1);
        lock_release(&c->lock);
    }
}

/* The same for a word out of a buffer that nobody waits to fill. */
bool
chan_recv(struct chan *c, void *elem)
{
    if (unlikely(c == NULL)) {
        g_park_for_ever(WAIT_CHAN_RECV_NIL);
    }
    if (unlikely(c->elem_size != WORD) || unlikely(elem == NULL)) {
        return recv_any(c, elem);
    }
    elem_touch(elem);
    if (!lock_begin(&c->lock, RANK_CHAN)) {
        return recv_slow(c, elem, false);
    }
    const struct waiter *w = PEEK(c->sendq.first);
    if (PEEK(c->count) == 0) {
        if (w != NULL) {
            return recv_from(c, elem);
        }
        return unlikely(PEEK(c->closed)) ? recv_slow(c, elem, true) : recv_wait(c, elem);
    }
    if (w != NULL) {
        return recv_slow(c, elem, true);
    }
    size_t head = c->head, next = head + 1;
    __builtin_memcpy(elem, c->buf + head * WORD, WORD);
    c->head = next == c->cap ? 0 : next;
    COUNT_OPEN(c->count, -1);
    lock_release(&c->lock);
    return true;
}
