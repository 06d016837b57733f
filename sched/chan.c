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

#define WORD sizeof(uint64_t)
#define COLD __attribute__((noinline))

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
    g_park(g_unlock_commit, &c->lock, why);
    return w.ok;
}

/* Ends the wait of w, taken off its list: c->lock is held and opened here. */
static void
chan_meet(struct chan *c, struct waiter *w)
{
    assert_held(&c->lock);
    ASSERT(w->g != this_g());
    struct g *gp = w->g;
    w->ok = true;
    lock_open(&c->lock); /* preemption stays off */
    g_ready_off(this_m(), gp);
    arch_preempt_on();
}

/* `closed` is looked at first: once somebody has seen it, no send succeeds. take() may open the
 * lock for a moment, but a waiter it returns was claimed before anyone could see a later close. */
HOT bool
send_now(struct chan *c, const void *elem)
{
    assert_held(&c->lock);
    if (PEEK(c->closed)) {
        lock_release(&c->lock);
        panic("send on closed channel");
    }
    struct waiter *w = take(c, &c->recvq);
    if (w != NULL) {
        elem_copy(c, w->elem, elem);
        chan_meet(c, w);
        return true;
    }
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
HOT enum chan_status
recv_now(struct chan *c, void *elem)
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

/* With partners that wait for nothing else. */
static COLD void
send_to(struct chan *c, const void *elem)
{
    struct waiter *w = waitq_pop(&c->recvq);
    elem_copy(c, w->elem, elem);
    chan_meet(c, w);
}

static COLD bool
recv_from(struct chan *c, void *elem)
{
    struct waiter *w = waitq_pop(&c->sendq);
    elem_copy(c, elem, w->elem);
    chan_meet(c, w);
    return true;
}

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
    if (!send_now(c, elem)) {
        send_wait(c, elem);
    }
}

static COLD bool
recv_slow(struct chan *c, void *elem, bool locked)
{
    if (!locked) {
        lock_slow(&c->lock);
    }
    enum chan_status s = recv_now(c, elem);
    return s != CHAN_EMPTY ? s == CHAN_OK : recv_wait(c, elem);
}

/* A word into a buffer with room takes 30 instructions, one of them locked. */
void
chan_send(struct chan *c, const void *elem)
{
    if (unlikely(c == NULL)) {
        g_park_for_ever(WAIT_CHAN_SEND_NIL);
    }
    elem_probe(c, elem);
    if (!lock_begin(&c->lock, RANK_CHAN)) {
        send_slow(c, elem, false);
        return;
    }
    const struct waiter *w = PEEK(c->recvq.first);
    size_t n = PEEK(c->count);
    if (PEEK(c->closed) || (w != NULL && w->sel != NULL)) {
        send_slow(c, elem, true);
    } else if (w != NULL) {
        send_to(c, elem);
    } else if (n == c->cap) {
        send_wait(c, elem);
    } else if (c->elem_size != WORD) {
        send_slow(c, elem, true);
    } else {
        __builtin_memcpy(c->buf + wrap(c, c->head + n) * WORD, elem, WORD);
        atomic_store_explicit(&c->count, n + 1, memory_order_release);
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
    if (elem != NULL) {
        elem_probe(c, elem);
    }
    if (!lock_begin(&c->lock, RANK_CHAN)) {
        return recv_slow(c, elem, false);
    }
    const struct waiter *w = PEEK(c->sendq.first);
    size_t n = PEEK(c->count);
    if (n == 0 && w != NULL && w->sel == NULL) {
        return recv_from(c, elem);
    }
    if (n == 0 && w == NULL && !PEEK(c->closed)) {
        return recv_wait(c, elem);
    }
    if (n == 0 || w != NULL || c->elem_size != WORD || elem == NULL) {
        return recv_slow(c, elem, true);
    }
    __builtin_memcpy(elem, c->buf + c->head * WORD, WORD);
    c->head = wrap(c, c->head + 1);
    atomic_store_explicit(&c->count, n - 1, memory_order_release);
    lock_release(&c->lock);
    return true;
}

COLD bool
chan_post(struct chan *c, const void *elem)
{
    elem_probe(c, elem);
    lock_acquire(&c->lock, RANK_CHAN);
    bool done = send_now(c, elem);
    if (!done) {
        lock_release(&c->lock);
    }
    return done;
}

COLD enum chan_status
chan_fetch(struct chan *c, void *elem)
{
    if (elem != NULL) {
        elem_probe(c, elem);
    }
    lock_acquire(&c->lock, RANK_CHAN);
    enum chan_status s = recv_now(c, elem);
    if (s == CHAN_EMPTY) {
        lock_release(&c->lock);
    }
    return s;
}

/* Without the lock: `closed` before fullness. A channel seen open, then full, was full at some
 * moment while open, since a closed one never opens again. */
bool
chan_try_send(struct chan *c, const void *elem)
{
    if (c == NULL) {
        return false;
    }
    if (!atomic_load_explicit(&c->closed, memory_order_acquire) && c->cap > 0
        && atomic_load_explicit(&c->count, memory_order_acquire) == c->cap) {
        return false;
    }
    return chan_post(c, elem);
}

/* Without the lock: emptiness, then `closed`: if it was not closed after it was seen empty, it was
 * empty and open at the same moment. */
enum chan_status
chan_try_recv(struct chan *c, void *elem)
{
    if (c == NULL) {
        return CHAN_EMPTY;
    }
    if (c->cap > 0 && atomic_load_explicit(&c->count, memory_order_acquire) == 0
        && !atomic_load_explicit(&c->closed, memory_order_acquire)) {
        return CHAN_EMPTY;
    }
    return chan_fetch(c, elem);
}
