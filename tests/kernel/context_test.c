/* SPDX-License-Identifier: MIT */
/*
 * context_test.c -- cancelling goes down and never up; nothing leaks; groups of goroutines.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

static bool
is_done(struct context *c)
{
    return chan_try_recv(context_done(c), NULL) == CHAN_CLOSED;
}

TEST(context_cancel_goes_down_not_up)
{
    struct context *root = context_with_cancel(context_background());
    struct context *a = context_with_cancel(root), *b = context_with_cancel(root);
    struct context *a1 = context_with_value(a, &all, "v"), *a2 = context_with_cancel(a1);
    CHECK(!is_done(a2) && context_err(a2) == 0);
    context_cancel(a1); /* of a value context: nothing */
    CHECK_EQ(context_err(a2), 0);
    context_cancel(a);
    context_cancel(a);
    CHECK(is_done(a) && is_done(a1) && is_done(a2));
    CHECK_EQ(context_err(a2), CONTEXT_CANCELED);
    CHECK_EQ(context_err(a1), CONTEXT_CANCELED);
    CHECK(context_err(root) == 0 && context_err(b) == 0);
    struct context *late = context_with_cancel(a2);
    CHECK_EQ(context_err(late), CONTEXT_CANCELED);
    CHECK(is_done(late));
    context_free(root);
    CHECK(is_done(b));
    context_free(late);
    context_free(a2);
    context_free(a1);
    context_free(a);
    context_free(b);
}

static atomic_int calls;

static void
called(void *arg)
{
    atomic_fetch_add(&calls, (int)(intptr_t)arg);
}

TEST(context_background_is_nothing_in_particular)
{
    struct context *c = context_background();
    int64_t when;
    context_cancel(c);
    context_unref(c);
    context_free(c);
    context_free(NULL);
    CHECK(context_ref(c) == c);
    CHECK(context_done(c) == NULL && context_err(c) == 0 && !context_deadline(c, &when));
    CHECK(context_value(c, &all) == NULL);
    CHECK(context_after_stop(c, context_after_func(c, called, NULL)));
}

TEST(context_values_come_from_the_nearest)
{
    static int k1, k2;
    struct context *a = context_with_value(context_background(), &k1, "a");
    struct context *b = context_with_cancel(a), *c = context_with_value(b, &k2, "c");
    struct context *d = context_with_value(c, &k1, "d");
    CHECK(strcmp(context_value(d, &k1), "d") == 0);
    CHECK(strcmp(context_value(d, &k2), "c") == 0);
    CHECK(strcmp(context_value(c, &k1), "a") == 0);
    CHECK(context_value(b, &k2) == NULL);
    context_unref(a); /* its children hold it */
    context_unref(b);
    context_unref(c);
    CHECK(strcmp(context_value(d, &k1), "d") == 0);
    context_unref(d);
}

TEST(context_deadlines_are_never_early_and_the_first_counts)
{
    int64_t began = nanotime(), when = 0;
    struct context *far = context_with_timeout(context_background(), HOUR);
    struct context *near = context_with_timeout(far, 3 * MILLISECOND);
    struct context *child = context_with_timeout(near, HOUR);
    CHECK(context_deadline(child, &when) && when >= began + 3 * MILLISECOND && when < began + HOUR);
    CHECK(context_deadline(far, &when) && when >= began + HOUR);
    chan_recv(context_done(child), NULL);
    CHECK(nanotime() - began >= 3 * MILLISECOND);
    CHECK_EQ(context_err(child), CONTEXT_DEADLINE_EXCEEDED);
    CHECK_EQ(context_err(near), CONTEXT_DEADLINE_EXCEEDED);
    CHECK_EQ(context_err(far), 0);
    struct context *past = context_with_deadline(context_background(), 1);
    CHECK_EQ(context_err(past), CONTEXT_DEADLINE_EXCEEDED);
    CHECK(is_done(past));
    struct context *ever = context_with_timeout(context_background(), INT64_MAX);
    CHECK_EQ(context_err(ever), 0);
    context_cancel(ever);
    CHECK_EQ(context_err(ever), CONTEXT_CANCELED);
    context_free(ever);
    context_free(past);
    context_free(child);
    context_free(near);
    context_free(far);
}

