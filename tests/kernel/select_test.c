/* SPDX-License-Identifier: MIT */
/*
 * select_test.c -- one case fires, any case may, and none is left behind.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

TEST(select_takes_what_is_ready)
{
    struct chan *full = chan_make(sizeof(int), 1), *empty = chan_make(sizeof(int), 1);
    int in = 7, out = 0, other = 5;
    chan_send(full, &in);
    struct select_case cases[] = { SELECT_RECV(full, &out), SELECT_SEND(empty, &other) };
    int first = chan_select(cases, 2);
    CHECK(first == 0 || first == 1);
    int second = chan_select(cases, 2);
    CHECK_EQ(first + second, 1);
    CHECK_EQ(out, 7);
    CHECK(cases[0].ok);
    CHECK_EQ(chan_try_select(cases, 2), -1);
    CHECK(chan_recv(empty, &out) && out == 5);
    chan_free(full);
    chan_free(empty);
}

TEST(select_without_parking_and_nil_channels)
{
    struct chan *c = chan_make(sizeof(int), 0);
    int v = 1;
    struct select_case none[] = { SELECT_RECV(NULL, &v), SELECT_SEND(NULL, &v) };
    CHECK_EQ(chan_try_select(none, 2), -1);
    CHECK_EQ(chan_try_select(none, 0), -1);
    CHECK_EQ(chan_try_select(none, 1), -1);
    struct select_case some[] = { SELECT_RECV(NULL, &v), SELECT_RECV(c, &v), SELECT_SEND(c, &v) };
    CHECK_EQ(chan_try_select(some, 3), -1); /* it does not talk to itself */
    CHECK_EQ(chan_try_select(some + 1, 1), -1);
    CHECK_EQ(chan_try_select(some + 2, 1), -1);
    chan_close(c);
    v = 9;
    some[1].ok = true;
    CHECK_EQ(chan_try_select(some, 2), 1);
    CHECK(!some[1].ok && v == 0);
    chan_free(c);
}

TEST(select_chooses_evenly_among_the_ready)
{
    enum { ROUNDS = 10000, WAYS = 5 };
    struct chan *c[WAYS];
    struct select_case cases[WAYS + 1];
    int count[WAYS] = { 0 }, v = 0;
    for (int i = 0; i < WAYS; i++) {
        c[i] = chan_make(sizeof(int), 1);
        chan_send(c[i], &v);
        cases[i] = SELECT_RECV(c[i], &v);
    }
    cases[WAYS] = SELECT_RECV(NULL, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        int got = chan_select(cases, WAYS + 1);
        count[got]++;
        chan_send(c[got], &v);
    }
    for (int i = 0; i < WAYS; i++) { /* 6 standard deviations: sqrt(10000 * 0.2 * 0.8) = 40 */
        CHECK(count[i] > ROUNDS / WAYS - 240 && count[i] < ROUNDS / WAYS + 240);
        chan_free(c[i]);
    }
}

/* ---- the pairs: two selects over two channels, in opposite orders ---- */

struct pair {
    struct chan *a, *b;
    int rounds;
    atomic_long sum;
};

static void
select_sender(void *arg)
{
    struct pair *p = arg;
    for (int i = 1; i <= p->rounds; i++) {
        struct select_case cases[] = { SELECT_SEND(p->a, &i), SELECT_SEND(p->b, &i) };
        chan_select(cases, 2);
    }
    waitgroup_done(&all);
}

static void
select_receiver(void *arg)
{
    struct pair *p = arg;
    for (int i = 1; i <= p->rounds; i++) {
        int v[2] = { 0, 0 };
        struct select_case cases[] = { SELECT_RECV(p->b, &v[0]), SELECT_RECV(p->a, &v[1]) };
        int got = chan_select(cases, 2);
        CHECK(v[got] != 0 && v[!got] == 0 && cases[got].ok);
        atomic_fetch_add(&p->sum, v[got]);
    }
    waitgroup_done(&all);
}

