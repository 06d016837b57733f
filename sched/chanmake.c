/* SPDX-License-Identifier: MIT */
/*
 * chanmake.c -- how a channel begins, is closed, and ends.
 *
 * Locks        c->lock; who waits is readied after it is open
 * Go           chan.go: makechan, closechan, chanlen, chancap
 */
#include "chan.h"

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

/* The waiters are collected under the lock and readied after it is open. */
void
chan_close_owned(struct chan *c)
{
    lock_acquire(&c->lock, RANK_CHAN);
    if (PEEK(c->closed)) {
        lock_release(&c->lock);
        panic("close of closed channel");
    }
    atomic_store_explicit(&c->closed, 1, memory_order_release);
    struct gamp_waitq all = { .last = NULL };
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
chan_discard(struct chan *c)
{
    lock_acquire(&c->lock, RANK_CHAN);
    bool had = PEEK(c->count) > 0;
    atomic_store_explicit(&c->count, 0, memory_order_release);
    lock_release(&c->lock);
    return had;
}
