/* SPDX-License-Identifier: MIT */
/*
 * comm.c -- workloads of goroutines that talk: channels, select, close, mutexes, timers.
 */
#include "soak.h"

#include <stddef.h>

/* ---- a chain of channels: order and values stay ---- */

struct link {
    struct chan *in, *out;
};

static void
relay(void *arg)
{
    struct link *l = arg;
    long v;
    while (chan_recv(l->in, &v)) {
        v++;
        chan_send(l->out, &v);
    }
    chan_close(l->out);
}

static void
feed(void *arg)
{
    struct link *l = arg;
    for (long v = 0; v < 500; v++) {
        chan_send(l->out, &v);
    }
    chan_close(l->out);
}

void
soak_pipeline(uint64_t *random)
{
    enum { LINKS = 12 };
    struct chan *c[LINKS + 1];
    struct link l[LINKS + 1];
    for (int i = 0; i <= LINKS; i++) {
        c[i] = chan_make(sizeof(long), soak_random(random) % 4);
    }
    l[LINKS] = (struct link){ NULL, c[0] };
    go(feed, &l[LINKS]);
    for (int i = 0; i < LINKS; i++) {
        l[i] = (struct link){ c[i], c[i + 1] };
        go(relay, &l[i]);
    }
    long v, next = 0;
    while (chan_recv(c[LINKS], &v)) {
        SOAK_EQ(v, next++ + LINKS);
    }
    SOAK_EQ(next, 500);
    for (int i = 0; i <= LINKS; i++) {
        chan_free(c[i]);
    }
}

/* ---- select against select: tokens are neither lost nor doubled ---- */

struct mesh {
    struct chan *c[3];
    struct waitgroup done;
    atomic_long sent, received;
    struct chan *stop;
};

static void
mesh_both(void *arg)
{
    struct mesh *m = arg;
    uint64_t random = goid() * 77 + 1;
    for (;;) {
        long out = (long)(soak_random(&random) % 1000) + 1, in = 0;
        int a = (int)(soak_random(&random) % 3), b = (int)(soak_random(&random) % 3);
        struct select_case cases[] = { SELECT_SEND(m->c[a], &out), SELECT_RECV(m->c[b], &in),
                                       SELECT_RECV(m->stop, NULL) };
        int got = chan_select(cases, 3);
        if (got == 0) {
            atomic_fetch_add(&m->sent, out);
        } else if (got == 1) {
            atomic_fetch_add(&m->received, in);
        } else {
            break;
        }
    }
    waitgroup_done(&m->done);
}

void
soak_select(uint64_t *random)
{
    enum { CROWD = 8 };
    struct mesh m = { .stop = chan_make(0, 0) };
    long v;
    for (int i = 0; i < 3; i++) {
        m.c[i] = chan_make(sizeof(long), soak_random(random) % 3);
    }
    waitgroup_add(&m.done, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(mesh_both, &m);
    }
    gosleep((duration)(soak_random(random) % (20 * MILLISECOND)));
    chan_close(m.stop);
    waitgroup_wait(&m.done);
    for (int i = 0; i < 3; i++) {
        while (chan_try_recv(m.c[i], &v) == CHAN_OK) {
            atomic_fetch_add(&m.received, v);
        }
        chan_free(m.c[i]); /* panics if a waiter was left */
    }
    chan_free(m.stop);
    SOAK_EQ(atomic_load(&m.received), atomic_load(&m.sent));
}

/* ---- close wakes all ---- */

struct gate {
    struct chan *c;
    struct waitgroup done;
};

static void
wait_at_gate(void *arg)
{
    struct gate *g = arg;
    chan_recv(g->c, NULL);
    waitgroup_done(&g->done);
}

void
soak_close(uint64_t *random)
{
    struct gate g = { .c = chan_make(8, 0) };
    int n = (int)(soak_random(random) % 300);
    waitgroup_add(&g.done, n);
    for (int i = 0; i < n; i++) {
        go(wait_at_gate, &g);
    }
    chan_close(g.c);
    waitgroup_wait(&g.done);
    chan_free(g.c);
}

/* ---- a mutex that everybody wants ---- */

struct account {
    struct mutex mutex;
    long balance, mirror; /* mutex */
    struct waitgroup done;
};

static void
bank(void *arg)
{
    struct account *a = arg;
    for (int i = 0; i < 200; i++) {
        mutex_lock(&a->mutex);
        long was = a->balance++;
        if (i % 32 == 0) {
            gosched();
        }
        SOAK_EQ(a->mirror, was);
        a->mirror++;
        mutex_unlock(&a->mutex);
    }
    waitgroup_done(&a->done);
}

void
soak_mutex(uint64_t *random)
{
    struct account a = { 0 };
    int n = 2 + (int)(soak_random(random) % 20);
    waitgroup_add(&a.done, n);
    for (int i = 0; i < n; i++) {
        go(bank, &a);
    }
    waitgroup_wait(&a.done);
    SOAK_EQ(a.balance, 200L * n);
}

/* ---- timers: never early; stopped or fired ---- */

void
soak_timers(uint64_t *random)
{
    duration d = (duration)(soak_random(random) % (3 * MILLISECOND));
    int64_t began = nanotime(), at = 0;
    struct timer *t = timer_new(d);
    struct ticker *k = ticker_new(MILLISECOND);
    struct select_case cases[] = { SELECT_RECV(timer_chan(t), &at),
                                   SELECT_RECV(ticker_chan(k), &at) };
    for (int got = 1; got != 0;) {
        got = chan_select(cases, 2);
        SOAK_EQ(at - began < (got == 0 ? d : MILLISECOND), false);
    }
    began = nanotime();
    timer_reset(t, HOUR);
    SOAK_EQ(timer_reset(t, d), true);
    gosleep(d / 2);
    SOAK_EQ(nanotime() - began < d / 2, false);
    if (timer_stop(t)) {
        SOAK_EQ(chan_try_recv(timer_chan(t), NULL), CHAN_EMPTY);
    }
    ticker_free(k);
    timer_free(t);
}
