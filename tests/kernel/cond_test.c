/* SPDX-License-Identifier: MIT */
/*
 * cond_test.c -- once, conditions, waitgroup_go.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

/* ---- once ---- */

static struct once once;
static atomic_int initialised, seen_before;

static void
initialise(void *arg)
{
    (void)arg;
    gosched();
    gosleep(MILLISECOND);
    atomic_fetch_add(&initialised, 1);
}

static void
wants_it(void *arg)
{
    once_do(&once, initialise, arg);
    atomic_fetch_add(&seen_before, atomic_load(&initialised) != 1);
    waitgroup_done(&all);
}

static void
fails_first(void *arg)
{
    (void)arg;
    panic("not today");
}

static void
do_failing(void *o)
{
    once_do(o, fails_first, NULL);
}

static void
leaves_first(void *arg)
{
    (void)arg;
    goexit();
}

static void
do_leaving(void *o)
{
    defer((void (*)(void *))(uintptr_t)waitgroup_done, &all);
    once_do(o, leaves_first, NULL);
}

TEST(once_runs_once_and_others_wait_for_it)
{
    struct panic_info info;
    struct once failing = { 0 }, leaving = { 0 };
    waitgroup_add(&all, 20);
    for (int i = 0; i < 20; i++) {
        go(wants_it, NULL);
    }
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&initialised), 1);
    CHECK_EQ(atomic_load(&seen_before), 0);
    CHECK(!try(do_failing, &failing, &info) && strcmp(info.message, "not today") == 0);
    CHECK(try(do_failing, &failing, &info)); /* counts as done */
    waitgroup_add(&all, 1);
    go(do_leaving, &leaving);
    waitgroup_wait(&all);
    CHECK(try(do_failing, &leaving, &info));
}

/* ---- cond ---- */

static struct cond cond;
static struct mutex mutex;
static int waiting, generation; /* mutex */
static int woken[16];           /* mutex */
static int nwoken;              /* mutex */

static void
waits_in_turn(void *arg)
{
    mutex_lock(&mutex);
    waiting++;
    cond_wait(&cond, &mutex);
    woken[nwoken++] = (int)(intptr_t)arg;
    mutex_unlock(&mutex);
    waitgroup_done(&all);
}

static int
locked_read(const int *p)
{
    mutex_lock(&mutex);
    int v = *p;
    mutex_unlock(&mutex);
    return v;
}

TEST(cond_signal_wakes_the_longest_waiter)
{
    cond_signal(&cond); /* nobody there: lost */
    waitgroup_add(&all, 10);
    for (int i = 0; i < 10; i++) {
        go(waits_in_turn, (void *)(intptr_t)i);
        CHECK(WAIT_UNTIL(locked_read(&waiting) == i + 1));
    }
    for (int i = 0; i < 5; i++) {
        cond_signal(&cond);
        CHECK(WAIT_UNTIL(locked_read(&nwoken) == i + 1));
        CHECK_EQ(woken[i], i);
    }
    cond_broadcast(&cond);
    waitgroup_wait(&all);
    CHECK_EQ(nwoken, 10);
}

static void
waits_late(void *arg)
{
    mutex_lock(&mutex);
    waiting++;
    cond_wait(&cond, &mutex);
    mutex_unlock(&mutex);
    chan_send(arg, NULL);
}

/* A signal is for who waited then; who waits later cannot take it. Go: TestCondSignalStealing */
TEST(cond_signal_cannot_be_stolen)
{
    struct chan *first = chan_make(0, 1), *second = chan_make(0, 1);
    for (int i = 1; i <= 300; i++) {
        waiting = 0;
        go(waits_late, first);
        CHECK(WAIT_UNTIL(locked_read(&waiting) == 1));
        mutex_lock(&mutex);
        cond_signal(&cond);
        mutex_unlock(&mutex);
        go(waits_late, second);
        CHECK(chan_recv(first, NULL)); /* or waits for ever */
        CHECK(WAIT_UNTIL(locked_read(&waiting) == 2));
        CHECK_EQ(chan_len(second), 0);
        cond_broadcast(&cond);
        chan_recv(second, NULL);
    }
    chan_free(first);
    chan_free(second);
}

static void
next_generation(void *arg)
{
    int rounds = (int)(intptr_t)arg;
    for (int i = 0; i < rounds; i++) {
        mutex_lock(&mutex);
        int mine = generation;
        if (++waiting == 8) {
            waiting = 0;
            generation++;
            cond_broadcast(&cond);
        }
        while (generation == mine) {
            cond_wait(&cond, &mutex);
        }
        mutex_unlock(&mutex);
    }
    waitgroup_done(&all);
}

TEST(cond_makes_a_barrier)
{
    waiting = generation = 0;
    waitgroup_add(&all, 8);
    for (int i = 0; i < 8; i++) {
        go(next_generation, (void *)500);
    }
    waitgroup_wait(&all);
    CHECK_EQ(generation, 500);
}

/* ---- waitgroup_go ---- */

static void
ends_somehow(void *arg)
{
    if ((intptr_t)arg % 2) {
        goexit();
    }
}

TEST(waitgroup_go_counts_down_however_it_ends)
{
    struct waitgroup wg = { 0 };
    for (int i = 0; i < 100; i++) {
        waitgroup_go(&wg, ends_somehow, (void *)(intptr_t)i);
    }
    waitgroup_wait(&wg);
}

static const struct test tests[] = {
    TEST_ENTRY(once_runs_once_and_others_wait_for_it),
    TEST_ENTRY(cond_signal_wakes_the_longest_waiter),
    TEST_ENTRY(cond_signal_cannot_be_stolen),
    TEST_ENTRY(cond_makes_a_barrier),
    TEST_ENTRY(waitgroup_go_counts_down_however_it_ends),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
