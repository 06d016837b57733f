/* SPDX-License-Identifier: MIT */
/*
 * errgroup_test.c -- groups of goroutines: the first error, the context, the limit.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "../unit/context_storm.h"
#include "patience.h"

static atomic_int ran;

static bool
closed(struct context *c)
{
    return chan_try_recv(context_done(c), NULL) == CHAN_CLOSED;
}

static int
returns(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

TEST(errgroup_zeroed_is_ready)
{
    struct errgroup eg = { 0 };
    atomic_store(&ran, 0);
    for (int i = 0; i < 100; i++) {
        errgroup_go(&eg, returns, NULL);
    }
    CHECK(errgroup_try_go(&eg, returns, NULL));
    CHECK_EQ(errgroup_wait(&eg), 0);
    CHECK_EQ(atomic_load(&ran), 101);
    CHECK_EQ(errgroup_wait(&eg), 0);
    CHECK(context_err(errgroup_context(&eg)) == CONTEXT_CANCELED);
    CHECK(closed(errgroup_context(&eg)));
}

/* ---- the first error ---- */

static struct context *lent;

static int
waits_for_the_end(void *arg)
{
    chan_recv(context_done(lent), NULL);
    return (int)(intptr_t)arg;
}

TEST(errgroup_first_error_counts_and_cancels)
{
    static const int results[] = { 7, -1, INT32_MIN };
    for (int i = 0; i < 3; i++) {
        struct errgroup eg;
        errgroup_init(&eg, i == 0 ? NULL : context_background());
        lent = errgroup_context(&eg);
        struct chan *done = context_done(lent);
        CHECK(context_err(lent) == 0 && !closed(lent));
        for (int k = 1; k <= 10; k++) {
            errgroup_go(&eg, waits_for_the_end, (void *)(intptr_t)(100 + k));
        }
        gosched();
        errgroup_go(&eg, returns, NULL);
        CHECK(context_err(lent) == 0);
        errgroup_go(&eg, returns, (void *)(intptr_t)results[i]);
        CHECK_EQ(errgroup_wait(&eg), results[i]);
        CHECK(errgroup_context(&eg) == lent && context_done(lent) == done && closed(lent));
        CHECK_EQ(context_err(lent), CONTEXT_CANCELED);
    }
}

TEST(errgroup_context_asked_for_after_the_error)
{
    struct errgroup eg = { 0 };
    errgroup_go(&eg, returns, (void *)3);
    CHECK(WAIT_UNTIL(context_err(errgroup_context(&eg)) != 0));
    CHECK(closed(errgroup_context(&eg)));
    struct context *late = context_with_cancel(errgroup_context(&eg));
    CHECK_EQ(context_err(late), CONTEXT_CANCELED);
    context_free(late);
    CHECK_EQ(errgroup_wait(&eg), 3);
}

/* ---- its context ---- */

TEST(errgroup_context_is_the_parents_child)
{
    int64_t when = nanotime() + HOUR, seen = 0;
    struct context *timed = context_with_deadline(context_background(), when);
    struct context *parent = context_with_value(timed, &ran, "value");
    struct errgroup eg;
    errgroup_init(&eg, parent);
    struct context *c = lent = errgroup_context(&eg);
    CHECK(context_deadline(c, &seen) && seen == when);
    CHECK(context_value(c, &ran) != NULL && strcmp(context_value(c, &ran), "value") == 0);
    errgroup_go(&eg, waits_for_the_end, NULL);
    context_cancel(timed);
    CHECK_EQ(context_err(c), CONTEXT_CANCELED);
    CHECK_EQ(errgroup_wait(&eg), 0);
    context_unref(timed);
    context_unref(parent);

    parent = context_with_timeout(context_background(), MILLISECOND);
    errgroup_init(&eg, parent);
    c = lent = errgroup_context(&eg);
    errgroup_go(&eg, waits_for_the_end, (void *)1);
    CHECK_EQ(errgroup_wait(&eg), 1);
    CHECK_EQ(context_err(c), CONTEXT_DEADLINE_EXCEEDED); /* the first reason stays */
    context_free(parent);
}

