/* SPDX-License-Identifier: MIT */
/*
 * 14_chan.c -- the matrix of capacities, select under stress, and how fairly it chooses.
 *
 * Go           src/runtime/chan_test.go
 */
#include "conform.h"

/* ---- every capacity ---- */

static atomic_int arrivals;

static void
receives_one(void *c)
{
    int v = -1;
    CHECK(chan_recv(c, &v));
    CHECK_EQ(v, 5);
    atomic_fetch_add(&arrivals, 1);
}

static void
sends_hundred(void *c)
{
    for (int i = 0; i < 100; i++) {
        chan_send(c, &i);
    }
}

static atomic_uchar counts[100];

static void
receives_until_closed(void *c)
{
    int v;
    while (chan_recv(c, &v)) {
        atomic_fetch_add(&counts[v], 1);
    }
}

static void
one_capacity(size_t capacity)
{
    struct chan *c = chan_make(sizeof(int), capacity);
    int v;
    atomic_store(&arrivals, 0);
    start_parked(receives_one, c);
    start_parked(receives_one, c);
    CHECK_EQ(atomic_load(&arrivals), 0);
    for (int i = 0; i < 2; i++) {
        chan_send(c, &(int){ 5 });
    }
    finish();
    start(sends_hundred, c);
    for (int i = 0; i < 100; i++) {
        CHECK(chan_recv(c, &v));
        CHECK_EQ(v, i);
    }
    finish();
    memset((void *)counts, 0, sizeof counts);
    struct waitgroup takers = { 0 };
    for (int i = 0; i < 4; i++) {
        start(sends_hundred, c);
        waitgroup_go(&takers, receives_until_closed, c);
    }
    finish();
    chan_close(c);
    waitgroup_wait(&takers);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(atomic_load(&counts[i]), 4);
    }
    CHECK_EQ(chan_cap(c), capacity);
    CHECK_EQ(chan_len(c), 0);
    chan_free(c);
}

TEST(chan_matrix_over_capacities)
{
    for (size_t capacity = 0; capacity < scaled(200, 12); capacity++) {
        one_capacity(capacity);
    }
}

/* ---- four goroutines over the same four channels in different orders ---- */

enum { WAYS = 4 };

struct stress {
    struct chan **c;
    unsigned each;
    int shift;
    bool send, select;
};

static void
works_all_ways(void *arg)
{
    struct stress *s = arg;
    unsigned left[WAYS] = { s->each, s->each, s->each, s->each };
    for (unsigned n = WAYS * s->each; n > 0; n--) {
        struct select_case cases[WAYS];
        for (int k = 0; k < WAYS; k++) {
            int way = (k + s->shift) % WAYS;
            struct chan *c = left[way] > 0 ? s->c[way] : NULL;
            cases[k] = s->send ? SELECT_SEND(c, NULL) : SELECT_RECV(c, NULL);
        }
        left[(chan_select(cases, WAYS) + s->shift) % WAYS]--;
    }
}

static void
works_one_way(void *arg)
{
    struct stress *s = arg;
    for (unsigned i = 0; i < s->each; i++) {
        if (s->send) {
            chan_send(s->c[s->shift], NULL);
        } else {
            CHECK(chan_recv(s->c[s->shift], NULL));
        }
    }
}

TEST(chan_select_stress)
{
    struct chan *c[WAYS];
    struct stress s[2 * WAYS + 2];
    unsigned each = (unsigned)scaled(30000, 300), n = 0;
    for (int i = 0; i < WAYS; i++) {
        c[i] = chan_make(0, (size_t)(i < 2 ? 0 : i));
    }
    for (int i = 0; i < WAYS; i++) {
        s[n++] = (struct stress){ c, each, i, true, false };
        s[n++] = (struct stress){ c, each, i, false, false };
    }
    s[n++] = (struct stress){ c, each, 0, true, true };
    s[n++] = (struct stress){ c, each, 3, false, true };
    for (unsigned i = 0; i < n; i++) {
        start(s[i].select ? works_all_ways : works_one_way, &s[i]);
    }
    finish();
    for (int i = 0; i < WAYS; i++) {
        CHECK_EQ(chan_len(c[i]), 0);
        chan_free(c[i]);
    }
}

/* ---- fairness: 4.89 standard deviations, as in Go: one false alarm in a million ---- */

/* |count - n/2| <= 4.891676 * sqrt(n) / 2, squared to stay with integers. */
static bool
is_fair(int64_t count, int64_t n)
{
    int64_t off = 2 * count - n;
    return off * off * 1000 <= 23929 * n; /* 4.891676 squared: 23.928 */
}

TEST(chan_select_is_fair)
{
    int64_t n = (int64_t)scaled(10000, 2000), first = 0;
    struct chan *a = chan_make(1, (size_t)n), *b = chan_make(1, (size_t)n);
    struct chan *never = chan_make(1, 0);
    for (int64_t i = 0; i < n; i++) {
        chan_send(a, "a");
        chan_send(b, "b");
    }
    struct select_case cases[] = { SELECT_RECV(never, NULL), SELECT_RECV(a, NULL),
                                   SELECT_RECV(b, NULL), SELECT_SEND(never, "x") };
    for (int64_t i = 0; i < n; i++) {
        int chosen = chan_select(cases, 4);
        CHECK(chosen == 1 || chosen == 2);
        first += chosen == 1;
    }
    printf("# %lld of %lld\n", (long long)first, (long long)n);
    CHECK(is_fair(first, n));
    chan_free(a);
    chan_free(b);
    chan_free(never);
}

