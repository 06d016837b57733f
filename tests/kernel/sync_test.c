/* SPDX-License-Identifier: MIT */
/*
 * sync_test.c -- mutexes exclude and do not starve, wait groups release, sleepers sleep enough.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "patience.h"

static struct waitgroup all;

/* ---- mutex ---- */

static struct mutex mutex;
static uint64_t guarded[2]; /* mutex; not atomic, on purpose */
static atomic_uint torn;

static void
hammer(void *arg)
{
    uint64_t random = (uintptr_t)arg + 1;

    for (int i = 0; i < 1500; i++) {
        uint64_t choice = next_random(&random);

        if (choice % 8 == 0) {
            while (!mutex_trylock(&mutex)) {
                gosched();
            }
        } else {
            mutex_lock(&mutex);
        }
        uint64_t was = guarded[0];

        atomic_fetch_add(&torn, guarded[1] != was);
        guarded[0] = was + 1;
        if (choice % 64 == 1) {
            gosched();
        } else if (choice % 512 == 2) {
            gosleep(20 * MICROSECOND);
        }
        guarded[1] = was + 1;
        mutex_unlock(&mutex);
    }
    waitgroup_done(&all);
}

TEST(mutex_excludes_under_a_hammer)
{
    int n = 4 * num_cpu();

    waitgroup_add(&all, n);
    for (int i = 0; i < n; i++) {
        go(hammer, (void *)(uintptr_t)i);
    }
    waitgroup_wait(&all);
    CHECK_EQ(guarded[0], 1500ull * (unsigned)n);
    CHECK_EQ(atomic_load(&torn), 0);
}

TEST(mutex_trylock_takes_only_what_is_free)
{
    struct mutex m = { 0 };

    CHECK(mutex_trylock(&m));
    CHECK(!mutex_trylock(&m));
    mutex_unlock(&m);
    CHECK(mutex_trylock(&m));
    mutex_unlock(&m);
}

enum { WANTED = 10, HOGGED_MOST = 20000 };

static atomic_uint turns, hogged;

/* Has the mutex nearly all the time, and takes it again at once. */
static void
hog_mutex(void *arg)
{
    (void)arg;
    while (atomic_load(&turns) < WANTED && atomic_fetch_add(&hogged, 1) < HOGGED_MOST) {
        mutex_lock(&mutex);
        for (int64_t end = nanotime() + 100 * MICROSECOND; nanotime() < end;) {
        }
        mutex_unlock(&mutex);
    }
    waitgroup_done(&all);
}

static void
want_mutex(void *arg)
{
    (void)arg;
    for (int i = 0; i < WANTED; i++) {
        gosleep(100 * MICROSECOND);
        mutex_lock(&mutex);
        mutex_unlock(&mutex);
        atomic_fetch_add(&turns, 1);
    }
    waitgroup_done(&all);
}

/* On one core a hog loses the core with the mutex in its hands: who waits would nearly never find
 * it free. Time is counted in turns of the hogs. Go: TestMutexFairness */
TEST(mutex_is_handed_to_who_waits_long)
{
    int cores = gomaxprocs(1);

    waitgroup_add(&all, 3);
    go(hog_mutex, NULL);
    go(hog_mutex, NULL);
    go(want_mutex, NULL);
    waitgroup_wait(&all);
    CHECK(atomic_load(&hogged) < HOGGED_MOST);
    gomaxprocs(cores);
}

/* Whoever has locked a mutex may free it: the unlock before is done with it. */
static void
lock_shared(void *arg)
{
    struct mutex *m = arg;

    mutex_lock(m);
    mutex_unlock(m);
    waitgroup_done(&all);
}

TEST(mutex_may_leave_scope_after_the_last_lock)
{
    for (int i = 0; i < 2000; i++) {
        struct mutex m = { 0 };

        mutex_lock(&m);
        waitgroup_add(&all, 3);
        go(lock_shared, &m);
        go(lock_shared, &m);
        go(lock_shared, &m);
        gosched();
        mutex_unlock(&m);
        waitgroup_wait(&all);
        CHECK(mutex_trylock(&m));
    }
}

