/* SPDX-License-Identifier: MIT */
/*
 * 23_waitgroup_cond_once.c -- wait groups, conditions and once: their promises, misuse and races.
 *
 * Go           src/sync/waitgroup_test.go, cond_test.go, once_test.go
 */
#include "conform.h"

/* ---- wait groups ---- */

struct meeting {
    struct waitgroup here, go_on;
    atomic_bool open;
};

static void
meets(void *arg)
{
    struct meeting *w = arg;
    waitgroup_done(&w->here);
    waitgroup_wait(&w->go_on);
    CHECK(atomic_load(&w->open));
}

TEST(waitgroup_holds_until_all_are_done)
{
    struct meeting w = { 0 };
    int n = (int)scaled(1000, 30);
    for (int round = 0; round < 8; round++) { /* the same group again and again */
        atomic_store(&w.open, false);
        waitgroup_add(&w.here, n);
        waitgroup_add(&w.go_on, 1);
        for (int i = 0; i < n; i++) {
            start(meets, &w);
        }
        waitgroup_wait(&w.here);
        atomic_store(&w.open, true);
        waitgroup_done(&w.go_on);
        finish();
    }
}

static void
is_done_once_too_often(void *wg)
{
    waitgroup_add(wg, 1);
    waitgroup_done(wg);
    waitgroup_done(wg);
}

TEST(waitgroup_negative_counter_panics)
{
    struct waitgroup wg = { 0 };
    struct panic_info info;
    CHECK(!try(is_done_once_too_often, &wg, &info));
    CHECK_STREQ(info.message, "sync: negative WaitGroup counter");
}

static void
counts(void *n)
{
    atomic_fetch_add((atomic_int *)n, 1);
}

/* The group stands on a stack and ends as soon as wait returns, with what it points to. */
TEST(waitgroup_may_go_as_soon_as_wait_returns)
{
    for (size_t i = 0, n = scaled(20000, 1000); i < n; i++) {
        struct waitgroup *wg = calloc(1, sizeof *wg);
        atomic_int count = 0;
        waitgroup_go(wg, counts, &count);
        waitgroup_go(wg, counts, &count);
        waitgroup_wait(wg);
        CHECK_EQ(atomic_load(&count), 2);
        memset(wg, 0xa5, sizeof *wg);
        free(wg);
    }
}

TEST(waitgroup_of_nobody_does_not_wait)
{
    struct waitgroup wg = { 0 };
    waitgroup_wait(&wg);
    waitgroup_add(&wg, 5);
    waitgroup_add(&wg, -5);
    waitgroup_wait(&wg);
}

/* ---- once ---- */

static struct once once;
static atomic_int calls;

static void
takes_its_time(void *unused)
{
    (void)unused;
    gosleep(MILLISECOND);
    atomic_fetch_add(&calls, 1);
}

static void
does_once(void *unused)
{
    (void)unused;
    once_do(&once, takes_its_time, NULL);
    CHECK_EQ(atomic_load(&calls), 1); /* ended, not only begun */
}

TEST(once_calls_once_and_all_wait_for_it)
{
    for (int round = 0; round < 5; round++) {
        once = (struct once){ 0 };
        atomic_store(&calls, 0);
        for (int i = 0; i < 10; i++) {
            start(does_once, NULL);
        }
        finish();
        CHECK_EQ(atomic_load(&calls), 1);
    }
}

static void
counts_and_panics(void *unused)
{
    (void)unused;
    atomic_fetch_add(&calls, 1);
    panic("failed");
}

static void
does_once_and_panics(void *o)
{
    once_do(o, counts_and_panics, NULL);
}

TEST(once_that_panics_is_done)
{
    struct once o = { 0 };
    struct panic_info info;
    atomic_store(&calls, 0);
    CHECK(!try(does_once_and_panics, &o, &info));
    CHECK_STREQ(info.message, "failed");
    CHECK(try(does_once_and_panics, &o, &info)); /* no call, no panic */
    CHECK_EQ(atomic_load(&calls), 1);
}

/* ---- conditions ---- */

static struct mutex m;
static struct cond cond;
static atomic_int woken;
static bool gone; /* m */

struct sleeper {
    atomic_int turn;
};

static void
sleeps_once(void *arg)
{
    struct sleeper *s = arg;
    mutex_lock(&m);
    cond_wait(&cond, &m);
    atomic_store(&s->turn, atomic_fetch_add(&woken, 1));
    mutex_unlock(&m);
}

enum { SLEEPERS = 30 };

TEST(cond_signal_wakes_the_longest_waiter)
{
    struct sleeper s[SLEEPERS];
    atomic_store(&woken, 0);
    for (int i = 0; i < SLEEPERS; i++) {
        atomic_init(&s[i].turn, -1);
        start_parked(sleeps_once, &s[i]);
    }
    for (int i = 0; i < SLEEPERS; i++) {
        CHECK_EQ(atomic_load(&woken), i);
        cond_signal(&cond); /* without the lock: it may be */
        CHECK(WAIT_UNTIL(atomic_load(&s[i].turn) == i));
    }
    finish();
}