static void
stress(size_t capacity)
{
    enum { CROWD = 6, ROUNDS = 2000 };
    struct pair p = { chan_make(sizeof(int), capacity), chan_make(sizeof(int), capacity), ROUNDS,
                      0 };
    waitgroup_add(&all, 2 * CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(select_sender, &p);
        go(select_receiver, &p);
    }
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&p.sum), (long)CROWD * ROUNDS * (ROUNDS + 1) / 2);
    CHECK_EQ(chan_len(p.a) + chan_len(p.b), 0);
    chan_free(p.a); /* would panic if a waiter were left */
    chan_free(p.b);
}

TEST(select_against_select_loses_and_doubles_nothing)
{
    stress(0);
    stress(1);
    stress(3);
}

/* ---- the same channel in several cases, both ways ---- */

static void
both_ways(void *arg)
{
    struct pair *p = arg;
    for (int i = 0; i < p->rounds; i++) {
        int out = 1, in1 = 0, in2 = 0;
        struct select_case cases[] = { SELECT_RECV(p->a, &in1), SELECT_SEND(p->a, &out),
                                       SELECT_RECV(p->a, &in2), SELECT_SEND(p->a, &out) };
        int got = chan_select(cases, 4);
        atomic_fetch_add(&p->sum, got % 2 ? -1 : in1 + in2);
    }
    waitgroup_done(&all);
}

TEST(select_on_one_channel_both_ways_pairs_up)
{
    struct pair p = { chan_make(sizeof(int), 0), NULL, 2000, 0 };
    waitgroup_add(&all, 2);
    go(both_ways, &p);
    go(both_ways, &p);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&p.sum), 0);
    chan_free(p.a);
}

/* ---- closing ---- */

static atomic_int woken;

static void
wait_for_close(void *arg)
{
    struct pair *p = arg;
    int v = 3;
    struct select_case cases[] = { SELECT_RECV(p->a, &v), SELECT_RECV(p->b, NULL) };
    CHECK_EQ(chan_select(cases, 2), 0);
    CHECK(!cases[0].ok && v == 0);
    atomic_fetch_add(&woken, 1);
    waitgroup_done(&all);
}

static void
select_send_once(void *arg)
{
    struct pair *p = arg;
    int v = 1;
    struct select_case cases[] = { SELECT_SEND(p->b, &v), SELECT_SEND(p->a, &v) };
    chan_select(cases, 2);
}

static void
send_into_close(void *arg)
{
    struct panic_info info;
    CHECK(!try(select_send_once, arg, &info));
    CHECK(strcmp(info.message, "send on closed channel") == 0);
    waitgroup_done(&all);
}

TEST(select_is_woken_by_close)
{
    enum { CROWD = 50 };
    struct pair p = { chan_make(sizeof(int), 0), chan_make(sizeof(int), 0), 0, 0 };
    waitgroup_add(&all, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(wait_for_close, &p);
    }
    gosleep(MILLISECOND);
    chan_close(p.a);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&woken), CROWD);
    chan_free(p.a);
    p.a = chan_make(sizeof(int), 0);
    waitgroup_add(&all, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(send_into_close, &p);
    }
    gosleep(MILLISECOND);
    chan_close(p.a);
    waitgroup_wait(&all);
    chan_free(p.a);
    chan_free(p.b);
}

/* ---- lifetimes: who sees the choice may free the channels that lost ---- */

struct offer {
    struct chan *taken, *lost;
};

static void
offers(void *arg)
{
    struct offer *o = arg;
    int v = 1, w = 2;
    struct select_case cases[] = { SELECT_SEND(o->taken, &v), SELECT_RECV(o->lost, &w) };
    CHECK_EQ(chan_select(cases, 2), 0);
    waitgroup_done(&all);
}