TEST(chan_select_sends_pseudo_randomly)
{
    int64_t n = (int64_t)scaled(10000, 1000), ones = 0, changes = 0;
    struct chan *c = chan_make(sizeof(int), 1);
    int zero = 0, one = 1, v, last = -1;
    struct select_case cases[] = { SELECT_SEND(c, &zero), SELECT_SEND(c, &one) };
    for (int64_t i = 0; i < n; i++) {
        int chosen = i % 2 ? chan_select(cases, 2) : chan_try_select(cases, 2);
        CHECK(chan_recv(c, &v));
        CHECK_EQ(v, chosen);
        ones += v;
        changes += v != last;
        last = v;
    }
    CHECK(is_fair(ones, n));
    CHECK(is_fair(changes, n)); /* no simple alternation either */
    chan_free(c);
}

/* ---- a select never talks to itself; two on one channel pair up ---- */

struct self {
    struct chan *c;
    int number, rounds;
};

static void
selects_both_ways(void *arg)
{
    struct self *s = arg;
    for (int i = 0; i < s->rounds; i++) {
        int v = -1;
        struct select_case cases[] = { SELECT_SEND(s->c, &s->number), SELECT_RECV(s->c, &v) };
        struct select_case swapped[] = { cases[1], cases[0] };
        int chosen = s->number ? chan_select(swapped, 2) ^ 1 : chan_select(cases, 2);
        CHECK(chosen == 0 || v != s->number);
    }
}

TEST(chan_select_never_meets_itself)
{
    struct chan *c = chan_make(sizeof(int), 0);
    int rounds = (int)scaled(20000, 500);
    struct self s[2] = { { c, 0, rounds }, { c, 1, rounds } };
    start(selects_both_ways, &s[0]);
    start(selects_both_ways, &s[1]);
    finish();
    chan_free(c);
}

static void
selects_twice_the_same(void *arg)
{
    struct chan **c = arg;
    struct select_case cases[] = { SELECT_RECV(c[0], NULL), SELECT_RECV(c[0], NULL),
                                   SELECT_RECV(c[1], NULL) };
    int chosen = chan_select(cases, 3);
    CHECK(chosen == 0 || chosen == 1);
    CHECK(cases[chosen].ok);
}

TEST(chan_select_with_a_channel_twice)
{
    struct chan *c[] = { chan_make(sizeof(int), 0), chan_make(sizeof(int), 0) };
    for (int i = 0; i < 20; i++) {
        start_parked(selects_twice_the_same, c);
        start_parked(selects_twice_the_same, c);
        CHECK(chan_try_send(c[0], &i)); /* one value wakes one, and only one */
        CHECK(chan_try_send(c[0], &i));
        CHECK(!chan_try_send(c[0], &i));
        CHECK(!chan_try_send(c[1], &i));
        finish();
    }
    chan_free(c[0]);
    chan_free(c[1]);
}

/* ---- many consumers; values keep their worth through two stages ---- */

static const unsigned primes[] = { 2, 3, 5, 7, 11, 13, 17, 19 };

struct stage {
    struct chan *in, *out;
    struct waitgroup wg;
};

static void
doubles(void *arg)
{
    struct stage *s = arg;
    unsigned v;
    while (chan_recv(s->in, &v)) {
        if (v % 3 == 0) {
            gosched();
        }
        v *= 2;
        chan_send(s->out, &v);
    }
}

static void
closes_after(void *arg)
{
    struct stage *s = arg;
    waitgroup_wait(&s->wg);
    chan_close(s->out);
}

static void
feeds(void *c)
{
    for (size_t i = 0, n = scaled(10000, 1000); i < n; i++) {
        chan_send(c, &primes[i % 8]);
    }
    chan_close(c);
}

TEST(chan_many_consumers)
{
    size_t n = scaled(10000, 1000), got = 0;
    struct stage s = { chan_make(sizeof(unsigned), 7), chan_make(sizeof(unsigned), 3), { 0 } };
    uint64_t sum = 0, wanted = 0;
    unsigned v;
    for (int i = 0; i < 23; i++) {
        waitgroup_go(&s.wg, doubles, &s);
    }
    start(closes_after, &s);
    start(feeds, s.in);
    for (; chan_recv(s.out, &v); got++) {
        sum += v;
    }
    for (size_t i = 0; i < n; i++) {
        wanted += 2 * primes[i % 8];
    }
    CHECK_EQ(got, n);
    CHECK_EQ(sum, wanted);
    finish();
    chan_free(s.in);
    chan_free(s.out);
}

CONFORM(TEST_ENTRY(chan_matrix_over_capacities), TEST_ENTRY(chan_select_stress),
        TEST_ENTRY(chan_select_is_fair), TEST_ENTRY(chan_select_sends_pseudo_randomly),
        TEST_ENTRY(chan_select_never_meets_itself), TEST_ENTRY(chan_select_with_a_channel_twice),
        TEST_ENTRY(chan_many_consumers))