TEST(context_after_func_calls_once_unless_stopped)
{
    struct context *c = context_with_cancel(context_background());
    struct context *v = context_with_value(c, &calls, NULL);
    uint64_t one = context_after_func(c, called, (void *)1);
    uint64_t ten = context_after_func(v, called, (void *)10);
    uint64_t hundred = context_after_func(c, called, (void *)100);
    CHECK(one != ten && ten != hundred);
    CHECK(context_after_stop(c, one));
    CHECK(!context_after_stop(c, one));
    context_cancel(c);
    CHECK(WAIT_UNTIL(atomic_load(&calls) == 110));
    CHECK(!context_after_stop(c, hundred));
    context_after_func(v, called, (void *)1000); /* too late: at once */
    CHECK(WAIT_UNTIL(atomic_load(&calls) == 1110));
    context_unref(v);
    context_free(c);
}

/* ---- size ---- */

TEST(context_chains_and_fans_may_be_very_large)
{
    enum { DEEP = 20000, WIDE = 20000 };
    struct context *root = context_with_cancel(context_background()), *c = context_ref(root);
    for (int i = 0; i < DEEP; i++) {
        struct context *child = context_with_cancel(c);
        context_unref(c);
        c = child;
    }
    context_cancel(root);
    CHECK_EQ(context_err(c), CONTEXT_CANCELED);
    context_free(root);
    context_free(c); /* the whole chain, one after the other */
    root = context_with_cancel(context_background());
    struct context **fan = malloc(WIDE * sizeof *fan);
    for (int i = 0; i < WIDE; i++) {
        fan[i] = context_with_cancel(root);
    }
    for (int i = 0; i < WIDE; i += 2) {
        context_free(fan[i]);
    }
    context_free(root);
    for (int i = 1; i < WIDE; i += 2) {
        CHECK(context_err(fan[i]) == CONTEXT_CANCELED);
        context_free(fan[i]);
    }
    free(fan);
}

/* ---- races: cancelling, freeing, deadlines and waiting at once ---- */

static void
waits_for(void *arg)
{
    struct context *c = arg;
    chan_recv(context_done(c), NULL);
    CHECK(context_err(c) != 0);
    context_unref(c);
    waitgroup_done(&all);
}

static void
cancels(void *arg)
{
    gosched();
    context_free(arg);
    waitgroup_done(&all);
}

static void
storm(void *arg)
{
    uint64_t random = (uintptr_t)arg * 31 + 7;
    for (int i = 0; i < 120; i++) {
        struct context *root = context_with_cancel(context_background());
        struct context *timed =
            context_with_timeout(root, (duration)(next_random(&random) % 200000));
        struct context *leaf = context_with_cancel(timed);
        waitgroup_add(&all, 4);
        go(waits_for, context_ref(leaf));
        go(waits_for, context_ref(timed));
        go(cancels, context_ref(timed));
        go(cancels, context_ref(root));
        if (next_random(&random) % 2) {
            gosched();
        }
        context_free(leaf);
        context_unref(timed);
        context_free(root);
    }
    waitgroup_done(&all);
}

TEST(context_storms_leave_nothing_behind)
{
    enum { CROWD = 8 };
    struct sched_stats before, after;
    for (int round = 0; round < 5; round++) {
        if (round == 1) {
            sched_stats(&before); /* the first round has filled the caches */
        }
        waitgroup_add(&all, CROWD);
        for (int i = 0; i < CROWD; i++) {
            go(storm, (void *)(uintptr_t)i);
        }
        waitgroup_wait(&all);
        CHECK(WAIT_UNTIL(num_goroutine() == 1));
    }
    sched_stats(&after);
    /* a core's new goroutines come from chunks of 16 KiB of its own, which stay */
    CHECK(after.heap_bytes < before.heap_bytes + (size_t)(48 + 32 * num_cpu()) * 1024);
}

/* ---- misuse ---- */

static void
nil_parent(void *arg)
{
    context_with_cancel(arg);
}

static void
nil_key(void *arg)
{
    context_with_value(context_background(), arg, NULL);
}

static void
closes(void *c)
{
    chan_close(c);
}

TEST(context_misuse_panics)
{
    struct panic_info info;
    struct context *c = context_with_cancel(context_background());
    CHECK(!try(nil_parent, NULL, &info));
    CHECK(strcmp(info.message, "cannot create context from nil parent") == 0);
    CHECK(!try(nil_key, NULL, &info) && strcmp(info.message, "nil key") == 0);
    CHECK(!try(closes, context_done(c), &info));
    context_free(c);
}

/* ---- errgroups ---- */

