/* SPDX-License-Identifier: MIT */
/*
 * 14_chan_races.c -- what does not park is right even while the channel changes under it; values
 * arrive whole in goroutines whose stacks grow, shrink and are only just being left.
 *
 * Go           src/runtime/chan_test.go, the races and the stacks
 */
#include "../kernel/dive.h"
#include "conform.h"

/* ---- a channel that holds a value, or is closed, is never "not ready" ---- */

struct race {
    struct chan *a, *b;
    bool closes;
};

static void
closes_or_receives(void *arg)
{
    struct race *r = arg;
    if (r->closes) {
        chan_close(r->a);
    } else {
        chan_recv(r->a, NULL);
    }
}

TEST(chan_closing_is_never_not_ready)
{
    for (size_t i = 0, n = scaled(50000, 1000); i < n; i++) {
        struct race r = { chan_make(sizeof(int), 1), NULL, true };
        chan_send(r.a, &(int){ 1 });
        start(closes_or_receives, &r);
        CHECK_EQ(chan_try_recv(r.a, NULL), CHAN_OK); /* there is one, before and after */
        enum chan_status status = chan_try_recv(r.a, NULL);
        CHECK(status == CHAN_EMPTY || status == CHAN_CLOSED);
        finish();
        CHECK_EQ(chan_try_recv(r.a, NULL), CHAN_CLOSED);
        chan_free(r.a);
    }
}

/* Somebody fills b, then empties a: at every moment one of them can be received from. */
static void
moves_over(void *arg)
{
    struct race *r = arg;
    if (r->closes) {
        chan_close(r->b);
    } else {
        chan_send(r->b, &(int){ 1 });
    }
    struct select_case one = SELECT_RECV(r->a, NULL);
    chan_try_select(&one, 1);
}

static void
always_one_ready(bool closes)
{
    for (size_t i = 0, n = scaled(50000, 1000); i < n; i++) {
        struct race r = { chan_make(sizeof(int), 1), chan_make(sizeof(int), 1), closes };
        chan_send(r.a, &(int){ 1 });
        start(moves_over, &r);
        struct select_case cases[] = { SELECT_RECV(r.a, NULL), SELECT_RECV(r.b, NULL) };
        CHECK(chan_try_select(cases, 2) != -1);
        finish();
        chan_free(r.a);
        chan_free(r.b);
    }
}

TEST(chan_select_sees_that_one_is_always_ready)
{
    always_one_ready(false);
}

TEST(chan_select_sees_that_one_is_always_ready_or_closed)
{
    always_one_ready(true);
}

/* ---- stacks: the sender's frame is deep when it parks, and gone soon after ---- */

struct block {
    uint64_t words[16];
};

static struct chan *lane;

static void
sends_at_the_bottom(void *number)
{
    struct block b;
    for (uint64_t i = 0; i < 16; i++) {
        b.words[i] = *(uint64_t *)number * 100 + i;
    }
    struct select_case one[] = { SELECT_SEND(NULL, &b), SELECT_SEND(lane, &b) };
    if (*(uint64_t *)number % 2) {
        chan_send(lane, &b);
    } else {
        CHECK_EQ(chan_select(one, 2), 1);
    }
}

static void
sends_from_the_depth(void *arg)
{
    uint64_t number = (uint64_t)(uintptr_t)arg;
    size_t deep = (CONFORM_ASAN || CONFORM_TSAN ? 2 : 8) * KIB * (number % 16);
    go_deep(deep, number, sends_at_the_bottom, &number);
    go_deep(8 * KIB, number, NULL, NULL);
    go_deep(deep / 2, number, sends_at_the_bottom, &number);
}

TEST(chan_values_from_stacks_of_every_depth)
{
    uint64_t n = scaled(1000, 64), sum = 0;
    struct block b;
    lane = chan_make(sizeof(struct block), 0);
    for (uint64_t i = 1; i <= n; i++) {
        start(sends_from_the_depth, (void *)(uintptr_t)i);
    }
    for (uint64_t i = 0; i < 2 * n; i++) {
        CHECK(chan_recv(lane, &b));
        sum += b.words[0] / 100;
        for (uint64_t k = 0; k < 16; k++) {
            CHECK_EQ(b.words[k], b.words[0] + k);
        }
    }
    finish();
    CHECK_EQ(sum, n * (n + 1));
    CHECK_EQ(atomic_load(&bad_words), 0);
    chan_free(lane);
}

/* ---- a value for one who is only just parking ---- */

static void
echoes_from_the_depth(void *arg)
{
    struct race *r = arg;
    uint64_t v;
    while (chan_recv(r->a, &v)) {
        go_deep(v % 8 * KIB, v, NULL, NULL);
        v = ~v;
        chan_send(r->b, &v);
    }
    chan_close(r->b);
}

TEST(chan_value_meets_who_is_just_parking)
{
    enum { PAIRS = 6 };
    struct race r[PAIRS];
    uint64_t wrong = 0, v;
    for (int p = 0; p < PAIRS; p++) {
        r[p] = (struct race){ chan_make(sizeof v, 0), chan_make(sizeof v, 0), false };
        start(echoes_from_the_depth, &r[p]);
    }
    for (uint64_t i = 0, n = scaled(20000, 500); i < n; i++) {
        for (int p = 0; p < PAIRS; p++) {
            chan_send(r[p].a, &i);
        }
        for (int p = 0; p < PAIRS; p++) {
            CHECK(chan_recv(r[p].b, &v));
            wrong += v != ~i;
        }
    }
    for (int p = 0; p < PAIRS; p++) {
        chan_close(r[p].a);
    }
    finish();
    CHECK_EQ(wrong, 0);
    CHECK_EQ(atomic_load(&bad_words), 0);
    for (int p = 0; p < PAIRS; p++) {
        chan_free(r[p].a);
        chan_free(r[p].b);
    }
}

/* ---- the barrier: what was written before a send is seen after the receive ---- */

struct response {
    uint64_t body[4];
};

static void
answers(void *c)
{
    struct response *r = malloc(sizeof *r);
    for (uint64_t i = 0; i < 4; i++) {
        r->body[i] = i * i + 1;
    }
    chan_send(c, &r);
}

TEST(chan_receiver_sees_what_the_sender_wrote)
{
    struct chan *c = chan_make(sizeof(struct response *), 0);
    for (size_t i = 0, n = scaled(10000, 300); i < n; i++) {
        struct response *r;
        start(answers, c);
        CHECK(chan_recv(c, &r));
        for (uint64_t k = 0; k < 4; k++) {
            CHECK_EQ(r->body[k], k * k + 1);
        }
        free(r);
    }
    finish();
    chan_free(c);
}

CONFORM(TEST_ENTRY(chan_closing_is_never_not_ready),
        TEST_ENTRY(chan_select_sees_that_one_is_always_ready),
        TEST_ENTRY(chan_select_sees_that_one_is_always_ready_or_closed),
        TEST_ENTRY(chan_values_from_stacks_of_every_depth),
        TEST_ENTRY(chan_value_meets_who_is_just_parking),
        TEST_ENTRY(chan_receiver_sees_what_the_sender_wrote))
