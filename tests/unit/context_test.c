/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * context_test.c -- contexts from within: what is linked to what, who holds what, what is freed.
 */
#include <gamp.h>
#include <stdlib.h>

#include "context.h"
#include "context_storm.h"
#include "tap.h"

size_t __sanitizer_get_current_allocated_bytes(void);

TEST(context_child_leaves_its_anchor_when_cancelled)
{
    struct context *p = context_with_cancel(context_background());
    struct context *v = context_with_value(p, &p, NULL);
    struct context *a = context_with_cancel(v), *b = context_with_cancel(p);
    CHECK(p->children == b && b->next == a && a->anchor == p);
    CHECK(a->linked && b->linked);
    context_cancel(a);
    CHECK(!a->linked && p->children == b && b->next == NULL);
    context_unref(b); /* not cancelled: the last reference takes it off, too */
    CHECK(p->children == NULL);
    CHECK_EQ(p->refs, 2);
    context_unref(v);
    CHECK_EQ(v->refs, 1);
    context_unref(a); /* and v with it */
    CHECK_EQ(p->refs, 1);
    context_cancel(p);
    struct context *late = context_with_cancel(p);
    CHECK(!late->linked && p->children == NULL);
    CHECK_EQ(context_err(late), CONTEXT_CANCELED);
    context_unref(late);
    context_unref(p);
}

TEST(context_timer_is_weak)
{
    struct context *c = context_with_timeout(context_background(), HOUR);
    struct context *later = context_with_timeout(c, 2 * HOUR);
    CHECK(c->timer != NULL && c->timer_counts);
    CHECK_EQ(c->holds, 2);
    CHECK_EQ(c->refs, 2); /* its own and the child's */
    CHECK(later->timer == NULL && later->deadline == c->deadline);
    context_cancel(c);
    CHECK_EQ(c->holds, 1);
    context_unref(later);
    context_unref(c);
    for (int i = 0; i < num_cpu(); i++) {
        CHECK_EQ(atomic_load(&allm[i]->timers.strong), 0);
    }
}

/* The last reference goes while the timer fires, and before, and after. */
static void
timeouts(void *arg)
{
    uint64_t random = (uintptr_t)arg + 77;
    for (int i = 0; i < 300; i++) {
        struct context *c =
            context_with_timeout(context_background(), (duration)(storm_random(&random) % 60000));
        if (i % 3 == 0) {
            gosleep((duration)(storm_random(&random) % 60000));
        } else if (i % 3 == 1) {
            gosched();
        }
        if (i % 2 == 0) {
            context_cancel(c);
        }
        context_unref(c);
    }
    waitgroup_done(&storm_all);
}

TEST(context_last_reference_races_the_timer)
{
    waitgroup_add(&storm_all, 8);
    for (uintptr_t i = 0; i < 8; i++) {
        go(timeouts, (void *)i);
    }
    waitgroup_wait(&storm_all);
}

static size_t
tree_count(const struct after *a, unsigned depth, uint64_t path)
{
    if (a == NULL) {
        return 0;
    }
    CHECK((a->id & ((1ull << depth) - 1)) == path);
    return 1 + tree_count(a->child[0], depth + 1, path)
           + tree_count(a->child[1], depth + 1, path | 1ull << depth);
}

static size_t
tree_depth(const struct after *a)
{
    if (a == NULL) {
        return 0;
    }
    size_t l = tree_depth(a->child[0]), r = tree_depth(a->child[1]);
    return 1 + (l > r ? l : r);
}

TEST(context_calls_put_off_are_a_tree_by_number)
{
    enum { MANY = 1000 };
    static uint64_t id[MANY];
    struct context *c = context_with_cancel(context_background());
    uint64_t random = 4242;
    size_t left = MANY;
    for (int i = 0; i < MANY; i++) {
        id[i] = context_after_func(c, storm_called, NULL);
    }
    CHECK_EQ(tree_count(c->afters, 0, 0), MANY);
    CHECK(tree_depth(c->afters) <= 11);
    for (int i = 0; i < MANY; i++) {
        size_t at = storm_random(&random) % MANY;
        bool was = id[at] != 0;
        CHECK_EQ(context_after_stop(c, id[at]), was);
        id[at] = 0;
        left -= was;
        if (i % 50 == 0) {
            CHECK_EQ(tree_count(c->afters, 0, 0), left);
        }
    }
    long before = atomic_load(&storm_calls);
    context_free(c);
    while (atomic_load(&storm_calls) < before + (long)left) {
        gosched();
    }
    gosleep(MILLISECOND);
    CHECK_EQ(atomic_load(&storm_calls), before + (long)left);
}

TEST(context_group_lets_go_of_everything)
{
    struct errgroup eg;
    struct context *p = context_with_cancel(context_background());
    errgroup_init(&eg, p);
    struct context *alias = errgroup_context(&eg), *target = context_ref(alias);
    CHECK(alias->kind == CONTEXT_ALIAS && target->kind == CONTEXT_CANCEL);
    CHECK(p->children == target);
    CHECK_EQ(target->refs, 2);
    struct chan *done = context_done(alias);
    CHECK((uintptr_t)done >= (uintptr_t)&eg && (uintptr_t)done < (uintptr_t)(&eg + 1));
    CHECK_EQ(errgroup_wait(&eg), 0);
    CHECK(p->children == NULL);
    CHECK_EQ(target->refs, 1);
    CHECK(context_ref(alias) == context_cancelled(CONTEXT_CANCELED));
    CHECK(context_done(alias) == done && chan_try_recv(done, NULL) == CHAN_CLOSED);
    context_unref(target);
    CHECK_EQ(p->refs, 1);
    context_unref(p);
}

TEST(context_cancel_against_free)
{
    storm_of_branches(40);
}

TEST(context_group_against_those_outside)
{
    storm_of_groups(300);
}

static void
nothing(void *arg)
{
    (void)arg;
}

/* A leak of one object a round shows, for what the scheduler keeps for reuse does not grow with
 * the rounds. */
static void
everything(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        struct context *c = context_with_cancel(context_background());
        struct context *v = context_with_value(c, &c, &v);
        struct context *t = context_with_timeout(v, i % 2 ? HOUR : 1), *k = context_with_cancel(t);
        context_after_func(k, nothing, NULL);
        context_after_func(v, nothing, NULL);
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
    storm_of_branches(rounds / 100);
    storm_of_groups(rounds / 20);
}

TEST(context_memory_comes_back)
{
    enum { ROUNDS = 2000 };
    everything(ROUNDS);
    gosleep(20 * MILLISECOND);
    size_t before = __sanitizer_get_current_allocated_bytes();
    everything(ROUNDS);
    gosleep(20 * MILLISECOND);
    size_t after = __sanitizer_get_current_allocated_bytes();
    if (!CHECK(after < before + 20000)) {
        printf("# %zu bytes, then %zu\n", before, after);
    }
}

static const struct test tests[] = {
    TEST_ENTRY(context_child_leaves_its_anchor_when_cancelled),
    TEST_ENTRY(context_timer_is_weak),
    TEST_ENTRY(context_last_reference_races_the_timer),
    TEST_ENTRY(context_calls_put_off_are_a_tree_by_number),
    TEST_ENTRY(context_group_lets_go_of_everything),
    TEST_ENTRY(context_cancel_against_free),
    TEST_ENTRY(context_group_against_those_outside),
    TEST_ENTRY(context_memory_comes_back),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