/* ---- wait groups ---- */

static struct waitgroup gate;
static atomic_uint early, passed, finished;

static void
wait_at_gate(void *arg)
{
    (void)arg;
    waitgroup_wait(&gate);
    atomic_fetch_add(&early, atomic_load(&finished) != 40);
    atomic_fetch_add(&passed, 1);
    waitgroup_done(&all);
}

static void
finish(void *arg)
{
    (void)arg;
    gosched();
    atomic_fetch_add(&finished, 1);
}

TEST(waitgroup_releases_all_waiters_at_zero)
{
    waitgroup_wait(&gate); /* zero: no waiting */
    for (int round = 0; round < 50; round++) {
        atomic_store(&finished, 0);
        atomic_store(&passed, 0);
        waitgroup_add(&gate, 1);
        waitgroup_add(&all, 10);
        for (int i = 0; i < 10; i++) {
            go(wait_at_gate, NULL);
        }
        for (int i = 0; i < 40; i++) {
            waitgroup_go(&gate, finish, NULL);
        }
        waitgroup_done(&gate);
        waitgroup_wait(&all);
        CHECK_EQ(atomic_load(&passed), 10);
    }
    CHECK_EQ(atomic_load(&early), 0);
}

/* ---- sleep ---- */

static atomic_uint too_early;

static void
sleep_varied(void *arg)
{
    uint64_t random = (uintptr_t)arg + 99;

    for (int i = 0; i < 30; i++) {
        duration d = (duration)(next_random(&random) % (uint64_t)(3 * MILLISECOND));
        int64_t before = nanotime();

        gosleep(d);
        atomic_fetch_add(&too_early, nanotime() - before < d);
    }
    waitgroup_done(&all);
}

TEST(sleep_is_never_too_short)
{
    int64_t before = nanotime();

    gosleep(0);
    gosleep(-5 * HOUR);
    CHECK(nanotime() - before < HOUR);
    waitgroup_add(&all, 200);
    for (uintptr_t i = 0; i < 200; i++) {
        go(sleep_varied, (void *)i);
    }
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&too_early), 0);
}

enum { SLEEPERS = 12 };

static atomic_uint woken;
static atomic_uchar order[SLEEPERS];
static int64_t start;

static void
sleep_and_sign(void *arg)
{
    unsigned i = (unsigned)(uintptr_t)arg;

    gosleep(start + (i + 1) * 4 * MILLISECOND - nanotime());
    atomic_store(&order[atomic_fetch_add(&woken, 1)], (unsigned char)i);
    waitgroup_done(&all);
}

static bool
sleepers_wake_in_order(void)
{
    bool right = true;

    atomic_store(&woken, 0);
    start = nanotime() + 20 * MILLISECOND;
    waitgroup_add(&all, SLEEPERS);
    for (unsigned i = 0; i < SLEEPERS; i++) {
        go(sleep_and_sign, (void *)(uintptr_t)(i * 5 % SLEEPERS));
    }
    waitgroup_wait(&all);
    for (unsigned i = 0; i < SLEEPERS; i++) {
        right = right && atomic_load(&order[i]) == i;
    }
    return right;
}

/* Where the host holds a core back for longer than the distance of two, those two may swap: one
 * right order in many tries will do, and a heap out of order has none. */
TEST(sleep_ends_in_the_order_of_deadlines)
{
    bool right = false;

    for (int i = 0; i < 30 && !right; i++) {
        right = sleepers_wake_in_order();
    }
    CHECK(right);
}

static const struct test tests[] = {
    TEST_ENTRY(mutex_excludes_under_a_hammer),
    TEST_ENTRY(mutex_trylock_takes_only_what_is_free),
    TEST_ENTRY(mutex_is_handed_to_who_waits_long),
    TEST_ENTRY(mutex_may_leave_scope_after_the_last_lock),
    TEST_ENTRY(waitgroup_releases_all_waiters_at_zero),
    TEST_ENTRY(sleep_is_never_too_short),
    TEST_ENTRY(sleep_ends_in_the_order_of_deadlines),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