static void
sleeps_until_gone(void *unused)
{
    (void)unused;
    mutex_lock(&m);
    while (!gone) {
        cond_wait(&cond, &m);
        atomic_fetch_add(&woken, 1);
    }
    mutex_unlock(&m);
}

TEST(cond_broadcast_wakes_all_and_each_once)
{
    int n = (int)scaled(1000, 50);
    gone = false;
    atomic_store(&woken, 0);
    uint64_t before = stats_now().waiting;
    for (int i = 0; i < n; i++) {
        start(sleeps_until_gone, NULL);
    }
    CHECK(WAIT_UNTIL(stats_now().waiting == before + (unsigned)n));
    for (int round = 1; round <= 3; round++) {
        mutex_lock(&m);
        gone = round == 3;
        cond_broadcast(&cond);
        CHECK_EQ(atomic_load(&woken), (round - 1) * n); /* they need the lock to go on */
        mutex_unlock(&m);
        CHECK(WAIT_UNTIL(atomic_load(&woken) == round * n));
        CHECK(round == 3 || WAIT_UNTIL(stats_now().waiting == before + (unsigned)n));
    }
    finish();
}

/* A signal belongs to who waited when it came: a later waiter does not steal it. */
static void
waits_for_gone(void *unused)
{
    (void)unused;
    mutex_lock(&m);
    while (!gone) {
        cond_wait(&cond, &m);
    }
    mutex_unlock(&m);
}

TEST(cond_signal_is_not_stolen_by_a_later_waiter)
{
    for (size_t i = 0, n = scaled(1000, 30); i < n; i++) {
        struct sleeper first = { -1 };
        struct waitgroup only = { 0 };
        gone = false;
        waitgroup_go(&only, sleeps_once, &first);
        CHECK(WAIT_UNTIL(stats_now().waiting == 1));
        mutex_lock(&m); /* the first is signalled, cannot go on yet, and others come to wait */
        cond_signal(&cond);
        start(waits_for_gone, NULL);
        start(waits_for_gone, NULL);
        mutex_unlock(&m);
        waitgroup_wait(&only); /* or never */
        CHECK(atomic_load(&first.turn) >= 0);
        mutex_lock(&m);
        gone = true;
        cond_broadcast(&cond);
        mutex_unlock(&m);
        finish();
    }
}

TEST(cond_signal_without_waiters_is_lost)
{
    struct sleeper s = { -1 };
    atomic_store(&woken, 0);
    cond_signal(&cond);
    cond_broadcast(&cond);
    start_parked(sleeps_once, &s);
    gosleep(2 * MILLISECOND);
    CHECK_EQ(atomic_load(&woken), 0);
    cond_signal(&cond);
    finish();
    CHECK_EQ(atomic_load(&woken), 1);
}

/* ---- a bounded buffer made of a mutex and two conditions ---- */

enum { ROOM = 3 };

static struct cond not_full, not_empty;
static int stock; /* m */
static atomic_long produced, consumed;

static void
produces(void *unused)
{
    (void)unused;
    for (size_t i = 0, n = scaled(20000, 500); i < n; i++) {
        mutex_lock(&m);
        while (stock == ROOM) {
            cond_wait(&not_full, &m);
        }
        CHECK(stock >= 0 && stock < ROOM);
        stock++;
        mutex_unlock(&m);
        cond_signal(&not_empty);
        atomic_fetch_add(&produced, 1);
    }
}

static void
consumes(void *unused)
{
    (void)unused;
    for (size_t i = 0, n = scaled(20000, 500); i < n; i++) {
        mutex_lock(&m);
        while (stock == 0) {
            cond_wait(&not_empty, &m);
        }
        stock--;
        cond_signal(&not_full);
        mutex_unlock(&m);
        atomic_fetch_add(&consumed, 1);
    }
}

TEST(cond_pair_makes_a_bounded_buffer)
{
    for (int i = 0; i < 4; i++) {
        start(produces, NULL);
        start(consumes, NULL);
    }
    finish();
    CHECK_EQ(stock, 0);
    CHECK_EQ(atomic_load(&produced), atomic_load(&consumed));
}

CONFORM(TEST_ENTRY(waitgroup_holds_until_all_are_done),
        TEST_ENTRY(waitgroup_negative_counter_panics),
        TEST_ENTRY(waitgroup_may_go_as_soon_as_wait_returns),
        TEST_ENTRY(waitgroup_of_nobody_does_not_wait),
        TEST_ENTRY(once_calls_once_and_all_wait_for_it), TEST_ENTRY(once_that_panics_is_done),
        TEST_ENTRY(cond_signal_wakes_the_longest_waiter),
        TEST_ENTRY(cond_broadcast_wakes_all_and_each_once),
        TEST_ENTRY(cond_signal_is_not_stolen_by_a_later_waiter),
        TEST_ENTRY(cond_signal_without_waiters_is_lost),
        TEST_ENTRY(cond_pair_makes_a_bounded_buffer))
