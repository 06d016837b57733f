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
 * Go           chan.go: chansend, chanrecv, closechan
 */
#include "chan.h"

/* A word is moved as a word: most elements are one. */
static inline void
elem_copy(const struct chan *c, void *to, const void *from)
{
    if (to == NULL || c->elem_size == 0) {
        return;
    }
    if (c->elem_size == sizeof(uint64_t)) {
        __builtin_memcpy(to, from, sizeof(uint64_t));
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

static inline struct waiter *
take(struct chan *c, struct gamp_waitq *q)
{
    struct waiter *w = q->first;
    if (w == NULL || w->sel == NULL) {
        return waitq_pop(q);
    }
    return select_take(c, q);
}

struct chan *
chan_make_owned(size_t elem_size, size_t capacity, enum chan_owner owner)
{
    size_t bytes;
    if (__builtin_mul_overflow(elem_size, capacity, &bytes)
        || bytes > PTRDIFF_MAX - sizeof(struct chan)) {
        panic("makechan: size out of range");
    }
    struct chan *c = arch_alloc(sizeof(*c) + bytes);
    if (c != NULL) {
        *c = (struct chan){ .elem_size = elem_size, .cap = capacity, .owner = owner };
    }
    return c;
}

struct chan *
chan_make(size_t elem_size, size_t capacity)
{
    return chan_make_owned(elem_size, capacity, CHAN_OF_PROGRAM);
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

bool
chan_send_now(struct chan *c, const void *elem)
{
    return send_now(c, elem);
}

enum chan_status
chan_recv_now(struct chan *c, void *elem)
{
    return recv_now(c, elem);
}

void
chan_send(struct chan *c, const void *elem)
{
    if (c == NULL) {
        g_park_for_ever(WAIT_CHAN_SEND_NIL);
    }
    elem_probe(c, elem);
    lock_acquire(&c->lock, RANK_CHAN);
    if (!send_now(c, elem) && !chan_wait(c, &c->sendq, (void *)(uintptr_t)elem, WAIT_CHAN_SEND)) {
        panic("send on closed channel");
    }
}

bool
chan_recv(struct chan *c, void *elem)
{
    if (c == NULL) {
        g_park_for_ever(WAIT_CHAN_RECV_NIL);
    }
    if (elem != NULL) {
        elem_probe(c, elem);
    }
    lock_acquire(&c->lock, RANK_CHAN);
    enum chan_status s = recv_now(c, elem);
    return s != CHAN_EMPTY ? s == CHAN_OK : chan_wait(c, &c->recvq, elem, WAIT_CHAN_RECV);
}

static __attribute__((noinline)) bool
try_send_locked(struct chan *c, const void *elem)
{
    elem_probe(c, elem);
    lock_acquire(&c->lock, RANK_CHAN);
    bool done = send_now(c, elem);
    if (!done) {
        lock_release(&c->lock);
    }
    return done;
}

static __attribute__((noinline)) enum chan_status
try_recv_locked(struct chan *c, void *elem)
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
    return try_send_locked(c, elem);
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
    return try_recv_locked(c, elem);
}

/* The waiters are collected under the lock and readied after it is open. */
void
chan_close_owned(struct chan *c)
{
    lock_acquire(&c->lock, RANK_CHAN);
    if (PEEK(c->closed)) {
        lock_release(&c->lock);
        panic("close of closed channel");
    }
    atomic_store_explicit(&c->closed, true, memory_order_release);
    struct gamp_waitq all = { 0 };
    struct waiter *w, *next;
    while ((w = take(c, &c->recvq)) != NULL) {
        if (w->elem != NULL) {
            memset(w->elem, 0, c->elem_size);
        }
        waitq_push(&all, w);
    }
    while ((w = take(c, &c->sendq)) != NULL) {
        waitq_push(&all, w);
    }
    lock_release(&c->lock);
    for (w = all.first; w != NULL; w = next) {
        next = w->next; /* before it is readied: w is on its stack */
        g_ready(w->g);
    }
}

static const char *
owner_name(const struct chan *c)
{
    return c->owner == CHAN_OF_TIMER ? "timer" : "context";
}

void
chan_close(struct chan *c)
{
    if (c == NULL) {
        panic("close of nil channel");
    }
    if (c->owner != CHAN_OF_PROGRAM) {
        panic("close of a %s's channel", owner_name(c));
    }
    chan_close_owned(c);
}

/* A timer's channel shows nobody its one slot. Go: time.go, since 1.23 */
size_t
chan_len(const struct chan *c)
{
    return c == NULL || c->owner == CHAN_OF_TIMER
               ? 0
               : atomic_load_explicit(&((struct chan *)(uintptr_t)c)->count, memory_order_acquire);
}

size_t
chan_cap(const struct chan *c)
{
    return c == NULL || c->owner == CHAN_OF_TIMER ? 0 : c->cap;
}

void
chan_free_owned(struct chan *c)
{
    lock_acquire(&c->lock, RANK_CHAN);
    bool used = c->recvq.first != NULL || c->sendq.first != NULL;
    lock_release(&c->lock);
    if (used) {
        panic("free of channel in use");
    }
    arch_free(c);
}

void
chan_free(struct chan *c)
{
    if (c == NULL) {
        return;
    }
    if (c->owner != CHAN_OF_PROGRAM) {
        panic("free of a %s's channel", owner_name(c));
    }
    chan_free_owned(c);
}

bool
chan_post(struct chan *c, const void *elem)
{
    return try_send_locked(c, elem);
}

bool
chan_discard(struct chan *c)
{
    lock_acquire(&c->lock, RANK_CHAN);
    bool had = PEEK(c->count) > 0;
    atomic_store_explicit(&c->count, 0, memory_order_release);
    lock_release(&c->lock);
    return had;
}