/* Made in a function whose group is gone when it returns. */
static struct context *
outlives(struct context **child, struct context **value, struct context *parent)
{
    struct errgroup eg;
    errgroup_init(&eg, parent);
    struct context *ref = context_ref(errgroup_context(&eg));
    CHECK(ref != errgroup_context(&eg));
    *child = context_with_cancel(errgroup_context(&eg));
    *value = context_with_value(errgroup_context(&eg), &lent, "kept");
    context_unref(errgroup_context(&eg)); /* no effect */
    CHECK(context_err(ref) == 0 && context_err(*child) == 0 && context_err(*value) == 0);
    errgroup_go(&eg, returns, NULL);
    CHECK_EQ(errgroup_wait(&eg), 0);
    memset(&eg, 0xa5, sizeof eg);
    return ref;
}

TEST(errgroup_what_was_derived_outlives_it)
{
    struct context *child, *value;
    struct context *parent = context_with_value(context_background(), &ran, "above");
    struct context *ref = outlives(&child, &value, parent);
    context_unref(parent);
    CHECK(closed(ref) && closed(child) && closed(value));
    CHECK(strcmp(context_value(value, &lent), "kept") == 0);
    CHECK(strcmp(context_value(value, &ran), "above") == 0);
    CHECK(strcmp(context_value(child, &ran), "above") == 0);
    context_free(child);
    context_unref(ref);
    context_unref(value);
}

TEST(errgroup_context_cancelled_and_put_off)
{
    struct errgroup eg;
    errgroup_init(&eg, NULL);
    struct context *c = errgroup_context(&eg);
    atomic_store(&storm_calls, 0);
    uint64_t one = context_after_func(c, storm_called, NULL);
    uint64_t two = context_after_func(c, storm_called, NULL);
    CHECK(one != two && context_after_stop(c, one));
    context_cancel(c);
    CHECK(context_err(c) == CONTEXT_CANCELED && closed(c));
    CHECK(!context_after_stop(c, two));
    context_free(c);
    CHECK_EQ(errgroup_wait(&eg), 0);
    CHECK(!context_after_stop(c, two));
    context_after_func(c, storm_called, NULL);
    CHECK(WAIT_UNTIL(atomic_load(&storm_calls) == 2));
}

TEST(errgroup_context_against_those_outside)
{
    storm_of_groups(60);
}

/* ---- the limit ---- */

static atomic_int now, most;

static int
counts(void *arg)
{
    (void)arg;
    int n = atomic_fetch_add(&now, 1) + 1, m = atomic_load(&most);
    while (n > m && !atomic_compare_exchange_weak(&most, &m, n)) {
    }
    for (int i = 0; i < 10; i++) {
        gosched();
    }
    atomic_fetch_sub(&now, 1);
    return 0;
}

TEST(errgroup_limit_holds_go_back)
{
    for (int limit = 1; limit <= 8; limit *= 2) {
        struct errgroup eg = { 0 };
        atomic_store(&most, 0);
        errgroup_set_limit(&eg, limit);
        for (int i = 0; i < 300; i++) {
            errgroup_go(&eg, counts, NULL);
        }
        CHECK_EQ(errgroup_wait(&eg), 0);
        CHECK(atomic_load(&most) <= limit && atomic_load(&most) >= 1);
    }
}

static int
receives(void *arg)
{
    chan_recv(arg, NULL);
    return 0;
}

static void
set_limit_3(void *arg)
{
    errgroup_set_limit(arg, 3);
}

TEST(errgroup_limit_turns_try_go_down)
{
    struct errgroup eg = { 0 };
    struct panic_info info;
    struct chan *c = chan_make(0, 0);
    errgroup_set_limit(&eg, 2);
    CHECK(errgroup_try_go(&eg, receives, c));
    CHECK(errgroup_try_go(&eg, receives, c));
    CHECK(!errgroup_try_go(&eg, receives, c));
    CHECK(!try(set_limit_3, &eg, &info));
    CHECK_STREQ(info.message,
                "errgroup: modify limit while 2 goroutines in the group are still active");
    chan_send(c, NULL);
    bool started = false; /* the condition is looked at once more after it has held */
    CHECK(WAIT_UNTIL(started = started || errgroup_try_go(&eg, receives, c)));
    CHECK(!errgroup_try_go(&eg, receives, c));
    chan_close(c);
    CHECK_EQ(errgroup_wait(&eg), 0);
    errgroup_set_limit(&eg, 0);
    CHECK(!errgroup_try_go(&eg, receives, c));
    errgroup_set_limit(&eg, -1);
    for (int i = 0; i < 100; i++) {
        CHECK(errgroup_try_go(&eg, receives, c));
    }
    CHECK_EQ(errgroup_wait(&eg), 0);
    chan_free(c);
}

