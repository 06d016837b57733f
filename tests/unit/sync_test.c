/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * sync_test.c -- mutexes, wait groups, notes.
 */
#include <gamp.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"
#include "tap.h"

enum { CROWD = 12, EACH = 2000 };

static struct waitgroup done;
static struct mutex guard;
static long counter; /* guard */

static void
add(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        mutex_lock(&guard);
        long seen = counter;
        if (i % 50 == 0) {
            gosched();
        }
        counter = seen + 1;
        mutex_unlock(&guard);
    }
    waitgroup_done(arg);
}

TEST(sync_mutex_excludes)
{
    counter = 0;
    waitgroup_add(&done, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(add, &done);
    }
    waitgroup_wait(&done);
    CHECK_EQ(counter, (long)CROWD * EACH);
    CHECK_EQ(atomic_load(&guard.state), 0);
    CHECK(guard.waitq.first == NULL);
}

TEST(sync_trylock_takes_only_a_free_mutex)
{
    CHECK(mutex_trylock(&guard));
    CHECK(!mutex_trylock(&guard));
    mutex_unlock(&guard);
    CHECK(mutex_trylock(&guard));
    mutex_unlock(&guard);
}

enum { HOGGED_MOST = 20000 };

static _Atomic(bool) over;
static _Atomic(int) hogged;

static void
hog(void *arg)
{
    while (!atomic_load(&over) && atomic_fetch_add(&hogged, 1) < HOGGED_MOST) {
        mutex_lock(&guard);
        for (int64_t until = nanotime() + 200 * MICROSECOND; nanotime() < until;) {
        }
        mutex_unlock(&guard);
    }
    waitgroup_done(arg);
}

/* Hogs lock again as soon as they have unlocked; who has waited for a millisecond is handed it. On
 * one core, where it would nearly never find it free. Time is counted in their turns. */
TEST(sync_mutex_starves_nobody)
{
    int cores = gomaxprocs(1);
    atomic_store(&over, false);
    waitgroup_add(&done, 2);
    go(hog, &done);
    go(hog, &done);
    for (int i = 0; i < 20; i++) {
        mutex_lock(&guard);
        mutex_unlock(&guard);
        gosched();
    }
    atomic_store(&over, true);
    CHECK(atomic_load(&hogged) < HOGGED_MOST);
    gomaxprocs(cores);
    waitgroup_wait(&done);
}

/* ---- wait groups ---- */

static _Atomic(int) work;

static void
one(void *arg)
{
    (void)arg;
    atomic_fetch_add(&work, 1);
}

TEST(sync_waitgroup_waits_again_and_again)
{
    static struct waitgroup wg;
    for (int round = 1; round <= 500; round++) {
        for (int i = 0; i < 5; i++) {
            waitgroup_go(&wg, one, NULL);
        }
        waitgroup_wait(&wg);
        CHECK_EQ(atomic_load(&work), 5 * round);
    }
    waitgroup_wait(&wg);
}

static void
wait_too(void *arg)
{
    waitgroup_wait(arg);
    waitgroup_done(&done);
}

TEST(sync_waitgroup_releases_all_waiters)
{
    static struct waitgroup gate;
    for (int round = 0; round < 50; round++) {
        waitgroup_add(&gate, 1);
        waitgroup_add(&done, 10);
        for (int i = 0; i < 10; i++) {
            go(wait_too, &gate);
        }
        gosched();
        waitgroup_done(&gate);
        waitgroup_wait(&done);
    }
}

static void
done_too_often(void *wg)
{
    waitgroup_done(wg);
}

static void
add_one(void *wg)
{
    waitgroup_add(wg, 1);
}

TEST(sync_waitgroup_misuse_panics)
{
    struct waitgroup wg = { 0 };
    struct panic_info info;
    CHECK(!go_try(done_too_often, &wg, &info));
    CHECK(strcmp(info.message, "sync: negative WaitGroup counter") == 0);
    atomic_store(&wg.state, 1); /* somebody waits, though nothing is left to be done */
    CHECK(!go_try(add_one, &wg, &info));
    CHECK(strcmp(info.message, "sync: WaitGroup misuse: Add called concurrently with Wait") == 0);
}

/* ---- notes ---- */

static struct note ping, pong;

static void
answer(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        note_sleep(&ping, false);
        note_wakeup(&pong);
    }
    waitgroup_done(arg);
}

TEST(sync_note_is_neither_lost_nor_doubled)
{
    waitgroup_add(&done, 1);
    go(answer, &done);
    for (int i = 0; i < EACH; i++) {
        note_wakeup(&ping);
        note_sleep(&pong, false);
    }
    waitgroup_wait(&done);
    CHECK_EQ(atomic_load(&ping.waiter), 0);
    CHECK_EQ(atomic_load(&pong.waiter), 0);
}

TEST(sync_note_keeps_one_early_signal)
{
    struct note n = { 0 };
    note_wakeup(&n);
    note_wakeup(&n);
    note_sleep(&n, false);
    CHECK_EQ(atomic_load(&n.waiter), 0);
}

static const struct test tests[] = {
    TEST_ENTRY(sync_mutex_excludes),
    TEST_ENTRY(sync_trylock_takes_only_a_free_mutex),
    TEST_ENTRY(sync_mutex_starves_nobody),
    TEST_ENTRY(sync_waitgroup_waits_again_and_again),
    TEST_ENTRY(sync_waitgroup_releases_all_waiters),
    TEST_ENTRY(sync_waitgroup_misuse_panics),
    TEST_ENTRY(sync_note_is_neither_lost_nor_doubled),
    TEST_ENTRY(sync_note_keeps_one_early_signal),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
