/* SPDX-License-Identifier: MIT */
/*
 * 01_fifo.c -- values and waiters leave a channel in the order in which they came.
 *
 * Go           test/chan/fifo.go
 */
#include "conform.h"

struct series {
    struct chan *c;
    uint32_t n;
};

static void
send_series(void *arg)
{
    struct series *s = arg;
    for (uint32_t i = 0; i < s->n; i++) {
        chan_send(s->c, &i);
    }
    chan_close(s->c);
}

static void
series_in_order(size_t capacity)
{
    struct series s = { chan_make(sizeof(uint32_t), capacity), (uint32_t)scaled(300000, 2000) };
    uint32_t got, n = 0, wrong = 0;
    start(send_series, &s);
    while (chan_recv(s.c, &got)) {
        wrong += got != n++;
    }
    CHECK_EQ(n, s.n);
    CHECK_EQ(wrong, 0);
    finish();
    chan_free(s.c);
}

TEST(fifo_values_through_a_buffer)
{
    series_in_order(1);
    series_in_order(10);
    series_in_order(1000);
}

TEST(fifo_values_without_a_buffer)
{
    series_in_order(0);
}

TEST(fifo_buffer_filled_and_emptied_by_one)
{
    struct chan *c = chan_make(sizeof(uint32_t), 10);
    uint32_t next_in = 0, next_out = 0, got;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i <= round % 10; i++) {
            chan_send(c, &next_in);
            next_in++;
        }
        while (chan_len(c) > 0) {
            CHECK(chan_recv(c, &got));
            CHECK_EQ(got, next_out++);
        }
    }
    CHECK_EQ(next_in, next_out);
    chan_free(c);
}

/* ---- a chain: each waits for its predecessor, says its number, then lets its successor go ---- */

struct link {
    struct chan *before, *after, *common;
    int number;
};

static void
say_number_in_turn(void *arg)
{
    struct link *l = arg;
    CHECK(chan_recv(l->before, NULL));
    chan_send(l->common, &l->number);
    chan_send(l->after, NULL);
}

TEST(fifo_chain_of_goroutines)
{
    int n = (int)scaled(1000, 50), got;
    struct link *links = calloc((size_t)n, sizeof *links);
    struct chan *common = chan_make(sizeof(int), 0), *first = chan_make(0, 0), *last = first;
    for (int i = 0; i < n; i++) {
        links[i] = (struct link){ last, chan_make(0, 0), common, i };
        start(say_number_in_turn, &links[i]);
        last = links[i].after;
    }
    chan_send(first, NULL);
    for (int i = 0; i < n; i++) {
        CHECK(chan_recv(common, &got));
        CHECK_EQ(got, i);
    }
    CHECK(chan_recv(last, NULL));
    finish();
    for (int i = 0; i < n; i++) {
        chan_free(links[i].before);
    }
    chan_free(last);
    chan_free(common);
    free(links);
}

/* ---- waiters: parked one after another, plainly and in selects ---- */

enum { WAITERS = 24 };

struct party {
    struct chan *c, *never;
    int value;
    bool ok, selects;
};

static void
receives(void *arg)
{
    struct party *p = arg;
    if (p->selects) {
        struct select_case cases[] = { SELECT_RECV(p->never, NULL), SELECT_RECV(p->c, &p->value) };
        CHECK_EQ(chan_select(cases, 2), 1);
        p->ok = cases[1].ok;
    } else {
        p->ok = chan_recv(p->c, &p->value);
    }
}

static void
sends(void *arg)
{
    struct party *p = arg;
    if (p->selects) {
        struct select_case cases[] = { SELECT_SEND(p->c, &p->value), SELECT_RECV(p->never, NULL) };
        CHECK_EQ(chan_select(cases, 2), 0);
    } else {
        chan_send(p->c, &p->value);
    }
}

static void
park_parties(struct party *p, struct chan *c, struct chan *never, void (*fn)(void *), bool number)
{
    for (int i = 0; i < WAITERS; i++) {
        p[i] = (struct party){ c, never, number ? i : -1, false, i % 3 == 1 };
        start_parked(fn, &p[i]);
    }
}

TEST(fifo_waiting_receivers)
{
    struct chan *c = chan_make(sizeof(int), 0), *never = chan_make(sizeof(int), 0);
    struct party p[WAITERS];
    park_parties(p, c, never, receives, false);
    for (int i = 0; i < WAITERS; i++) {
        CHECK(chan_try_send(c, &i)); /* somebody waits: it cannot fail */
    }
    finish();
    for (int i = 0; i < WAITERS; i++) {
        CHECK(p[i].ok);
        CHECK_EQ(p[i].value, i);
    }
    chan_free(c);
    chan_free(never);
}

static void
waiting_senders(size_t capacity)
{
    struct chan *c = chan_make(sizeof(int), capacity), *never = chan_make(sizeof(int), 0);
    struct party p[WAITERS];
    int got;
    for (int i = 0; i < (int)capacity; i++) {
        chan_send(c, &(int){ i - (int)capacity });
    }
    park_parties(p, c, never, sends, true);
    for (int i = -(int)capacity; i < WAITERS; i++) {
        CHECK_EQ(chan_try_recv(c, &got), CHAN_OK);
        CHECK_EQ(got, i);
    }
    finish();
    chan_free(c);
    chan_free(never);
}

TEST(fifo_waiting_senders)
{
    waiting_senders(0);
    waiting_senders(1);
    waiting_senders(7);
}

CONFORM(TEST_ENTRY(fifo_values_through_a_buffer), TEST_ENTRY(fifo_values_without_a_buffer),
        TEST_ENTRY(fifo_buffer_filled_and_emptied_by_one), TEST_ENTRY(fifo_chain_of_goroutines),
        TEST_ENTRY(fifo_waiting_receivers), TEST_ENTRY(fifo_waiting_senders))
