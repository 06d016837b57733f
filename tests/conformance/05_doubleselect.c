/* SPDX-License-Identifier: MIT */
/*
 * 05_doubleselect.c -- of one select, one case fires: never two, never none.
 *
 * A sender offers each number on several channels in one select. Whoever takes one passes it on;
 * at the end each number must have come exactly once.
 *
 * Go           test/chan/doubleselect.go
 */
#include "conform.h"

enum { WAYS = 4 };

struct offer {
    struct chan *ways[WAYS];
    uint32_t n;
};

static void
offers_on_all(void *arg)
{
    struct offer *o = arg;
    for (uint32_t i = 0; i < o->n; i++) {
        struct select_case cases[WAYS];
        for (int w = 0; w < WAYS; w++) {
            cases[w] = SELECT_SEND(o->ways[w], &i);
        }
        chan_select(cases, WAYS);
    }
    for (int w = 0; w < WAYS; w++) {
        chan_close(o->ways[w]);
    }
}

struct pipe {
    struct chan *in, *out;
};

static struct waitgroup pipes;

static void
passes_on(void *arg)
{
    struct pipe *p = arg;
    uint32_t value;
    while (chan_recv(p->in, &value)) {
        chan_send(p->out, &value);
    }
}

static void
closes_when_done(void *out)
{
    waitgroup_wait(&pipes);
    chan_close(out);
}

static void
offer_series(size_t capacity)
{
    struct offer o = { .n = (uint32_t)scaled(100000, 2000) };
    struct chan *out = chan_make(sizeof(uint32_t), 0);
    struct pipe p[WAYS];
    unsigned char *seen = calloc(o.n, 1);
    uint32_t value, wrong = 0, total = 0;
    for (int w = 0; w < WAYS; w++) {
        o.ways[w] = chan_make(sizeof(uint32_t), capacity);
        p[w] = (struct pipe){ o.ways[w], out };
        waitgroup_go(&pipes, passes_on, &p[w]);
    }
    start(offers_on_all, &o);
    start(closes_when_done, out);
    while (chan_recv(out, &value)) {
        wrong += value >= o.n || seen[value]++ != 0;
        total++;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(total, o.n);
    finish();
    for (int w = 0; w < WAYS; w++) {
        chan_free(o.ways[w]);
    }
    chan_free(out);
    free(seen);
}

TEST(doubleselect_sends_each_once)
{
    offer_series(0);
}

TEST(doubleselect_sends_each_once_into_buffers)
{
    offer_series(2);
}

/* ---- the other way: one select receives what several senders offer at the same moment ---- */

static atomic_uint offered;

static void
sends_one_each_round(void *arg)
{
    struct offer *o = arg;
    for (uint32_t i = 0; i < o->n; i++) {
        chan_send(o->ways[0], &i);
        atomic_fetch_add(&offered, 1);
    }
}

TEST(doubleselect_receives_each_once)
{
    struct offer o[WAYS];
    struct select_case cases[WAYS];
    uint32_t value[WAYS], next[WAYS] = { 0 }, wrong = 0;
    for (int w = 0; w < WAYS; w++) {
        o[w] = (struct offer){ .ways = { chan_make(sizeof(uint32_t), 0) },
                               .n = (uint32_t)scaled(50000, 1000) };
        cases[w] = SELECT_RECV(o[w].ways[0], &value[w]);
        start(sends_one_each_round, &o[w]);
    }
    for (uint32_t i = 0; i < WAYS * o[0].n; i++) {
        memset(value, 0xff, sizeof value);
        int chosen = chan_select(cases, WAYS);
        for (int w = 0; w < WAYS; w++) {
            wrong += value[w] != (w == chosen ? next[w] : UINT32_MAX);
        }
        next[chosen]++;
    }
    finish();
    CHECK_EQ(wrong, 0);
    CHECK_EQ(atomic_load(&offered), WAYS * o[0].n);
    for (int w = 0; w < WAYS; w++) {
        chan_free(o[w].ways[0]);
    }
}

CONFORM(TEST_ENTRY(doubleselect_sends_each_once),
        TEST_ENTRY(doubleselect_sends_each_once_into_buffers),
        TEST_ENTRY(doubleselect_receives_each_once))
