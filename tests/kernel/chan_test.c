/* SPDX-License-Identifier: MIT */
/*
 * chan_test.c -- channels keep order, lose nothing and wake whom they should, on real cores.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

static void
wait_for_waiting(uint64_t n)
{
    CHECK(WAIT_UNTIL(stats_now().waiting == n));
}

/* ---- one at a time ---- */

TEST(chan_buffer_is_first_in_first_out)
{
    struct chan *c = chan_make(sizeof(int), 7);
    int got;

    CHECK_EQ(chan_cap(c), 7);
    for (int base = 0; base < 100; base += 5) {
        for (int i = 0; i < 5; i++) {
            chan_send(c, &(int){ base + i });
            CHECK_EQ(chan_len(c), i + 1);
        }
        for (int i = 0; i < 5; i++) {
            CHECK(chan_recv(c, &got));
            CHECK_EQ(got, base + i);
        }
    }
    chan_free(c);
}

TEST(chan_try_says_what_it_would_wait_for)
{
    struct chan *c = chan_make(sizeof(int), 2), *none = chan_make(sizeof(int), 0);
    int got = 9;

    CHECK_EQ(chan_try_recv(c, &got), CHAN_EMPTY);
    CHECK_EQ(got, 9);
    CHECK(chan_try_send(c, &(int){ 1 }));
    CHECK(chan_try_send(c, &(int){ 2 }));
    CHECK(!chan_try_send(c, &(int){ 3 }));
    CHECK(!chan_try_send(none, &got));
    CHECK_EQ(chan_try_recv(none, &got), CHAN_EMPTY);
    CHECK_EQ(chan_try_recv(c, NULL), CHAN_OK);
    chan_close(c);
    CHECK_EQ(chan_try_recv(c, &got), CHAN_OK);
    CHECK_EQ(got, 2);
    CHECK_EQ(chan_try_recv(c, &got), CHAN_CLOSED);
    CHECK_EQ(got, 0);
    CHECK(!chan_recv(c, &got));
    chan_free(c);
    chan_free(none);
}

TEST(chan_null_is_never_ready)
{
    int x = 5;

    CHECK(!chan_try_send(NULL, &x));
    CHECK_EQ(chan_try_recv(NULL, &x), CHAN_EMPTY);
    CHECK_EQ(chan_len(NULL), 0);
    CHECK_EQ(chan_cap(NULL), 0);
    chan_free(NULL);
}

TEST(chan_elements_may_be_empty)
{
    struct chan *c = chan_make(0, 3);

    for (int i = 0; i < 3; i++) {
        chan_send(c, NULL);
    }
    CHECK_EQ(chan_len(c), 3);
    CHECK(!chan_try_send(c, NULL));
    chan_close(c);
    for (int i = 0; i < 3; i++) {
        CHECK(chan_recv(c, NULL));
    }
    CHECK(!chan_recv(c, NULL));
    chan_free(c);
}

/* ---- meeting ---- */

static atomic_uint sent;

struct order {
    struct chan *c;
    int value;
};

static void
send_number(void *arg)
{
    struct order *o = arg;

    chan_send(o->c, &o->value);
    atomic_fetch_add(&sent, 1);
    waitgroup_done(&all);
}

static void
start_sender(struct chan *c, int value)
{
    struct order o = { c, value };

    waitgroup_add(&all, 1);
    CHECK_EQ(go_with(&(struct go_attr){ .arg_size = sizeof(o) }, send_number, &o), 0);
}

TEST(chan_unbuffered_send_waits_for_its_receiver)
{
    struct chan *c = chan_make(sizeof(int), 0);
    int got;

    atomic_store(&sent, 0);
    start_sender(c, 42);
    wait_for_waiting(1);
    CHECK_EQ(atomic_load(&sent), 0);
    CHECK(chan_recv(c, &got));
    CHECK_EQ(got, 42);
    waitgroup_wait(&all);
    chan_free(c);
}

TEST(chan_serves_senders_first_come_first_served)
{
    struct chan *c = chan_make(sizeof(int), 2);
    int got;

    chan_send(c, &(int){ 0 });
    chan_send(c, &(int){ 1 });
    atomic_store(&sent, 0);
    for (int i = 2; i < 12; i++) {
        start_sender(c, i);
        wait_for_waiting((uint64_t)i - 1);
    }
    CHECK_EQ(atomic_load(&sent), 0);
    for (int i = 0; i < 12; i++) {
        CHECK(chan_recv(c, &got));
        CHECK_EQ(got, i);
    }
    waitgroup_wait(&all);
    chan_free(c);
}

struct receiver {
    struct chan *c;
    int got;
    bool ok;
};

static void
receive_number(void *arg)
{
    struct receiver *r = arg;

    r->ok = chan_recv(r->c, &r->got);
    waitgroup_done(&all);
}

enum { RECEIVERS = 10 };

static void
start_receivers(struct receiver *r, struct chan *c)
{
    for (unsigned i = 0; i < RECEIVERS; i++) {
        r[i] = (struct receiver){ c, -1, true };
        waitgroup_add(&all, 1);
        go(receive_number, &r[i]);
        wait_for_waiting(i + 1);
    }
}

