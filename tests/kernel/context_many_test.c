/* SPDX-License-Identifier: MIT */
/*
 * context_many_test.c -- contexts by the thousand: deadlines, deep and wide trees, memory.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "../unit/context_storm.h"
#include "patience.h"

static struct waitgroup all;
static atomic_int calls;

static bool
closed(struct context *c)
{
    return chan_try_recv(context_done(c), NULL) == CHAN_CLOSED;
}

/* ---- deadlines ---- */

TEST(context_deadline_is_never_early)
{
    static const duration waits[] = { 1, MICROSECOND, 50 * MICROSECOND, MILLISECOND,
                                      7 * MILLISECOND };
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        int64_t began = nanotime(), when = 0;
        struct context *c = context_with_timeout(context_background(), waits[i]);
        struct context *below = context_with_cancel(c);
        CHECK(context_deadline(below, &when) && when >= began + waits[i]);
        CHECK(context_deadline(below, NULL));
        chan_recv(context_done(below), NULL);
        CHECK(nanotime() >= when);
        CHECK(context_err(c) == CONTEXT_DEADLINE_EXCEEDED);
        CHECK(context_err(below) == CONTEXT_DEADLINE_EXCEEDED);
        context_free(c);
        context_free(below);
    }
}

TEST(context_the_earlier_deadline_counts)
{
    int64_t now = nanotime(), when;
    struct context *near = context_with_deadline(context_background(), now + HOUR);
    struct context *far = context_with_deadline(near, now + 2 * HOUR);
    struct context *nearer = context_with_deadline(far, now + MINUTE);
    CHECK(context_deadline(near, &when) && when == now + HOUR);
    CHECK(context_deadline(far, &when) && when == now + HOUR);
    CHECK(context_deadline(nearer, &when) && when == now + MINUTE);
    struct context *soon = context_with_timeout(nearer, MILLISECOND);
    chan_recv(context_done(soon), NULL);
    CHECK(context_err(soon) == CONTEXT_DEADLINE_EXCEEDED && context_err(nearer) == 0);
    context_cancel(near);
    CHECK(context_err(nearer) == CONTEXT_CANCELED);
    CHECK(context_err(soon) == CONTEXT_DEADLINE_EXCEEDED);
    struct context *every[] = { near, far, nearer, soon };
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        context_unref(every[i]);
    }
}

TEST(context_deadlines_beyond_time_are_clamped)
{
    static const duration far[] = { INT64_MAX, INT64_MAX - 1, INT64_MAX / 2 };
    int64_t when = 0;
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        struct context *c = context_with_timeout(context_background(), far[i]);
        CHECK(context_deadline(c, &when) && when >= far[i] && context_err(c) == 0);
        struct context *d = context_with_deadline(context_background(), far[i]);
        CHECK(context_deadline(d, &when) && when == far[i] && context_err(d) == 0);
        context_free(c);
        CHECK(context_err(d) == 0);
        context_free(d);
    }
    struct context *c = context_with_timeout(context_background(), INT64_MIN);
    CHECK_EQ(context_err(c), CONTEXT_DEADLINE_EXCEEDED);
    context_free(c);
    c = context_with_deadline(context_background(), INT64_MIN);
    CHECK_EQ(context_err(c), CONTEXT_DEADLINE_EXCEEDED);
    context_free(c);
}

static void
deadline_storm(void *arg)
{
    uint64_t random = (uintptr_t)arg + 5;
    for (int i = 0; i < 60; i++) {
        int64_t when;
        struct context *c =
            context_with_timeout(context_background(), (duration)(next_random(&random) % 3000000));
        struct context *v = context_with_value(c, &all, NULL);
        bool stop = next_random(&random) % 4 == 0;
        context_unref(c);
        if (stop) {
            gosleep((duration)(next_random(&random) % 1000000));
            context_cancel(v); /* no effect: what has been cancelled was its parent */
        } else {
            chan_recv(context_done(v), NULL);
        }
        CHECK(context_deadline(v, &when));
        CHECK(context_err(v) == 0 || nanotime() >= when);
        CHECK(stop || context_err(v) == CONTEXT_DEADLINE_EXCEEDED);
        context_free(v);
    }
    waitgroup_done(&all);
}

TEST(context_deadlines_on_every_core)
{
    int n = 3 * num_cpu();
    waitgroup_add(&all, n);
    for (int i = 0; i < n; i++) {
        struct go_attr attr = { .core = GO_CORE(i % num_cpu()) };
        CHECK_EQ(go_with(&attr, deadline_storm, (void *)(uintptr_t)i), 0);
    }
    waitgroup_wait(&all);
}

/* ---- deep, wide, many at once ---- */

enum { MANY = 100000 };

TEST(context_chain_of_100000)
{
    struct context *root = context_with_cancel(context_background()), *at = root, *last = root;
    for (int i = 0; i < MANY; i++) {
        at = i % 10 == 0 ? context_with_value(last, &all, &calls) : context_with_cancel(last);
        if (last != root) {
            context_unref(last); /* the next one holds it */
        }
        last = at;
    }
    CHECK(!closed(last) && context_value(last, &calls) == NULL);
    context_cancel(root);
    CHECK(closed(last) && context_err(last) == CONTEXT_CANCELED);
    context_unref(root);
    context_unref(last); /* all of them, now */
}