static int
sends(void *arg)
{
    chan_send(arg, NULL);
    return 0;
}

static void
set_limit_1(void *arg)
{
    errgroup_set_limit(arg, 1);
}

/* As soon as none runs, though nobody has waited for that. */
TEST(errgroup_limit_set_as_the_last_one_ends)
{
    for (int round = 0; round < 400; round++) {
        struct errgroup eg = { 0 };
        struct chan *c = chan_make(0, 0);
        int64_t give_up = nanotime() + PATIENCE;
        errgroup_set_limit(&eg, 1);
        errgroup_go(&eg, sends, c);
        chan_recv(c, NULL);
        while (!try(set_limit_1, &eg, NULL) && nanotime() < give_up) {
            gosleep(20 * MICROSECOND);
        }
        gosched();
        CHECK(errgroup_try_go(&eg, receives, c));
        CHECK(!errgroup_try_go(&eg, receives, c));
        chan_close(c);
        CHECK_EQ(errgroup_wait(&eg), 0);
        chan_free(c);
    }
}

/* ---- goexit, more goroutines from within ---- */

static int
leaves(void *arg)
{
    if (arg != NULL) {
        gosched();
    }
    goexit();
}

static int
starts_more(void *arg)
{
    struct errgroup *eg = arg;
    for (int i = 0; i < 5; i++) {
        errgroup_go(eg, returns, NULL);
    }
    return 0;
}

TEST(errgroup_counts_those_that_leave_or_multiply)
{
    struct errgroup eg = { 0 };
    errgroup_set_limit(&eg, 3);
    for (int i = 0; i < 50; i++) {
        errgroup_go(&eg, leaves, (void *)(intptr_t)(i % 2));
    }
    CHECK_EQ(errgroup_wait(&eg), 0);
    errgroup_set_limit(&eg, -1);
    atomic_store(&ran, 0);
    for (int i = 0; i < 50; i++) {
        errgroup_go(&eg, starts_more, &eg);
    }
    CHECK_EQ(errgroup_wait(&eg), 0);
    CHECK_EQ(atomic_load(&ran), 250);
}

static void
groups(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        struct errgroup eg = { 0 };
        if (i % 3 == 0) {
            errgroup_init(&eg, context_background());
        }
        errgroup_go(&eg, returns, (void *)(intptr_t)(i % 2));
        if (i % 3 == 1) {
            context_unref(context_ref(errgroup_context(&eg)));
            context_done(errgroup_context(&eg));
        }
        CHECK_EQ(errgroup_wait(&eg), i % 2);
    }
}

TEST(errgroup_memory_comes_back)
{
    enum { ROUNDS = 4000 };
    groups(ROUNDS);
    uint64_t before = stats_now().heap_bytes;
    groups(ROUNDS);
    CHECK(stats_now().heap_bytes < before + 64 * 1024);
}

static const struct test tests[] = {
    TEST_ENTRY(errgroup_zeroed_is_ready),
    TEST_ENTRY(errgroup_first_error_counts_and_cancels),
    TEST_ENTRY(errgroup_context_asked_for_after_the_error),
    TEST_ENTRY(errgroup_context_is_the_parents_child),
    TEST_ENTRY(errgroup_what_was_derived_outlives_it),
    TEST_ENTRY(errgroup_context_cancelled_and_put_off),
    TEST_ENTRY(errgroup_context_against_those_outside),
    TEST_ENTRY(errgroup_limit_holds_go_back),
    TEST_ENTRY(errgroup_limit_turns_try_go_down),
    TEST_ENTRY(errgroup_limit_set_as_the_last_one_ends),
    TEST_ENTRY(errgroup_counts_those_that_leave_or_multiply),
    TEST_ENTRY(errgroup_memory_comes_back),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
