/* SPDX-License-Identifier: MIT */
/*
 * context_storm.h -- contexts made, cancelled and given back by many goroutines at once.
 *
 * Shared by the unit test, which the sanitizers watch, and the test in the image. Each function
 * here ends with no context of its own left.
 */
#pragma once
#include <gamp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

enum { STORM_EACH = 60 };

static struct waitgroup storm_all;
static struct context *storm_root;
static atomic_long storm_calls, storm_prevented;

static inline uint64_t
storm_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void
storm_called(void *arg)
{
    (void)arg;
    atomic_fetch_add(&storm_calls, 1);
}

/* Each hangs branches under the same root while others cancel it, and prunes its own. */
static void
storm_branches(void *arg)
{
    uint64_t random = (uintptr_t)arg * 2654435761u + 12345;
    for (int i = 0; i < STORM_EACH; i++) {
        uint64_t r = storm_random(&random);
        struct context *v = context_with_value(storm_root, &storm_all, NULL);
        struct context *c = r % 4 == 0 ? context_with_timeout(v, (duration)(r >> 8) % 200000)
                                       : context_with_cancel(v);
        struct context *leaf = context_with_cancel(c);
        context_unref(v);
        struct chan *done = r % 3 == 0 ? context_done(leaf) : NULL;
        uint64_t id = context_after_func(leaf, storm_called, NULL);
        if (r % 5 == 0) {
            gosched();
        }
        if (r % 7 == 0) {
            context_free(c); /* the leaf is held still, and goes on with no parent but in it */
            CHECK(context_err(leaf) != 0);
            c = NULL;
        } else if (r % 7 == 1) {
            context_cancel(leaf);
        }
        if (done != NULL && context_err(leaf) != 0) {
            CHECK(chan_try_recv(done, NULL) == CHAN_CLOSED);
        }
        if (context_after_stop(leaf, id)) {
            atomic_fetch_add(&storm_prevented, 1);
        }
        context_unref(leaf);
        context_free(c);
    }
    context_unref(storm_root);
    waitgroup_done(&storm_all);
}

static void
storm_cancel(void *arg)
{
    for (uintptr_t i = 0; i < (uintptr_t)arg; i++) {
        gosched();
    }
    context_cancel(storm_root);
    CHECK_EQ(context_err(storm_root), CONTEXT_CANCELED);
    context_unref(storm_root);
    waitgroup_done(&storm_all);
}

/* Of the calls put off each is made or prevented: all leaves are cancelled in the end. */
static inline void
storm_of_branches(int rounds)
{
    enum { CROWD = 6, CANCELLERS = 2 };
    int64_t give_up = nanotime() + 60 * SECOND;
    long all = (long)rounds * CROWD * STORM_EACH;
    atomic_store(&storm_calls, 0);
    atomic_store(&storm_prevented, 0);
    for (int round = 0; round < rounds; round++) {
        storm_root = context_with_cancel(context_background());
        waitgroup_add(&storm_all, CROWD + CANCELLERS);
        for (int i = 0; i < CROWD; i++) {
            context_ref(storm_root);
            go(storm_branches, (void *)(uintptr_t)(round * CROWD + i));
        }
        for (int i = 0; i < CANCELLERS; i++) {
            context_ref(storm_root);
            go(storm_cancel, (void *)(uintptr_t)(round % 8 * 4 + i));
        }
        if (round % 2 == 0) {
            context_unref(storm_root); /* the others keep it as long as they need it */
            waitgroup_wait(&storm_all);
        } else {
            waitgroup_wait(&storm_all);
            context_unref(storm_root);
        }
    }
    while (atomic_load(&storm_calls) + atomic_load(&storm_prevented) < all
           && nanotime() < give_up) {
        gosleep(MILLISECOND);
    }
    CHECK_EQ(atomic_load(&storm_calls) + atomic_load(&storm_prevented), all);
}

/* ---- children whose last reference goes just as they are cancelled ---- */

enum { STORM_CHILDREN = 2000 };
static struct context *storm_child[STORM_CHILDREN];

static void
storm_cancel_all(void *arg)
{
    (void)arg;
    context_cancel(storm_root);
    waitgroup_done(&storm_all);
}

/* In the order in which a canceller comes by: it overtakes, or is overtaken, again and again. */
static inline void
storm_of_last_references(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        storm_root = context_with_cancel(context_background());
        for (int i = 0; i < STORM_CHILDREN; i++) {
            storm_child[i] = context_with_cancel(storm_root);
        }
        waitgroup_add(&storm_all, 1);
        go(storm_cancel_all, NULL);
        for (int i = 0; i < round % 50; i++) {
            context_ref(storm_root);
            context_unref(storm_root);
        }
        for (int i = STORM_CHILDREN - 1; i >= 0; i--) {
            context_unref(storm_child[i]);
        }
        waitgroup_wait(&storm_all);
        context_unref(storm_root);
    }
}

/* ---- a group's context, used by goroutines that are not in the group ---- */

static int
storm_nothing(void *arg)
{
    return (int)(intptr_t)arg;
}

/* Every other one has no reference of its own, and nothing derived: the group is there. */
static void
storm_outsider(void *eg)
{
    struct context *c = errgroup_context(eg), *own = NULL, *ref = NULL;
    if (goid() % 2 == 0) {
        own = context_with_cancel(c);
        ref = context_ref(c);
        gosched();
    }
    struct chan *done = context_done(c); /* wait may be through by now, */
    gosched();                           /* or now */
    CHECK(!chan_recv(done, NULL));
    CHECK_EQ(context_err(c), CONTEXT_CANCELED);
    CHECK(context_value(c, &storm_all) == NULL);
    context_free(context_with_value(c, &storm_all, NULL));
    if (own != NULL) {
        CHECK(!chan_recv(context_done(own), NULL));
        CHECK(!chan_recv(context_done(ref), NULL));
    }
    context_unref(ref);
    context_unref(own);
    waitgroup_done(&storm_all);
}

static inline void
storm_of_groups(int rounds)
{
    enum { CROWD = 4 };
    for (int round = 0; round < rounds; round++) {
        struct errgroup eg = { 0 };
        struct context *parent = context_with_cancel(context_background());
        if (round % 2 == 0) {
            errgroup_init(&eg, parent);
        }
        waitgroup_add(&storm_all, CROWD);
        for (int i = 0; i < CROWD; i++) {
            errgroup_go(&eg, storm_nothing, (void *)(intptr_t)(i == 2 ? round % 3 : 0));
            go(storm_outsider, &eg);
        }
        if (round % 5 == 0) {
            context_cancel(parent);
        }
        CHECK_EQ(errgroup_wait(&eg), round % 3);
        CHECK(context_err(errgroup_context(&eg)) == CONTEXT_CANCELED);
        waitgroup_wait(&storm_all);
        context_free(parent);
    }
}
