/* SPDX-License-Identifier: MIT */
/*
 * cond_chan.h -- a channel for libraries that have condition variables but no channels.
 *
 * Before it is included: cond_t, mutex_t, cond_init(), cond_wait(), cond_signal(), and enter() and
 * leave() for libraries that want a mutex round a condition. With one place instead of none, a send
 * may return before it is received, which is less work than an unbuffered channel does.
 */
#pragma once
#include <stdbool.h>
#include <stdlib.h>

struct cond_chan {
    mutex_t mutex;
    cond_t filled, emptied;
    bool closed;
    unsigned count, head, cap;
    long slot[];
};

static struct cond_chan *
cond_chan_make(unsigned cap)
{
    struct cond_chan *c = calloc(1, sizeof *c + cap * sizeof c->slot[0]);
    c->cap = cap;
    mutex_init(&c->mutex);
    cond_init(&c->filled);
    cond_init(&c->emptied);
    return c;
}

static void
cond_chan_send(struct cond_chan *c, long v)
{
    enter(&c->mutex);
    while (c->count == c->cap) {
        cond_wait(&c->emptied, &c->mutex);
    }
    c->slot[(c->head + c->count) % c->cap] = v;
    if (c->count++ == 0) {
        cond_signal(&c->filled);
    }
    leave(&c->mutex);
}

static bool
cond_chan_recv(struct cond_chan *c, long *v)
{
    enter(&c->mutex);
    while (c->count == 0 && !c->closed) {
        cond_wait(&c->filled, &c->mutex);
    }
    bool any = c->count > 0;
    if (any) {
        *v = c->slot[c->head];
        c->head = (c->head + 1) % c->cap;
        if (c->count-- == c->cap) {
            cond_signal(&c->emptied);
        }
    }
    leave(&c->mutex);
    return any;
}

static void
cond_chan_close(struct cond_chan *c)
{
    enter(&c->mutex);
    c->closed = true;
    cond_signal(&c->filled);
    leave(&c->mutex);
}