TEST(context_chain_of_100000_is_freed_uncancelled)
{
    struct context *last = context_with_cancel(context_background()), *at;
    for (int i = 0; i < MANY; i++) {
        at = context_with_cancel(last);
        context_unref(last);
        last = at;
    }
    context_unref(last);
}

TEST(context_family_of_100000)
{
    struct context **child = calloc(MANY, sizeof(struct context *));
    struct context *root = context_with_cancel(context_background());
    for (int i = 0; i < MANY; i++) {
        child[i] = context_with_cancel(root);
    }
    for (int i = 0; i < MANY; i += 3) { /* out of the middle */
        context_unref(child[i]);
    }
    context_cancel(root);
    for (int i = 0; i < MANY; i++) {
        if (i % 3 != 0) {
            if (context_err(child[i]) != CONTEXT_CANCELED) {
                CHECK_EQ(i, -1);
                break;
            }
            context_unref(child[i]);
        }
    }
    context_unref(root);
    free(child);
}

static struct context *family[2000];

static void
cancels_and_looks(void *root)
{
    int alive = 0;
    context_cancel(root);
    for (size_t i = 0; i < sizeof family / sizeof family[0]; i++) {
        alive += context_err(family[i]) == 0;
    }
    CHECK_EQ(alive, 0); /* none is left to whoever began first */
    waitgroup_done(&all);
}

TEST(context_family_cancelled_by_many_at_once)
{
    enum { CANCELLERS = 6, FAMILY = sizeof family / sizeof family[0] };
    for (int round = 0; round < 30; round++) {
        struct context *root = context_with_cancel(context_background());
        for (int i = 0; i < FAMILY; i++) {
            family[i] = context_with_cancel(root);
        }
        waitgroup_add(&all, CANCELLERS);
        for (int i = 0; i < CANCELLERS; i++) {
            go(cancels_and_looks, root);
        }
        waitgroup_wait(&all);
        for (int i = 0; i < FAMILY; i++) {
            context_unref(family[i]);
        }
        context_unref(root);
    }
}

TEST(context_cancel_against_free_of_children)
{
    storm_of_branches(10);
}

TEST(context_cancel_against_the_last_reference)
{
    storm_of_last_references(60);
}

/* ---- what a context is for: a select that gives up ---- */

static void
worker(void *arg)
{
    struct context *c = arg;
    struct chan *never = chan_make(0, 0);
    struct select_case cases[] = { SELECT_RECV(never, NULL), SELECT_RECV(context_done(c), NULL) };
    CHECK_EQ(chan_select(cases, 2), 1);
    CHECK(!cases[1].ok && context_err(c) != 0);
    chan_free(never);
    context_unref(c);
    waitgroup_done(&all);
}

TEST(context_selects_give_up)
{
    enum { WORKERS = 1000 };
    for (int i = 0; i < 2; i++) {
        struct context *c =
            context_with_timeout(context_background(), i == 0 ? HOUR : 3 * MILLISECOND);
        waitgroup_add(&all, WORKERS);
        for (int k = 0; k < WORKERS; k++) {
            go(worker, context_ref(c));
        }
        if (i == 0) {
            gosleep(MILLISECOND);
            context_cancel(c);
        }
        context_unref(c); /* the last worker takes it along */
        waitgroup_wait(&all);
    }
}

/* ---- memory ---- */

static void
called(void *arg)
{
    (void)arg;
    atomic_fetch_add(&calls, 1);
}

static void
everything(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        struct context *c = context_with_cancel(context_background());
        struct context *v = context_with_value(c, &all, NULL);
        struct context *t = context_with_timeout(v, i % 2 ? HOUR : 1), *k = context_with_cancel(t);
        context_after_func(k, called, NULL);
        context_done(i % 3 ? k : c);
        if (i % 5 != 0) {
            context_cancel(i % 5 == 1 ? c : t);
        }
        context_unref(c);
        context_unref(t);
        context_unref(v);
        context_unref(k);
        gosched();
    }
}

TEST(context_memory_comes_back)
{
    enum { ROUNDS = 4000 };
    everything(ROUNDS);
    gosleep(20 * MILLISECOND);
    uint64_t before = stats_now().heap_bytes;
    everything(ROUNDS);
    gosleep(20 * MILLISECOND);
    uint64_t after = stats_now().heap_bytes;
    if (!CHECK(after < before + 64 * 1024)) { /* one object a round would be 128 KiB */
        printf("# %llu bytes, then %llu\n", (unsigned long long)before, (unsigned long long)after);
    }
}

static const struct test tests[] = {
    TEST_ENTRY(context_deadline_is_never_early),
    TEST_ENTRY(context_the_earlier_deadline_counts),
    TEST_ENTRY(context_deadlines_beyond_time_are_clamped),
    TEST_ENTRY(context_deadlines_on_every_core),
    TEST_ENTRY(context_chain_of_100000),
    TEST_ENTRY(context_chain_of_100000_is_freed_uncancelled),
    TEST_ENTRY(context_family_of_100000),
    TEST_ENTRY(context_family_cancelled_by_many_at_once),
    TEST_ENTRY(context_cancel_against_free_of_children),
    TEST_ENTRY(context_cancel_against_the_last_reference),
    TEST_ENTRY(context_selects_give_up),
    TEST_ENTRY(context_memory_comes_back),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
