/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * chan_test.c -- channels: order, closing, and many goroutines at both ends.
 */
#include <gamp.h>
#include <stdlib.h>

#include "runtime.h"
#include "tap.h"

enum { PRODUCERS = 8, CONSUMERS = 5, EACH = 3000 };

static struct chan *shared;
static struct waitgroup done;
static _Atomic(long) sum;

static void
send_range(void *arg)
{
    struct chan *c = arg;
    for (int i = 0; i < 1000; i++) {
        chan_send(c, &i);
    }
    chan_close(c);
}

static void
one_producer(size_t cap)
{
    struct chan *c = chan_make(sizeof(int), cap);
    int v, n = 0;
    go(send_range, c);
    while (chan_recv(c, &v)) {
        CHECK_EQ(v, n);
        n++;
    }
    CHECK_EQ(n, 1000);
    CHECK_EQ(v, 0);
    chan_free(c);
}

TEST(chan_keeps_order_at_any_capacity)
{
    for (size_t cap = 0; cap < 5; cap++) {
        one_producer(cap);
    }
    one_producer(1000);
}

TEST(chan_len_and_cap_and_tries)
{
    struct chan *c = chan_make(sizeof(int), 2);
    int v = 7;
    CHECK_EQ(chan_try_recv(c, &v), CHAN_EMPTY);
    CHECK(chan_try_send(c, &v));
    CHECK(chan_try_send(c, &v));
    CHECK(!chan_try_send(c, &v));
    CHECK_EQ(chan_len(c), 2);
    CHECK_EQ(chan_cap(c), 2);
    chan_close(c);
    v = 0;
    CHECK_EQ(chan_try_recv(c, &v), CHAN_OK);
    CHECK_EQ(v, 7);
    CHECK(chan_recv(c, NULL));
    CHECK_EQ(chan_try_recv(c, &v), CHAN_CLOSED);
    CHECK_EQ(v, 0);
    CHECK(!chan_recv(c, NULL));
    chan_free(c);
    CHECK_EQ(chan_len(NULL), 0);
    CHECK_EQ(chan_cap(NULL), 0);
    CHECK(!chan_try_send(NULL, &v));
    CHECK_EQ(chan_try_recv(NULL, &v), CHAN_EMPTY);
    chan_free(NULL);
}

struct wide {
    long part[5];
};

static void
send_wide(void *arg)
{
    struct wide w = {{1, 2, 3, 4, 5}};
    chan_send(arg, &w);
    chan_send(arg, &w);
}

TEST(chan_moves_elements_of_any_size)
{
    struct chan *c = chan_make(sizeof(struct wide), 1), *empty = chan_make(0, 1);
    struct wide w = {{0}};
    go(send_wide, c);
    for (int i = 0; i < 2; i++) {
        CHECK(chan_recv(c, &w));
        CHECK_EQ(w.part[0] + w.part[4], 6);
    }
    chan_send(empty, NULL);
    CHECK_EQ(chan_len(empty), 1);
    CHECK(chan_recv(empty, NULL));
    chan_free(c);
    chan_free(empty);
}

static void
produce(void *arg)
{
    for (long i = 1; i <= EACH; i++) {
        chan_send(shared, &i);
        if (i % 64 == 0) {
            gosched();
        }
    }
    waitgroup_done(arg);
}

static void
consume(void *arg)
{
    long v;
    while (chan_recv(shared, &v)) {
        atomic_fetch_add(&sum, v);
    }
    waitgroup_done(arg);
}

static void
crowd(size_t cap)
{
    static struct waitgroup sent;
    shared = chan_make(sizeof(long), cap);
    atomic_store(&sum, 0);
    waitgroup_add(&sent, PRODUCERS);
    waitgroup_add(&done, CONSUMERS);
    for (int i = 0; i < PRODUCERS; i++) {
        go(produce, &sent);
    }
    for (int i = 0; i < CONSUMERS; i++) {
        go(consume, &done);
    }
    waitgroup_wait(&sent);
    chan_close(shared);
    waitgroup_wait(&done);
    CHECK_EQ(atomic_load(&sum), (long)PRODUCERS * EACH * (EACH + 1) / 2);
    chan_free(shared);
}

TEST(chan_loses_and_doubles_nothing)
{
    crowd(0);
    crowd(1);
    crowd(100);
}

static void
wait_for_close(void *arg)
{
    CHECK(!chan_recv(shared, NULL));
    waitgroup_done(arg);
}

TEST(chan_close_wakes_all_receivers)
{
    for (int round = 0; round < 50; round++) {
        shared = chan_make(sizeof(int), (size_t)round % 2);
        waitgroup_add(&done, 20);
        for (int i = 0; i < 20; i++) {
            go(wait_for_close, &done);
        }
        gosched();
        chan_close(shared);
        waitgroup_wait(&done);
        chan_free(shared);
    }
}

static void
relay(void *arg)
{
    struct chan **ends = arg;
    long v;
    while (chan_recv(ends[0], &v)) {
        v++;
        chan_send(ends[1], &v);
    }
    chan_close(ends[1]);
}

/* Each hand-over may find the next goroutine on a core that has just fallen asleep. */
TEST(chan_token_goes_through_a_chain)
{
    enum { LINKS = 50, TOKENS = 200 };
    struct chan *c[LINKS + 1];
    struct go_attr attr = {.arg_size = 2 * sizeof(struct chan *)};
    for (int i = 0; i <= LINKS; i++) {
        c[i] = chan_make(sizeof(long), 0);
    }
    for (int i = 0; i < LINKS; i++) {
        CHECK_EQ(go_with(&attr, relay, &c[i]), 0);
    }
    for (long i = 0; i < TOKENS; i++) {
        long v = i;
        chan_send(c[0], &v);
        CHECK(chan_recv(c[LINKS], &v));
        CHECK_EQ(v, i + LINKS);
    }
    chan_close(c[0]);
    CHECK(!chan_recv(c[LINKS], NULL));
    for (int i = 0; i <= LINKS; i++) {
        chan_free(c[i]);
    }
}

static const struct test tests[] = {
    TEST_ENTRY(chan_keeps_order_at_any_capacity), TEST_ENTRY(chan_len_and_cap_and_tries),
    TEST_ENTRY(chan_moves_elements_of_any_size),  TEST_ENTRY(chan_loses_and_doubles_nothing),
    TEST_ENTRY(chan_close_wakes_all_receivers),   TEST_ENTRY(chan_token_goes_through_a_chain),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
