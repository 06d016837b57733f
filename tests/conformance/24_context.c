/* SPDX-License-Identifier: MIT */
/*
 * 24_context.c -- cancelling goes down the tree, deadlines are kept, nothing is left behind.
 *
 * Go           src/context/x_test.go, afterfunc_test.go
 */
#include "conform.h"

static bool
is_done(struct context *c)
{
    return chan_try_recv(context_done(c), NULL) == CHAN_CLOSED;
}

static void
check_alive(struct context *c)
{
    CHECK_EQ(context_err(c), 0);
    CHECK(context_done(c) == NULL || chan_try_recv(context_done(c), NULL) == CHAN_EMPTY);
}

static void
check_ended(struct context *c, int why)
{
    CHECK(is_done(c));
    CHECK_EQ(context_err(c), why);
}

/* ---- a tree, and random cancellations in it ---- */

enum { NODES = 63 };

TEST(context_cancels_a_subtree_and_nothing_else)
{
    uint64_t random = 4711;
    for (int round = 0; round < 20; round++) {
        struct context *c[NODES];
        bool ended[NODES] = { false };
        for (int i = 0; i < NODES; i++) {
            struct context *parent = i == 0 ? context_background() : c[(i - 1) / 2];
            c[i] =
                i % 5 == 4 ? context_with_value(parent, &random, c) : context_with_cancel(parent);
        }
        for (int k = 0; k < 6; k++) {
            int at = (int)(next_random(&random) % NODES);
            context_cancel(c[at]);
            ended[at] =
                ended[at] || at % 5 != 4; /* a value's cancellation is its parents' business */
            for (int i = 1; i < NODES; i++) {
                ended[i] = ended[i] || ended[(i - 1) / 2];
            }
            for (int i = 0; i < NODES; i++) {
                CHECK_EQ(context_err(c[i]), ended[i] ? CONTEXT_CANCELED : 0);
                CHECK(i == 0 || context_done(c[i]) == NULL || is_done(c[i]) == ended[i]);
            }
        }
        for (int i = 0; i < NODES; i++) {
            context_free(c[i]);
        }
    }
}

TEST(context_child_of_a_cancelled_parent_is_born_cancelled)
{
    struct context *parent = context_with_cancel(context_background());
    context_cancel(parent);
    struct context *child = context_with_cancel(parent);
    struct context *timed = context_with_timeout(parent, HOUR);
    struct context *value = context_with_value(child, &parent, parent);
    check_ended(child, CONTEXT_CANCELED);
    check_ended(timed, CONTEXT_CANCELED);
    check_ended(value, CONTEXT_CANCELED);
    CHECK(context_value(value, &parent) == parent);
    context_free(value);
    context_free(timed);
    context_free(child);
    context_free(parent);
}

/* ---- deadlines ---- */

TEST(context_deadlines_the_earlier_counts)
{
    struct context *outer = context_with_timeout(context_background(), HOUR);
    struct context *inner = context_with_timeout(outer, 2 * MILLISECOND);
    struct context *later = context_with_timeout(inner, HOUR);
    struct context *value = context_with_value(later, &outer, NULL);
    int64_t when_inner = 0, when_value = 0;
    CHECK(context_deadline(inner, &when_inner));
    CHECK(context_deadline(value, &when_value));
    CHECK_EQ(when_inner, when_value);
    chan_recv(context_done(value), NULL);
    CHECK(nanotime() >= when_inner);
    check_ended(inner, CONTEXT_DEADLINE_EXCEEDED);
    check_ended(later, CONTEXT_DEADLINE_EXCEEDED);
    CHECK(WAIT_UNTIL(context_err(inner) == CONTEXT_DEADLINE_EXCEEDED));
    check_alive(outer);
    context_free(value);
    context_free(later);
    context_free(inner);
    context_free(outer);
}

TEST(context_deadline_and_cancel_whichever_is_first)
{
    struct context *a = context_with_timeout(context_background(), HOUR);
    struct context *b = context_with_timeout(context_background(), MILLISECOND);
    struct context *past = context_with_timeout(context_background(), -SECOND);
    check_ended(past, CONTEXT_DEADLINE_EXCEEDED);
    context_cancel(a);
    check_ended(a, CONTEXT_CANCELED);
    chan_recv(context_done(b), NULL);
    context_cancel(b);
    context_cancel(past);
    check_ended(b, CONTEXT_DEADLINE_EXCEEDED);
    check_ended(past, CONTEXT_DEADLINE_EXCEEDED);
    context_free(past);
    context_free(b);
    context_free(a);
}

/* ---- many at once ---- */

static void
cancels_with_own_timer(void *context)
{
    gosleep(MILLISECOND);
    context_cancel(context);
    check_ended(context, CONTEXT_CANCELED);
}

static void
waits_for_done(void *context)
{
    CHECK(!chan_recv(context_done(context), NULL));
    CHECK_EQ(context_err(context), CONTEXT_CANCELED);
}

TEST(context_cancelled_simultaneously)
{
    struct context *root = context_with_cancel(context_background()), *c[100], *last = root;
    for (int i = 0; i < 100; i++) { /* chains and bunches */
        c[i] = context_with_cancel(i % 3 == 0 ? root : last);
        last = c[i];
        start(waits_for_done, c[i]);
        start(cancels_with_own_timer, c[i]);
    }
    finish();
    check_alive(root);
    for (int i = 0; i < 100; i++) {
        context_free(c[i]);
    }
    context_free(root);
}

