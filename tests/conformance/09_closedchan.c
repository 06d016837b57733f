/* SPDX-License-Identifier: MIT */
/*
 * 09_closedchan.c -- closed channels, in every form of receiving and sending, with and without
 * a buffer.
 *
 * Go           test/closedchan.go
 */
#include "conform.h"

/* ---- four ways to receive, four to send ---- */

struct result {
    int value;
    bool ready, ok;
};

static struct result
receive(struct chan *c, int way)
{
    struct result r = { 77, true, false };
    struct chan *other = chan_make(sizeof(int), 0);
    struct select_case cases[] = { SELECT_RECV(c, &r.value), SELECT_RECV(other, NULL) };
    cases[0].ok = true;
    if (way == 0) {
        r.ok = chan_recv(c, &r.value);
    } else if (way == 1) {
        r.ok = chan_try_recv(c, &r.value) == CHAN_OK;
    } else {
        int chosen = way == 2 ? chan_select(cases, 2) : chan_try_select(cases, 2);
        r.ready = CHECK_EQ(chosen, 0);
        r.ok = cases[0].ok;
    }
    chan_free(other);
    return r;
}

struct sending {
    struct chan *c;
    int way;
};

static void
sends(void *arg)
{
    struct sending *s = arg;
    int v = 1;
    struct select_case cases[] = { SELECT_SEND(NULL, &v), SELECT_SEND(s->c, &v) };
    switch (s->way) {
    case 0:
        chan_send(s->c, &v);
        break;
    case 1:
        chan_try_send(s->c, &v);
        break;
    case 2:
        chan_select(cases, 2);
        break;
    default:
        chan_try_select(cases + 1, 1);
    }
}

static void
closes(void *c)
{
    chan_close(c);
}

/* On a channel that is closed and drained, everything stays as it is, for ever. */
static void
check_drained(struct chan *c)
{
    struct panic_info info;
    for (int way = 0; way < 8; way++) {
        struct result r = receive(c, way % 4);
        CHECK(r.ready && !r.ok);
        CHECK_EQ(r.value, 0);
        CHECK(!try(sends, (&(struct sending){ c, way % 4 }), &info));
        CHECK_STREQ(info.message, "send on closed channel");
        CHECK(!try(closes, c, &info));
        CHECK_STREQ(info.message, "close of closed channel");
        CHECK_EQ(chan_len(c), 0);
    }
}

TEST(closed_without_a_buffer)
{
    struct chan *c = chan_make(sizeof(int), 0);
    chan_close(c);
    check_drained(c);
    chan_free(c);
}

TEST(closed_with_values_left)
{
    for (int way = 0; way < 4; way++) {
        struct chan *c = chan_make(sizeof(int), 4);
        for (int i = 1; i <= 3; i++) {
            chan_send(c, &i);
        }
        chan_close(c);
        for (int i = 1; i <= 3; i++) {
            CHECK_EQ(chan_len(c), 4 - i);
            struct result r = receive(c, way);
            CHECK(r.ready && r.ok);
            CHECK_EQ(r.value, i);
        }
        check_drained(c);
        CHECK_EQ(chan_cap(c), 4);
        chan_free(c);
    }
}

TEST(closed_from_the_start_with_a_buffer)
{
    struct chan *c = chan_make(sizeof(int), 10);
    chan_close(c);
    check_drained(c);
    chan_free(c);
}

TEST(closed_nil_panics)
{
    struct panic_info info;
    CHECK(!try(closes, NULL, &info));
    CHECK_STREQ(info.message, "close of nil channel");
}

/* ---- closing while they wait ---- */

static struct chan *gate;
static atomic_int released, panicked;

static void
waits_to_receive(void *way)
{
    struct result r = receive(gate, (int)(intptr_t)way);
    CHECK(!r.ok && r.value == 0);
    atomic_fetch_add(&released, 1);
}

static void
waits_to_send(void *way)
{
    struct panic_info info;
    CHECK(!try(sends, (&(struct sending){ gate, (int)(intptr_t)way }), &info));
    CHECK_STREQ(info.message, "send on closed channel");
    atomic_fetch_add(&panicked, 1);
}

static void
closed_under(void (*fn)(void *), atomic_int *count)
{
    int n = (int)scaled(2000, 40);
    uint64_t before = stats_now().waiting;
    gate = chan_make(sizeof(int), 0);
    atomic_store(count, 0);
    for (int i = 0; i < n; i++) {
        start(fn, (void *)(intptr_t)(i % 2 * 2)); /* the ways that park: 0 and 2 */
    }
    CHECK(WAIT_UNTIL(stats_now().waiting == before + (unsigned)n));
    CHECK_EQ(atomic_load(count), 0);
    chan_close(gate);
    finish();
    CHECK_EQ(atomic_load(count), n);
    chan_free(gate);
}

TEST(closed_under_waiting_receivers)
{
    closed_under(waits_to_receive, &released);
}

TEST(closed_under_waiting_senders)
{
    closed_under(waits_to_send, &panicked);
}

/* Of many who close at once, one succeeds. */
static atomic_int closed;

static void
tries_to_close(void *c)
{
    struct panic_info info;
    if (try(closes, c, &info)) {
        atomic_fetch_add(&closed, 1);
    } else {
        CHECK_STREQ(info.message, "close of closed channel");
    }
}

TEST(closed_by_one_of_many)
{
    int rounds = (int)scaled(2000, 100);
    for (int i = 0; i < rounds; i++) {
        struct chan *c = chan_make(0, 1);
        for (int k = 0; k < 4; k++) {
            start(tries_to_close, c);
        }
        finish();
        chan_free(c);
    }
    CHECK_EQ(atomic_load(&closed), rounds);
}

CONFORM(TEST_ENTRY(closed_without_a_buffer), TEST_ENTRY(closed_with_values_left),
        TEST_ENTRY(closed_from_the_start_with_a_buffer), TEST_ENTRY(closed_nil_panics),
        TEST_ENTRY(closed_under_waiting_receivers), TEST_ENTRY(closed_under_waiting_senders),
        TEST_ENTRY(closed_by_one_of_many))
