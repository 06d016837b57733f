/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * timer_test.c -- sleeping: never too short, in order, on every core.
 */
#include <gamp.h>
#include <stdlib.h>

#include "runtime.h"
#include "tap.h"
#include "timerheap.h"

enum { SLEEPERS = 500 };

static struct waitgroup done;
static _Atomic(int) early;

TEST(timer_no_sleep_returns_at_once)
{
    int64_t start = nanotime();
    gosleep(0);
    gosleep(-SECOND);
    CHECK(nanotime() - start < SECOND);
}

TEST(timer_sleep_is_never_short)
{
    for (duration d = MICROSECOND; d <= 20 * MILLISECOND; d *= 3) {
        int64_t start = nanotime();
        gosleep(d);
        CHECK(nanotime() - start >= d);
    }
}

static void
sleeper(void *arg)
{
    uint32_t seed = *(uint32_t *)arg;
    for (int i = 0; i < 5; i++) {
        seed = seed * 1664525 + 1013904223;
        duration d = (duration)(seed >> 10) % (4 * MILLISECOND);
        int64_t start = nanotime();
        gosleep(d);
        if (nanotime() - start < d) {
            atomic_fetch_add(&early, 1);
        }
    }
    waitgroup_done(&done);
}

TEST(timer_many_sleep_and_all_wake)
{
    struct go_attr attr = { .arg_size = sizeof(uint32_t) };
    struct sched_stats before, after;
    sched_stats(&before);
    waitgroup_add(&done, SLEEPERS);
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        attr.core = i % 3 == 0 ? GO_CORE((int)i % num_cpu()) : 0;
        CHECK_EQ(go_with(&attr, sleeper, &i), 0);
    }
    waitgroup_wait(&done);
    sched_stats(&after);
    CHECK_EQ(atomic_load(&early), 0);
    CHECK(after.timers_fired - before.timers_fired <= SLEEPERS * 5);
}

TEST(timer_heaps_are_empty_afterwards)
{
    for (int i = 0; i < num_cpu(); i++) {
        CHECK_EQ(atomic_load(&allm[i]->timers.first), INT64_MAX);
        CHECK_EQ(allm[i]->timers.n, 0);
    }
}

enum { TIMERS = 8, CROWD = 100 };

static int64_t fired[CROWD];
static int nfired;

static void
note(struct m *mp, struct timer_entry *t, int64_t now)
{
    (void)mp;
    (void)now;
    fired[nfired++] = t->when;
}

/* All long due; another core that is idle may fire them, too, under the same lock. */
TEST(timer_the_earlier_fires_first)
{
    static const int64_t when[TIMERS] = { 5, 2, 8, 1, 7, 3, 6, 4 };
    struct timer_entry t[TIMERS];
    arch_preempt_off();
    struct m *mp = this_m();
    CHECK(timers_room(mp)); /* for 16, when it makes any */
    lock_acquire(&mp->timers.lock, RANK_TIMERS);
    for (int i = 0; i < TIMERS; i++) {
        t[i] = (struct timer_entry){ .when = when[i], .fire = note, .index = TIMER_OUT };
        timers_insert(mp, &t[i]);
    }
    lock_release(&mp->timers.lock);
    timers_run(mp);
    lock_acquire(&mp->timers.lock, RANK_TIMERS); /* and has fired the last */
    lock_release(&mp->timers.lock);
    arch_preempt_on();
    CHECK_EQ(nfired, TIMERS);
    for (int i = 0; i < TIMERS; i++) {
        CHECK_EQ(fired[i], i + 1);
    }
}

/* Every other one stays: it is not touched until it fires. Of the others half are stopped. */
TEST(timer_crowds_fire_in_order)
{
    static struct timer_entry t[CROWD];
    int left = CROWD;
    arch_preempt_off();
    struct m *mp = this_m();
    for (int i = 0; i < CROWD; i++) {
        CHECK(timers_room(mp));
        atomic_fetch_add(&mp->timers.spoken_for, 1);
    }
    lock_acquire(&mp->timers.lock, RANK_TIMERS);
    nfired = 0;
    for (int i = 0; i < CROWD; i++) {
        t[i] = (struct timer_entry){ .when = 1 + i * 37 % CROWD,
                                     .fire = note,
                                     .index = i % 2 == 0 ? TIMER_STAYS : TIMER_OUT };
        timers_insert(mp, &t[i]);
    }
    for (int i = 1; i < CROWD; i += 4, left--) {
        timers_remove(mp, &t[i]);
        CHECK_EQ(t[i].index, TIMER_OUT);
    }
    for (int i = 0; i < CROWD; i += 2) {
        CHECK_EQ(t[i].index, TIMER_STAYS);
    }
    lock_release(&mp->timers.lock);
    timers_run(mp);
    lock_acquire(&mp->timers.lock, RANK_TIMERS); /* and has fired the last */
    lock_release(&mp->timers.lock);
    atomic_fetch_sub(&mp->timers.spoken_for, CROWD);
    arch_preempt_on();
    CHECK_EQ(nfired, left);
    for (int i = 1; i < nfired; i++) {
        CHECK(fired[i - 1] < fired[i]);
    }
}

static _Atomic(bool) over;

static void
spin(void *arg)
{
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
    }
    waitgroup_done(arg);
}

/* The timer of a core whose goroutine never lets go. */
TEST(timer_fires_behind_a_loop)
{
    int cores = gomaxprocs(1);
    atomic_store(&over, false);
    waitgroup_add(&done, 1);
    go(spin, &done);
    int64_t start = nanotime();
    for (int i = 0; i < 5; i++) {
        gosleep(MILLISECOND);
    }
    int64_t took = nanotime() - start;
    atomic_store(&over, true);
    waitgroup_wait(&done);
    gomaxprocs(cores);
    CHECK(took < 2 * SECOND);
}

static const struct test tests[] = {
    TEST_ENTRY(timer_no_sleep_returns_at_once), TEST_ENTRY(timer_sleep_is_never_short),
    TEST_ENTRY(timer_many_sleep_and_all_wake),  TEST_ENTRY(timer_heaps_are_empty_afterwards),
    TEST_ENTRY(timer_the_earlier_fires_first),  TEST_ENTRY(timer_crowds_fire_in_order),
    TEST_ENTRY(timer_fires_behind_a_loop),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
