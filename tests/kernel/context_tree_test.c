/* SPDX-License-Identifier: MIT */
/*
 * context_tree_test.c -- who is cancelled, by whom, in which order; values; calls put off.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

static bool
closed(struct context *c)
{
    return chan_try_recv(context_done(c), NULL) == CHAN_CLOSED;
}

/* ---- the tree ---- */

static atomic_int calls;

static void
called(void *arg)
{
    atomic_fetch_add(&calls, (int)(intptr_t)arg);
}

TEST(context_background_is_for_ever)
{
    struct context *b = context_background();
    int64_t when = 7;
    CHECK(b == context_background() && b == context_ref(b));
    CHECK(context_done(b) == NULL);
    uint64_t id = context_after_func(b, called, (void *)1);
    context_cancel(b);
    context_free(b);
    context_unref(b);
    context_unref(NULL);
    context_free(NULL);
    CHECK_EQ(context_err(b), 0);
    CHECK(!context_deadline(b, &when) && when == 7);
    CHECK(context_value(b, &when) == NULL);
    struct context *v = context_with_value(b, &all, &when);
    CHECK(context_done(v) == NULL && context_err(v) == 0 && context_value(v, &all) == &when);
    context_free(v);
    CHECK(context_after_stop(b, id)); /* it will never run */
    CHECK_EQ(atomic_load(&calls), 0);
}

TEST(context_cancel_goes_down_and_never_up)
{
    struct context *root = context_with_cancel(context_background());
    struct context *left = context_with_cancel(root), *right = context_with_cancel(root);
    struct context *v = context_with_value(left, &all, root);
    struct context *below = context_with_timeout(v, HOUR);
    CHECK(!closed(below) && !closed(left) && context_err(below) == 0);
    struct chan *done = context_done(v);
    CHECK(done == context_done(left) && done != context_done(below));
    context_cancel(left);
    CHECK(closed(left) && closed(v) && closed(below));
    CHECK(context_err(below) == CONTEXT_CANCELED && context_err(v) == CONTEXT_CANCELED);
    CHECK(!closed(root) && !closed(right) && context_err(root) == 0 && context_err(right) == 0);
    context_cancel(left);
    context_cancel(below);
    context_unref(root); /* its children hold it */
    context_cancel(root);
    CHECK(closed(right) && context_err(root) == CONTEXT_CANCELED);
    CHECK(context_done(left) == done && closed(left));
    context_unref(left);
    context_free(right);
    context_unref(v);
    CHECK(context_value(below, &all) == root);
    context_unref(below);
}

TEST(context_below_a_cancelled_one_is_born_cancelled)
{
    struct context *c = context_with_cancel(context_background());
    struct context *v = context_with_value(c, &all, NULL);
    context_cancel(c);
    struct context *child = context_with_cancel(v), *timed = context_with_timeout(child, HOUR);
    CHECK(context_err(child) == CONTEXT_CANCELED && closed(child));
    CHECK(context_err(timed) == CONTEXT_CANCELED && closed(timed));
    struct context *late = context_with_timeout(context_background(), -1);
    struct context *later = context_with_cancel(late), *past = context_with_timeout(child, -1);
    CHECK(context_err(late) == CONTEXT_DEADLINE_EXCEEDED && closed(late));
    CHECK_EQ(context_err(later), CONTEXT_DEADLINE_EXCEEDED);
    CHECK_EQ(context_err(past), CONTEXT_CANCELED); /* the parent was first */
    context_cancel(late);
    CHECK_EQ(context_err(late), CONTEXT_DEADLINE_EXCEEDED);
    struct context *every[] = { c, v, child, timed, late, later, past };
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        context_free(every[i]);
    }
}

/* ---- order: parents show it first, and before cancel returns all do ---- */

static struct context *order[3];

static void
child_then_parent(void *arg)
{
    chan_recv(context_done(order[2]), NULL);
    CHECK(context_err(order[2]) != 0 && context_err(order[1]) != 0 && context_err(order[0]) != 0);
    waitgroup_done(arg);
}

static void
each_cancels(void *arg)
{
    (void)arg;
    context_cancel(order[0]);
    for (int i = 0; i < 3; i++) {
        CHECK(closed(order[i])); /* though another one may have begun */
    }
    waitgroup_done(&all);
}

static void
err_then_done(void *arg)
{
    for (int i = 0, err = 0; err == 0; i++) { /* who asks the channel keeps the canceller from it */
        err = context_err(order[1]);
        CHECK(closed(order[1]) || err == 0);
        if (i % 1000 == 999) {
            gosched();
        }
    }
    waitgroup_done(arg);
}

TEST(context_cancel_is_over_when_it_returns)
{
    for (int round = 0; round < 200; round++) {
        order[0] = context_with_cancel(context_background());
        order[1] = context_with_cancel(order[0]);
        order[2] = context_with_cancel(order[1]);
        context_done(order[1]);
        waitgroup_add(&all, 8);
        go(child_then_parent, &all);
        go(child_then_parent, &all);
        go(err_then_done, &all);
        go(err_then_done, &all);
        for (int i = 0; i < 4; i++) {
            go(each_cancels, NULL);
        }
        waitgroup_wait(&all);
        for (int i = 0; i < 3; i++) {
            context_unref(order[i]);
        }
    }
}