static int
succeeds(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

static int
fails_with(void *arg)
{
    return (int)(intptr_t)arg;
}

static int
waits_for_cancel(void *arg)
{
    chan_recv(context_done(arg), NULL);
    return 99; /* later than the first */
}

static int
leaves(void *arg)
{
    (void)arg;
    goexit();
}

TEST(errgroup_returns_the_first_error_and_cancels)
{
    struct errgroup eg;
    atomic_int n = 0;
    errgroup_init(&eg, NULL);
    for (int i = 0; i < 20; i++) {
        errgroup_go(&eg, succeeds, &n);
    }
    errgroup_go(&eg, leaves, NULL);
    CHECK_EQ(errgroup_wait(&eg), 0);
    CHECK_EQ(atomic_load(&n), 20);
    struct context *parent = context_with_cancel(context_background());
    errgroup_init(&eg, parent);
    struct context *c = errgroup_context(&eg), *kept = context_ref(c);
    struct context *below = context_with_cancel(c);
    CHECK_EQ(context_err(c), 0);
    errgroup_go(&eg, waits_for_cancel, c);
    errgroup_go(&eg, waits_for_cancel, below);
    errgroup_go(&eg, fails_with, (void *)7);
    CHECK_EQ(errgroup_wait(&eg), 7);
    CHECK_EQ(context_err(c), CONTEXT_CANCELED);
    CHECK(is_done(c) && is_done(kept) && is_done(below));
    CHECK(errgroup_context(&eg) == c);
    CHECK_EQ(context_err(parent), 0);
    context_unref(below);
    context_unref(kept);
    context_free(parent);
    struct errgroup zeroed = { 0 };
    errgroup_go(&zeroed, fails_with, (void *)3);
    CHECK_EQ(errgroup_wait(&zeroed), 3);
    CHECK_EQ(context_err(errgroup_context(&zeroed)), CONTEXT_CANCELED);
}

struct crowd {
    struct chan *go_on;
    atomic_int now, most;
};

static int
counts_itself(void *arg)
{
    struct crowd *c = arg;
    int now = atomic_fetch_add(&c->now, 1) + 1, most = atomic_load(&c->most);
    while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now)) {
    }
    chan_recv(c->go_on, NULL);
    atomic_fetch_sub(&c->now, 1);
    return 0;
}

static struct errgroup limited;

static void
changes_limit(void *arg)
{
    (void)arg;
    errgroup_set_limit(&limited, 5);
}

TEST(errgroup_limit_is_kept)
{
    struct crowd c = { chan_make(0, 0), 0, 0 };
    struct panic_info info;
    errgroup_init(&limited, NULL);
    errgroup_set_limit(&limited, 2);
    errgroup_go(&limited, counts_itself, &c);
    CHECK(errgroup_try_go(&limited, counts_itself, &c));
    CHECK(!errgroup_try_go(&limited, counts_itself, &c));
    CHECK(WAIT_UNTIL(atomic_load(&c.now) == 2));
    CHECK(!try(changes_limit, NULL, &info));
    CHECK(strcmp(info.message,
                 "errgroup: modify limit while 2 goroutines in the group are still active")
          == 0);
    for (int i = 0; i < 10; i++) {
        chan_send(c.go_on, NULL);
        errgroup_go(&limited, counts_itself, &c);
    }
    chan_close(c.go_on);
    CHECK_EQ(errgroup_wait(&limited), 0);
    CHECK_EQ(atomic_load(&c.most), 2);
    errgroup_set_limit(&limited, -1);
    CHECK(errgroup_try_go(&limited, counts_itself, &c));
    CHECK_EQ(errgroup_wait(&limited), 0);
    chan_free(c.go_on);
}

static const struct test tests[] = {
    TEST_ENTRY(context_cancel_goes_down_not_up),
    TEST_ENTRY(context_background_is_nothing_in_particular),
    TEST_ENTRY(context_values_come_from_the_nearest),
    TEST_ENTRY(context_deadlines_are_never_early_and_the_first_counts),
    TEST_ENTRY(context_after_func_calls_once_unless_stopped),
    TEST_ENTRY(context_chains_and_fans_may_be_very_large),
    TEST_ENTRY(context_storms_leave_nothing_behind),
    TEST_ENTRY(context_misuse_panics),
    TEST_ENTRY(errgroup_returns_the_first_error_and_cancels),
    TEST_ENTRY(errgroup_limit_is_kept),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
