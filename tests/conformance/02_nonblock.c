/* SPDX-License-Identifier: MIT */
/*
 * 02_nonblock.c -- what must not block never does, and never succeeds wrongly; every element size.
 *
 * Go           test/chan/nonblock.go
 */
#include "conform.h"

static const size_t sizes[] = { 0, 1, 2, 3, 4, 8, 12, 16, 24, 64, 65, 128, 1000, 4096, 20000 };
enum { SIZES = sizeof sizes / sizeof sizes[0], LARGEST = 20000, MARGIN = 16 };

/* A value of its own for each (size, number), with a margin behind it that nobody may touch. */
struct value {
    unsigned char bytes[LARGEST + MARGIN];
};

static struct value *
value_new(size_t size, unsigned number)
{
    struct value *v = malloc(sizeof *v);
    memset(v, 0x5a, sizeof *v);
    for (size_t i = 0; i < size; i++) {
        v->bytes[i] = (unsigned char)(number * 37 + i * 11 + size);
    }
    return v;
}

static bool
value_is(const struct value *v, size_t size, unsigned number)
{
    struct value *wanted = value_new(size, number);
    bool same = memcmp(v, wanted, size + MARGIN) == 0;
    free(wanted);
    return same;
}

static bool
sends_by_select(struct chan *c, const void *v)
{
    struct select_case cases[] = { SELECT_SEND(c, v), SELECT_RECV(NULL, NULL) };
    int chosen = chan_try_select(cases, 2);
    CHECK(chosen == 0 || chosen == -1);
    return chosen == 0;
}

static bool
receives_by_select(struct chan *c, void *v)
{
    struct select_case one = SELECT_RECV(c, v);
    int chosen = chan_try_select(&one, 1);
    CHECK(chosen == 0 || chosen == -1);
    CHECK_EQ(one.ok, chosen == 0);
    return chosen == 0;
}

static void
through_a_buffer(size_t size, size_t capacity)
{
    struct chan *c = chan_make(size, capacity);
    struct value *v = value_new(size, 99);
    CHECK_EQ(chan_try_recv(c, v), CHAN_EMPTY);
    CHECK(!receives_by_select(c, v));
    CHECK(value_is(v, size, 99));
    for (unsigned i = 0; i < capacity; i++) {
        struct value *in = value_new(size, i);
        CHECK(i % 2 ? sends_by_select(c, in) : chan_try_send(c, in));
        free(in);
    }
    CHECK(!chan_try_send(c, v));
    CHECK(!sends_by_select(c, v));
    CHECK_EQ(chan_len(c), capacity);
    for (unsigned i = 0; i < capacity; i++) {
        CHECK(i % 2 ? chan_try_recv(c, v) == CHAN_OK : receives_by_select(c, v));
        CHECK(value_is(v, size, i));
    }
    CHECK(!receives_by_select(c, v));
    free(v);
    chan_free(c);
}

TEST(nonblock_with_nobody_waiting)
{
    for (int i = 0; i < SIZES; i++) {
        through_a_buffer(sizes[i], 0);
        through_a_buffer(sizes[i], 1);
        through_a_buffer(sizes[i], 5);
    }
}

/* ---- with a partner that waits, the first attempt succeeds ---- */

struct partner {
    struct chan *c;
    struct value *v;
    bool select;
};

static void
waits_to_receive(void *arg)
{
    struct partner *p = arg;
    struct select_case one = SELECT_RECV(p->c, p->v);
    CHECK(p->select ? chan_select(&one, 1) == 0 && one.ok : chan_recv(p->c, p->v));
}

static void
waits_to_send(void *arg)
{
    struct partner *p = arg;
    struct select_case cases[] = { SELECT_RECV(NULL, NULL), SELECT_SEND(p->c, p->v) };
    if (p->select) {
        CHECK_EQ(chan_select(cases, 2), 1);
    } else {
        chan_send(p->c, p->v);
    }
}