static void
cancel_when_done(void *pair)
{
    struct context **c = pair;
    chan_recv(context_done(c[0]), NULL);
    context_cancel(c[1]);
    waitgroup_done(&all);
}

/* Each is cancelled by who waits for the other. Go: TestInterlockedCancels */
TEST(context_interlocked_cancels_end)
{
    for (int round = 0; round < 100; round++) {
        struct context *parent = context_with_cancel(context_background());
        struct context *child = context_with_cancel(parent);
        struct context *down[] = { parent, child }, *up[] = { child, parent };
        waitgroup_add(&all, 2);
        go(cancel_when_done, down);
        go(cancel_when_done, up);
        context_cancel(round % 2 ? parent : child);
        waitgroup_wait(&all);
        CHECK(closed(parent) && closed(child));
        context_unref(parent);
        context_unref(child);
    }
}

/* ---- values ---- */

TEST(context_value_is_that_of_the_nearest)
{
    int one, two, same[2] = { 0, 0 };
    struct context *a = context_with_value(context_background(), &one, "first");
    struct context *b = context_with_cancel(a);
    struct context *c = context_with_value(b, &two, "second");
    struct context *d = context_with_value(c, &one, "third");
    struct context *e = context_with_value(d, &same[0], NULL);
    CHECK(strcmp(context_value(a, &one), "first") == 0 && context_value(a, &two) == NULL);
    CHECK(strcmp(context_value(b, &one), "first") == 0);
    CHECK(strcmp(context_value(c, &one), "first") == 0);
    CHECK(strcmp(context_value(e, &one), "third") == 0);
    CHECK(strcmp(context_value(e, &two), "second") == 0);
    CHECK(context_value(e, &same[0]) == NULL && context_value(e, &same[1]) == NULL);
    struct context *f = context_with_value(e, &one, NULL);
    CHECK(context_value(f, &one) == NULL); /* as near as can be, and hides the others */
    context_cancel(d);                     /* no effect */
    CHECK_EQ(context_err(b), 0);
    context_cancel(b);
    CHECK(context_err(e) == CONTEXT_CANCELED && context_done(e) == context_done(b));
    struct context *every[] = { a, b, c, d, e, f };
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        context_unref(every[i]);
    }
}

/* ---- calls put off ---- */

TEST(context_after_func_runs_once_or_is_stopped)
{
    struct context *c = context_with_cancel(context_background());
    struct context *v = context_with_value(c, &all, NULL);
    atomic_store(&calls, 0);
    uint64_t one = context_after_func(c, called, (void *)1);
    uint64_t ten = context_after_func(v, called, (void *)10);
    uint64_t hundred = context_after_func(c, called, (void *)100);
    CHECK(one != 0 && one != ten && ten != hundred && one != hundred);
    CHECK(context_after_stop(c, ten));
    CHECK(!context_after_stop(v, ten));
    CHECK(!context_after_stop(c, 0));
    context_cancel(c);
    CHECK(!context_after_stop(c, one));
    CHECK(WAIT_UNTIL(atomic_load(&calls) == 101));
    CHECK(!context_after_stop(c, context_after_func(v, called, (void *)1000)));
    CHECK(WAIT_UNTIL(atomic_load(&calls) == 1101));
    context_cancel(c);
    context_unref(v);
    context_unref(c);
    c = context_with_cancel(context_background());
    context_after_func(c, called, (void *)10000);
    context_unref(c); /* never cancelled: never called */
    gosleep(2 * MILLISECOND);
    CHECK_EQ(atomic_load(&calls), 1101);
}

/* ---- misuse ---- */

static void
no_parent(void *arg)
{
    (void)arg;
    context_with_cancel(NULL);
}

static void
no_key(void *arg)
{
    context_with_value(arg, NULL, arg);
}

static void
close_done(void *arg)
{
    chan_close(context_done(arg));
}

static void
free_done(void *arg)
{
    chan_free(context_done(arg));
}

TEST(context_misuse_panics)
{
    struct panic_info info;
    struct context *c = context_with_cancel(context_background());
    CHECK(!try(no_parent, NULL, &info));
    CHECK_STREQ(info.message, "cannot create context from nil parent");
    CHECK(!try(no_key, c, &info));
    CHECK_STREQ(info.message, "nil key");
    CHECK(!try(close_done, c, &info));
    CHECK_STREQ(info.message, "close of a context's channel");
    CHECK(!try(free_done, c, &info));
    CHECK_STREQ(info.message, "free of a context's channel");
    struct context *late = context_with_timeout(c, 0);
    CHECK(!try(close_done, late, &info)); /* the one that all share */
    CHECK(!try(free_done, late, &info));
    context_free(late);
    context_free(c);
}

static const struct test tests[] = {
    TEST_ENTRY(context_background_is_for_ever),
    TEST_ENTRY(context_cancel_goes_down_and_never_up),
    TEST_ENTRY(context_below_a_cancelled_one_is_born_cancelled),
    TEST_ENTRY(context_cancel_is_over_when_it_returns),
    TEST_ENTRY(context_interlocked_cancels_end),
    TEST_ENTRY(context_value_is_that_of_the_nearest),
    TEST_ENTRY(context_after_func_runs_once_or_is_stopped),
    TEST_ENTRY(context_misuse_panics),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
