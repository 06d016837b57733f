/* SPDX-License-Identifier: MIT */
/*
 * 04_select6.c -- a select leaves the queues of the channels that it did not choose intact.
 *
 * Go           test/chan/select6.go
 */
#include "conform.h"

struct chooser {
    struct chan *own, *common;
    int chosen, value;
    atomic_int turn; /* when it ended: 1, 2, ...; 0: not yet */
};

static atomic_int turns;

static void
chooses(void *arg)
{
    struct chooser *ch = arg;
    struct select_case cases[] = { SELECT_RECV(ch->own, NULL),
                                   SELECT_RECV(ch->common, &ch->value) };
    ch->chosen = chan_select(cases, 2);
    atomic_store(&ch->turn, atomic_fetch_add(&turns, 1) + 1);
}

static void
only_receives(void *arg)
{
    struct chooser *ch = arg;
    CHECK(chan_recv(ch->common, &ch->value));
    ch->chosen = 1;
    atomic_store(&ch->turn, atomic_fetch_add(&turns, 1) + 1);
}

/* The reduced case: one that lost on the common channel stood before one that waits there only. */
TEST(select_loser_does_not_take_the_next_ones_value)
{
    struct chooser a = { .own = chan_make(0, 0), .common = chan_make(sizeof(int), 0) };
    struct chooser b = { .common = a.common };
    start_parked(chooses, &a);
    start_parked(only_receives, &b);
    chan_send(a.own, NULL);
    chan_send(a.common, &(int){ 5 });
    finish();
    CHECK_EQ(a.chosen, 0);
    CHECK_EQ(b.value, 5);
    chan_free(a.own);
    chan_free(a.common);
}

/* Of a row of parked choosers and receivers, those named by `goes` leave by their own channel; the
 * rest must be served by the common one, each once, in the order in which they came. */
static void
some_leave(int n, bool (*goes)(int, uint64_t *))
{
    struct chooser *ch = calloc((size_t)n, sizeof *ch);
    struct chan *common = chan_make(sizeof(int), 0);
    uint64_t random = 88172645463325252u + (unsigned)n;
    int left = 0;
    for (int i = 0; i < n; i++) {
        ch[i].own = i % 4 == 3 ? NULL : chan_make(0, 0);
        ch[i].common = common;
        start_parked(ch[i].own != NULL ? chooses : only_receives, &ch[i]);
    }
    for (int i = 0; i < n; i++) {
        if (ch[i].own != NULL && goes(i, &random)) {
            chan_send(ch[i].own, NULL);
            CHECK(WAIT_UNTIL(atomic_load(&ch[i].turn) != 0));
            left++;
        }
    }
    for (int value = 1; value <= n - left; value++) {
        CHECK(chan_try_send(common, &value));
    }
    CHECK(!chan_try_send(common, &left));
    finish();
    for (int i = 0, value = 0; i < n; i++) {
        if (ch[i].chosen == 1) {
            CHECK_EQ(ch[i].value, ++value);
        }
        chan_free(ch[i].own);
    }
    chan_free(common); /* panics where a waiter is left */
    free(ch);
}

static bool
every_second(int i, uint64_t *random)
{
    (void)random;
    return i % 2 == 0;
}

static bool
at_random(int i, uint64_t *random)
{
    (void)i;
    return next_random(random) % 2 == 0;
}

static bool
everyone(int i, uint64_t *random)
{
    (void)i, (void)random;
    return true;
}

TEST(select_losers_leave_the_queue_in_order)
{
    some_leave(2, every_second);
    some_leave(13, everyone);
    some_leave(32, every_second);
    some_leave(32, at_random);
    some_leave(24, at_random);
}

/* ---- all at once: two channels of which one is common to all ---- */

struct pair {
    struct chan *own, *common;
    atomic_ullong *common_sum, *own_sum;
};

static void
takes_until_closed(void *arg)
{
    struct pair *p = arg;
    int own, common;
    struct select_case cases[] = { SELECT_RECV(p->own, &own), SELECT_RECV(p->common, &common) };
    for (;;) {
        if (chan_select(cases, 2) == 1) {
            atomic_fetch_add(p->common_sum, (unsigned)common);
        } else if (cases[0].ok) {
            atomic_fetch_add(p->own_sum, (unsigned)own);
        } else {
            return;
        }
    }
}

TEST(select_losers_take_nothing_while_all_run)
{
    enum { CROWD = 8 };
    struct pair p[CROWD];
    atomic_ullong common_sum = 0, own_sum = 0;
    struct chan *common = chan_make(sizeof(int), 0);
    unsigned n = (unsigned)scaled(20000, 300);
    for (int i = 0; i < CROWD; i++) {
        p[i] = (struct pair){ chan_make(sizeof(int), 0), common, &common_sum, &own_sum };
        start(takes_until_closed, &p[i]);
    }
    for (unsigned i = 1; i <= n; i++) {
        chan_send(common, &i);
        chan_send(p[i % CROWD].own, &i);
    }
    for (int i = 0; i < CROWD; i++) {
        chan_close(p[i].own);
    }
    finish();
    CHECK_EQ(atomic_load(&common_sum), (uint64_t)n * (n + 1) / 2);
    CHECK_EQ(atomic_load(&own_sum), (uint64_t)n * (n + 1) / 2);
    for (int i = 0; i < CROWD; i++) {
        chan_free(p[i].own);
    }
    chan_free(common);
}

CONFORM(TEST_ENTRY(select_loser_does_not_take_the_next_ones_value),
        TEST_ENTRY(select_losers_leave_the_queue_in_order),
        TEST_ENTRY(select_losers_take_nothing_while_all_run))