static void
meets_a_receiver(size_t size, size_t capacity, bool select)
{
    struct value *in = value_new(size, 1), *out = value_new(size, 2);
    struct partner p = { chan_make(size, capacity), out, select };
    start_parked(waits_to_receive, &p);
    CHECK(select ? chan_try_send(p.c, in) : sends_by_select(p.c, in));
    finish();
    CHECK(value_is(out, size, 1));
    CHECK_EQ(chan_len(p.c), 0);
    chan_free(p.c);
    free(in);
    free(out);
}

static void
meets_a_sender(size_t size, size_t capacity, bool select)
{
    struct value *in = value_new(size, 0), *out = value_new(size, 9);
    struct partner p = { chan_make(size, capacity), in, select };
    for (unsigned i = 0; i < capacity; i++) {
        CHECK(chan_try_send(p.c, in));
    }
    start_parked(waits_to_send, &p);
    for (unsigned i = 0; i <= capacity; i++) {
        CHECK(select ? chan_try_recv(p.c, out) == CHAN_OK : receives_by_select(p.c, out));
        CHECK(value_is(out, size, 0));
    }
    CHECK_EQ(chan_try_recv(p.c, out), CHAN_EMPTY);
    finish();
    chan_free(p.c);
    free(in);
    free(out);
}

TEST(nonblock_meets_who_waits)
{
    for (int i = 0; i < SIZES; i++) {
        meets_a_receiver(sizes[i], 0, false);
        meets_a_receiver(sizes[i], 2, true);
        meets_a_sender(sizes[i], 0, true);
        meets_a_sender(sizes[i], 1, false);
    }
}

/* ---- two that never wait can never meet without a buffer ---- */

static atomic_uint met;

static void
tries_to_send(void *c)
{
    for (size_t i = 0, n = scaled(200000, 2000); i < n; i++) {
        atomic_fetch_add(&met, chan_try_send(c, &i));
    }
}

static void
tries_to_receive(void *c)
{
    size_t got;
    for (size_t i = 0, n = scaled(200000, 2000); i < n; i++) {
        atomic_fetch_add(&met, chan_try_recv(c, &got) != CHAN_EMPTY);
    }
}

TEST(nonblock_both_sides_never_meet)
{
    struct chan *c = chan_make(sizeof(size_t), 0);
    for (int i = 0; i < 3; i++) {
        start(tries_to_send, c);
        start(tries_to_receive, c);
    }
    finish();
    CHECK_EQ(atomic_load(&met), 0);
    chan_free(c);
}

/* ---- polling on one side: what is said to have been sent is what arrives ---- */

static atomic_ullong sent_sum, received_sum;

static void
polls_to_send(void *c)
{
    uint64_t sum = 0;
    for (uint64_t i = 1, n = scaled(30000, 500); i <= n; i++) {
        while (!chan_try_send(c, &i)) {
            gosched();
        }
        sum += i;
    }
    atomic_fetch_add(&sent_sum, sum);
}

static void
receives_until_closed(void *c)
{
    uint64_t got, sum = 0;
    while (chan_recv(c, &got)) {
        sum += got;
    }
    atomic_fetch_add(&received_sum, sum);
}

static struct waitgroup takers;

TEST(nonblock_polling_loses_and_doubles_nothing)
{
    for (size_t capacity = 0; capacity <= 2; capacity += 2) {
        struct chan *c = chan_make(sizeof(uint64_t), capacity);
        for (int i = 0; i < 3; i++) {
            start(polls_to_send, c);
            waitgroup_go(&takers, receives_until_closed, c);
        }
        finish();
        chan_close(c);
        waitgroup_wait(&takers);
        CHECK_EQ(atomic_load(&sent_sum), atomic_load(&received_sum));
        chan_free(c);
    }
}

CONFORM(TEST_ENTRY(nonblock_with_nobody_waiting), TEST_ENTRY(nonblock_meets_who_waits),
        TEST_ENTRY(nonblock_both_sides_never_meet),
        TEST_ENTRY(nonblock_polling_loses_and_doubles_nothing))