TEST(select_lets_go_of_what_it_did_not_choose)
{
    for (int i = 0; i < 3000; i++) {
        struct offer o = { chan_make(sizeof(int), (size_t)i % 2), chan_make(sizeof(int), 0) };
        int v = 0;
        waitgroup_add(&all, 1);
        go(offers, &o);
        chan_recv(o.taken, &v);
        memset(o.lost, 0xa5, 64); /* as the next owner of the memory would */
        CHECK_EQ(v, 1);
        waitgroup_wait(&all);
        chan_free(o.taken);
    }
}

/* ---- many cases ---- */

static void
answer_later(void *c)
{
    int v = 11;
    gosleep(MILLISECOND);
    chan_send(c, &v);
}

TEST(select_over_very_many_channels)
{
    enum { MANY = 2000 };
    struct chan **c = malloc(MANY * sizeof *c);
    struct select_case *cases = malloc(MANY * sizeof *cases);
    int v = 0;
    for (int i = 0; i < MANY; i++) {
        c[i] = chan_make(sizeof(int), 0);
        cases[i] = SELECT_RECV(c[i], &v);
    }
    for (int i = 0; i < MANY; i += 397) {
        go(answer_later, c[i]);
        CHECK_EQ(chan_select(cases, MANY), i);
        CHECK_EQ(v, 11);
    }
    for (int i = 0; i < MANY; i++) {
        chan_free(c[i]);
    }
    free(c);
    free(cases);
}

static uint64_t
heap_bytes(void)
{
    struct sched_stats s;
    sched_stats(&s);
    return s.heap_bytes;
}

static void
answer_with_the_heap(void *c)
{
    gosleep(MILLISECOND);
    uint64_t now = heap_bytes();
    chan_send(c, &now);
}

TEST(select_waits_on_its_own_stack)
{
    enum { MANY = 500, LEAST = MANY * 32 };
    uint64_t parked = 0;
    struct chan *c[MANY];
    struct select_case cases[MANY];
    for (int i = 0; i < MANY; i++) {
        c[i] = chan_make(sizeof parked, 0);
        cases[i] = SELECT_RECV(c[i], &parked);
    }
    go(answer_with_the_heap, c[7]);
    uint64_t before = heap_bytes();
    CHECK_EQ(chan_select(cases, MANY), 7);
    CHECK(parked < before + LEAST);
    for (int i = 0; i < MANY; i++) {
        chan_free(c[i]);
    }
}

static void
too_many(void *arg)
{
    chan_select(arg, 65537);
}

static void
wild_element(void *arg)
{
    struct chan *c = arg;
    struct select_case cases[] = { SELECT_SEND(c, (void *)64), SELECT_RECV(c, NULL) };
    chan_select(cases, 2);
}

static void
wild_send(void *c)
{
    chan_send(c, NULL);
}

TEST(select_misuse_is_the_goroutines_own_panic)
{
    struct panic_info info;
    struct select_case *cases = calloc(65537, sizeof *cases);
    struct chan *c = chan_make(sizeof(int), 1);
    CHECK(!try(too_many, cases, &info));
    CHECK(!try(wild_element, c, &info) && info.fault && info.address == 64);
    CHECK(!try(wild_send, c, &info) && info.fault && info.address == 0);
    CHECK(!try(wild_send, (void *)64, &info) && info.fault);
    CHECK_EQ(chan_len(c), 0);
    chan_free(c);
    free(cases);
}

static const struct test tests[] = {
    TEST_ENTRY(select_takes_what_is_ready),
    TEST_ENTRY(select_without_parking_and_nil_channels),
    TEST_ENTRY(select_chooses_evenly_among_the_ready),
    TEST_ENTRY(select_against_select_loses_and_doubles_nothing),
    TEST_ENTRY(select_on_one_channel_both_ways_pairs_up),
    TEST_ENTRY(select_is_woken_by_close),
    TEST_ENTRY(select_lets_go_of_what_it_did_not_choose),
    TEST_ENTRY(select_over_very_many_channels),
    TEST_ENTRY(select_waits_on_its_own_stack),
    TEST_ENTRY(select_misuse_is_the_goroutines_own_panic),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