TEST(chan_serves_receivers_first_come_first_served)
{
    struct chan *c = chan_make(sizeof(int), 4);
    struct receiver r[RECEIVERS];

    start_receivers(r, c);
    for (int i = 0; i < RECEIVERS; i++) {
        chan_send(c, &i);
    }
    waitgroup_wait(&all);
    for (int i = 0; i < RECEIVERS; i++) {
        CHECK(r[i].ok);
        CHECK_EQ(r[i].got, i);
    }
    chan_free(c);
}

TEST(chan_close_wakes_all_receivers)
{
    struct chan *c = chan_make(sizeof(int), 0);
    struct receiver r[RECEIVERS];

    start_receivers(r, c);
    chan_close(c);
    waitgroup_wait(&all);
    for (int i = 0; i < RECEIVERS; i++) {
        CHECK(!r[i].ok);
        CHECK_EQ(r[i].got, 0);
    }
    chan_free(c);
}

/* ---- all cores at once ---- */

enum { SENDERS = 8, TAKERS = 6, EACH = 2500 };

static atomic_uchar taken[SENDERS * EACH];
static atomic_uint out_of_order;

static void
send_series(void *c)
{
    static atomic_uint number;
    uint32_t base = atomic_fetch_add(&number, 1) % SENDERS * EACH;

    for (uint32_t i = 0; i < EACH; i++) {
        uint32_t value = base + i;

        while (i % 7 == 0 && !chan_try_send(c, &value)) {
            gosched();
        }
        if (i % 7 != 0) {
            chan_send(c, &value);
        }
    }
    waitgroup_done(&all);
}

static struct waitgroup takers;

static void
take_series(void *c)
{
    int64_t last[SENDERS];
    uint32_t value;

    memset(last, 0xff, sizeof(last));
    while (chan_recv(c, &value)) {
        uint32_t from = value / EACH;

        atomic_fetch_add(&taken[value], 1);
        atomic_fetch_add(&out_of_order, value <= last[from]);
        last[from] = value;
    }
    waitgroup_done(&takers);
}

/* What one sender sends, one receiver sees in that order; each value reaches exactly one. */
static void
exchange(size_t capacity)
{
    struct chan *c = chan_make(sizeof(uint32_t), capacity);
    unsigned wrong = 0;

    memset((void *)taken, 0, sizeof(taken));
    atomic_store(&out_of_order, 0);
    waitgroup_add(&all, SENDERS);
    waitgroup_add(&takers, TAKERS);
    for (int i = 0; i < TAKERS; i++) {
        go(take_series, c);
    }
    for (int i = 0; i < SENDERS; i++) {
        go(send_series, c);
    }
    waitgroup_wait(&all);
    chan_close(c);
    waitgroup_wait(&takers);
    for (int i = 0; i < SENDERS * EACH; i++) {
        wrong += atomic_load(&taken[i]) != 1;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(atomic_load(&out_of_order), 0);
    chan_free(c);
}

TEST(chan_loses_and_doubles_nothing)
{
    exchange(0);
    exchange(1);
    exchange(64);
}

enum { LARGE = 48 * 1024 };

static void
send_large(void *c)
{
    unsigned char *bytes = malloc(LARGE);

    for (int round = 0; round < 20; round++) {
        memset(bytes, round + 1, LARGE);
        chan_send(c, bytes);
    }
    free(bytes);
    waitgroup_done(&all);
}

TEST(chan_moves_large_elements_whole)
{
    for (size_t capacity = 0; capacity < 3; capacity += 2) {
        struct chan *c = chan_make(LARGE, capacity);
        unsigned char bytes[LARGE];

        waitgroup_add(&all, 1);
        go(send_large, c);
        for (int round = 0; round < 20; round++) {
            unsigned wrong = 0;

            CHECK(chan_recv(c, bytes));
            for (int i = 0; i < LARGE; i++) {
                wrong += bytes[i] != round + 1;
            }
            CHECK_EQ(wrong, 0);
        }
        waitgroup_wait(&all);
        chan_free(c);
    }
}

/* A channel may be freed as soon as its one value was received: the sender is done with it. */
static void
send_once(void *c)
{
    chan_send(c, &(uint64_t){ 77 });
    waitgroup_done(&all);
}

TEST(chan_may_be_freed_by_who_received)
{
    for (int i = 0; i < 3000; i++) {
        struct chan *c = chan_make(sizeof(uint64_t), i % 2);
        uint64_t got = 0;

        waitgroup_add(&all, 1);
        go(send_once, c);
        CHECK(chan_recv(c, &got));
        CHECK_EQ(got, 77);
        chan_free(c);
    }
    waitgroup_wait(&all);
}

static const struct test tests[] = {
    TEST_ENTRY(chan_buffer_is_first_in_first_out),
    TEST_ENTRY(chan_try_says_what_it_would_wait_for),
    TEST_ENTRY(chan_null_is_never_ready),
    TEST_ENTRY(chan_elements_may_be_empty),
    TEST_ENTRY(chan_unbuffered_send_waits_for_its_receiver),
    TEST_ENTRY(chan_serves_senders_first_come_first_served),
    TEST_ENTRY(chan_serves_receivers_first_come_first_served),
    TEST_ENTRY(chan_close_wakes_all_receivers),
    TEST_ENTRY(chan_loses_and_doubles_nothing),
    TEST_ENTRY(chan_moves_large_elements_whole),
    TEST_ENTRY(chan_may_be_freed_by_who_received),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