/* Parent and child cancelled from both ends, while others hang themselves below. */
struct family {
    struct context *parent, *child;
};

static void
cancels_parent(void *arg)
{
    context_cancel(((struct family *)arg)->parent);
}

static void
cancels_child(void *arg)
{
    context_cancel(((struct family *)arg)->child);
}

/* Called once the grandchild is cancelled: by its family, not by its own free, later. */
static void
sees_why(void *child)
{
    waits_for_done(child);
    context_unref(child);
}

static void
adds_grandchildren(void *arg)
{
    struct family *f = arg;
    for (int i = 0; i < 3; i++) {
        struct context *c = context_with_cancel(f->child);
        uint64_t id = context_after_func(c, sees_why, context_ref(f->child));
        if (context_after_stop(c, id)) {
            context_unref(f->child);
        }
        context_free(c);
    }
}

TEST(context_cancels_that_interlock)
{
    for (size_t i = 0, n = scaled(5000, 200); i < n; i++) {
        struct family f = { context_with_cancel(context_background()), NULL };
        f.child = context_with_cancel(f.parent);
        start(cancels_parent, &f);
        start(cancels_child, &f);
        start(adds_grandchildren, &f);
        finish();
        check_ended(f.child, CONTEXT_CANCELED);
        context_free(f.child);
        context_free(f.parent);
    }
    CHECK_ALONE();
}

/* ---- many layers, of all kinds ---- */

TEST(context_layers_of_all_kinds)
{
    enum { LAYERS = 60 };
    uint64_t random = 99;
    for (int round = 0; round < 10; round++) {
        struct context *c[LAYERS + 1];
        static int keys[LAYERS + 1];
        c[0] = context_with_cancel(context_background());
        for (int i = 1; i <= LAYERS; i++) {
            uint64_t kind = next_random(&random) % 3;
            c[i] = kind == 0   ? context_with_cancel(c[i - 1])
                   : kind == 1 ? context_with_timeout(c[i - 1], HOUR)
                               : context_with_value(c[i - 1], &keys[i], &keys[i - 1]);
            keys[i] = kind == 2;
        }
        for (int i = 1; i <= LAYERS; i++) {
            CHECK(context_value(c[LAYERS], &keys[i]) == (keys[i] ? &keys[i - 1] : NULL));
        }
        check_alive(c[LAYERS]);
        context_cancel(c[0]);
        for (int i = 0; i <= LAYERS; i++) {
            check_ended(c[i], CONTEXT_CANCELED);
            context_unref(c[i]); /* the children hold it as long as it is needed */
        }
    }
}

/* ---- nothing is kept of children that have gone ---- */

TEST(context_children_that_go_leave_nothing)
{
    struct context *parent = context_with_cancel(context_background());
    size_t n = scaled(20000, 2000);
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        struct context *c =
            i % 2 ? context_with_cancel(parent) : context_with_timeout(parent, HOUR);
        context_done(c);
        if (i % 4 < 2) {
            context_cancel(c);
        }
        context_free(c);
        if (i == n / 2) {
            before = stats_now().heap_bytes;
        }
    }
    CHECK(stats_now().heap_bytes <= before + 64 * 1024);
    context_free(parent);
}

/* ---- functions to be called ---- */

static atomic_int called;

static void
counts(void *unused)
{
    (void)unused;
    atomic_fetch_add(&called, 1);
}

TEST(context_after_func_and_its_stop)
{
    struct context *c = context_with_cancel(context_background());
    struct context *child = context_with_value(c, &called, NULL);
    uint64_t ids[3];
    for (int i = 0; i < 3; i++) {
        ids[i] = context_after_func(i == 1 ? child : c, counts, NULL); /* each is independent */
    }
    CHECK(context_after_stop(c, ids[0]));
    CHECK(!context_after_stop(c, ids[0]));
    gosleep(MILLISECOND);
    CHECK_EQ(atomic_load(&called), 0);
    context_cancel(c);
    CHECK(WAIT_UNTIL(atomic_load(&called) == 2));
    CHECK(!context_after_stop(c, ids[2]));
    context_after_func(child, counts, NULL); /* it is cancelled: at once */
    CHECK(WAIT_UNTIL(atomic_load(&called) == 3));
    CHECK_ALONE();
    context_free(child);
    context_free(c);
}

static void
makes_a_child_of_nil(void *unused)
{
    (void)unused;
    context_with_cancel(NULL);
}

TEST(context_nil_parent_panics)
{
    struct panic_info info;
    CHECK(!try(makes_a_child_of_nil, NULL, &info));
    CHECK_STREQ(info.message, "cannot create context from nil parent");
}

CONFORM(TEST_ENTRY(context_cancels_a_subtree_and_nothing_else),
        TEST_ENTRY(context_child_of_a_cancelled_parent_is_born_cancelled),
        TEST_ENTRY(context_deadlines_the_earlier_counts),
        TEST_ENTRY(context_deadline_and_cancel_whichever_is_first),
        TEST_ENTRY(context_cancelled_simultaneously), TEST_ENTRY(context_cancels_that_interlock),
        TEST_ENTRY(context_layers_of_all_kinds), TEST_ENTRY(context_children_that_go_leave_nothing),
        TEST_ENTRY(context_after_func_and_its_stop), TEST_ENTRY(context_nil_parent_panics))
