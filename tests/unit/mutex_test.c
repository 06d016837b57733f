/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-ln-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c ; -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc -Darch_print=test_print sched/mutex.c */
/*
 * mutex_test.c -- the order of a mutex's waiters, and circles: told when there are, only then.
 *
 * What mutex.c prints comes here (test_print).
 */
#include <gamp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statelock.h"
#include "tap.h"

static struct waitgroup done;
static struct gamp_lock told_lock;
static char told[2048]; /* told_lock */

void test_print(const char *fmt, ...);
void
test_print(const char *fmt, ...)
{
    lock_acquire(&told_lock, RANK_SCHED);
    size_t n = strlen(told);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(told + n, sizeof told - n, fmt, ap);
    va_end(ap);
    lock_release(&told_lock);
}

/* How often that was told since the last start. */
static int
told_times(const char *what)
{
    int n = 0;
    lock_acquire(&told_lock, RANK_SCHED);
    for (const char *at = told; (at = strstr(at, what)) != NULL; at++) {
        n++;
    }
    lock_release(&told_lock);
    return n;
}

static void
told_start(void)
{
    sched.quiet = false;
    lock_acquire(&told_lock, RANK_SCHED);
    told[0] = '\0';
    lock_release(&told_lock);
}

/* How many are on m's list. */
static size_t
queued(struct mutex *m)
{
    size_t n = 0;
    uint64_t s = state_lock(&m->state);
    for (struct waiter *w = m->waitq.first; w != NULL; w = w->next) {
        n++;
    }
    state_unlock(&m->state, s);
    return n;
}

static void
wait_until_queued(struct mutex *m, size_t n)
{
    while (queued(m) != n) {
        gosleep(100 * MICROSECOND);
    }
}

/* ---- waiters ---- */

enum { WAITERS = 6 };

static struct mutex m;
static int order[WAITERS], taken; /* m */

static void
take_turn(void *arg)
{
    mutex_lock(&m);
    order[taken++] = (int)(intptr_t)arg;
    mutex_unlock(&m);
    waitgroup_done(&done);
}

/* Who is woken in vain goes back to the front, and meanwhile nobody else is woken. */
TEST(mutex_losers_keep_their_order)
{
    for (int round = 0; round < 60; round++) {
        taken = 0;
        mutex_lock(&m);
        waitgroup_add(&done, WAITERS);
        for (size_t i = 0; i < WAITERS; i++) {
            go(take_turn, (void *)i);
            wait_until_queued(&m, i + 1);
        }
        for (int i = 0; i < 8; i++) {
            mutex_unlock(&m);
            while (!mutex_trylock(&m)) {
                gosched();
            }
        }
        mutex_unlock(&m);
        waitgroup_wait(&done);
        for (int i = 0; i < WAITERS; i++) {
            CHECK_EQ(order[i], i);
        }
        CHECK_EQ(atomic_load(&m.state), 0);
    }
}

/* ---- circles ---- */

enum { RING = 3 };

static struct mutex ring[RING];
static struct waitgroup seated;
static int in_circle;

static void
philosopher(void *arg)
{
    intptr_t i = (intptr_t)arg;
    mutex_lock(&ring[i]);
    waitgroup_done(&seated);
    waitgroup_wait(&seated);
    mutex_lock(&ring[(i + 1) % in_circle]);
    mutex_unlock(&ring[(i + 1) % in_circle]);
    if (i != 0) { /* what 0 had has been unlocked for it */
        mutex_unlock(&ring[i]);
    }
    waitgroup_done(&done);
}

static void
circle_of(int n)
{
    struct go_attr attr = { .name = "philosopher" };
    told_start();
    in_circle = n;
    waitgroup_add(&seated, n);
    waitgroup_add(&done, n);
    for (intptr_t i = 0; i < n; i++) {
        go_with(&attr, philosopher, (void *)i);
    }
    for (int i = 0; i < n; i++) {
        wait_until_queued(&ring[i], 1);
    }
    mutex_unlock(&ring[0]); /* breaks it: any goroutine may */
    waitgroup_wait(&done);
    CHECK_EQ(told_times("locked in a circle"), 1);
    CHECK_EQ(told_times(" (philosopher) waits for mutex "), n);
    for (int i = 0; i < n; i++) {
        char address[32];
        snprintf(address, sizeof address, "%p", (void *)&ring[i]);
        CHECK_EQ(told_times(address), 1);
        CHECK_EQ(atomic_load(&ring[i].state), 0);
    }
}

TEST(mutex_circles_are_told_once_and_whole)
{
    for (int round = 0; round < 200; round++) {
        circle_of(1);
        circle_of(2);
        circle_of(3);
    }
}

enum { LOOPS = 4000 };

static struct cond cond;
static _Atomic(int) waiting;

/* In a fixed order, some let go of before the next: never a circle. */
static void
ordered(void *arg)
{
    for (int i = 0; i < LOOPS; i++) {
        struct mutex *last = &ring[i % 4 == 0 ? 0 : 2];
        mutex_lock(&ring[1]);
        mutex_lock(&ring[2]);
        mutex_unlock(&ring[2]);
        mutex_unlock(&ring[1]);
        mutex_lock(last);
        mutex_unlock(last);
        mutex_lock(&ring[0]);
        mutex_lock(&ring[1]);
        mutex_unlock(&ring[1]);
        mutex_unlock(&ring[0]);
    }
    waitgroup_done(arg);
}

static void
waits(void *arg)
{
    for (int i = 0; i < LOOPS; i++) {
        mutex_lock(&m);
        cond_wait(&cond, &m);
        mutex_unlock(&m);
    }
    atomic_fetch_sub(&waiting, 1);
    waitgroup_done(arg);
}

static void
locks_and_ends(void *arg)
{
    mutex_lock(arg);
    waitgroup_done(&seated);
}

static void
locks(void *arg)
{
    mutex_lock(arg);
    mutex_unlock(arg);
    waitgroup_done(&seated);
}

/* The one that locked has ended, and those that wait use its struct g. */
static void
dead_owners(void *arg)
{
    struct mutex left = { 0 };
    for (int i = 0; i < 100; i++) {
        waitgroup_add(&seated, 1);
        go(locks_and_ends, &left);
        waitgroup_wait(&seated);
        waitgroup_add(&seated, 2);
        go(locks, &left);
        go(locks, &left);
        wait_until_queued(&left, 2);
        mutex_unlock(&left); /* any goroutine may */
        waitgroup_wait(&seated);
    }
    waitgroup_done(arg);
}

TEST(mutex_tells_no_circle_that_is_none)
{
    told_start();
    atomic_store(&waiting, 3);
    waitgroup_add(&done, 8);
    for (int i = 0; i < 4; i++) {
        go(ordered, &done);
    }
    for (int i = 0; i < 3; i++) {
        go(waits, &done);
    }
    go(dead_owners, &done);
    while (atomic_load(&waiting) > 0) {
        cond_signal(&cond); /* without the mutex, as soon as one is there */
        gosched();
    }
    waitgroup_wait(&done);
    CHECK_EQ(told_times("locked in a circle"), 0);
}

static const struct test tests[] = {
    TEST_ENTRY(mutex_losers_keep_their_order),
    TEST_ENTRY(mutex_circles_are_told_once_and_whole),
    TEST_ENTRY(mutex_tells_no_circle_that_is_none),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
