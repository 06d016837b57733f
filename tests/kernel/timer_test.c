/* SPDX-License-Identifier: MIT */
/*
 * timer_test.c -- timers and tickers: never early, nothing stale, phase kept, memory given back.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

TEST(timer_fires_once_and_never_early)
{
    static const duration waits[] = { -5, 0, 1, MICROSECOND, MILLISECOND, 7 * MILLISECOND };
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        int64_t began = nanotime(), at = 0;
        struct timer *t = timer_new(waits[i]);
        CHECK(chan_recv(timer_chan(t), &at));
        CHECK(at - began >= waits[i] && at <= nanotime());
        CHECK_EQ(chan_try_recv(timer_chan(t), &at), CHAN_EMPTY);
        CHECK(!timer_stop(t));
        timer_free(t);
    }
}

TEST(timer_stop_and_reset_leave_nothing_stale)
{
    int64_t at = 0;
    struct timer *t = timer_new(HOUR);
    CHECK(timer_stop(t));
    CHECK(!timer_stop(t));
    CHECK(!timer_reset(t, MICROSECOND));
    gosleep(2 * MILLISECOND); /* it has fired, nobody has received */
    CHECK_EQ(chan_len(timer_chan(t)), 0);
    CHECK_EQ(chan_cap(timer_chan(t)), 0);
    CHECK(timer_stop(t)); /* the value is taken back, so it counts as stopped in time */
    CHECK_EQ(chan_try_recv(timer_chan(t), NULL), CHAN_EMPTY);
    CHECK(!timer_reset(t, MICROSECOND));
    gosleep(2 * MILLISECOND);
    int64_t again = nanotime();
    CHECK(timer_reset(t, MILLISECOND));
    CHECK(chan_recv(timer_chan(t), &at) && at >= again + MILLISECOND);
    timer_free(t);
    timer_free(NULL);
}

static atomic_int calls;

static void
called(void *arg)
{
    atomic_fetch_add(&calls, (int)(intptr_t)arg);
}

TEST(timer_after_func_runs_in_its_own_goroutine)
{
    atomic_store(&calls, 0);
    struct timer *t = timer_after_func(MILLISECOND, called, (void *)1);
    CHECK(timer_chan(t) == NULL);
    CHECK(WAIT_UNTIL(atomic_load(&calls) == 1));
    CHECK(!timer_stop(t));
    CHECK(!timer_reset(t, 0));
    CHECK(WAIT_UNTIL(atomic_load(&calls) == 2));
    CHECK(!timer_reset(t, HOUR));
    CHECK(timer_reset(t, 2 * HOUR));
    CHECK(timer_stop(t));
    timer_free(t);
    timer_free(timer_after_func(HOUR, called, (void *)100));
    CHECK_EQ(atomic_load(&calls), 2);
}

/* ---- stop against fire, from other cores ---- */

static atomic_long fired, stopped;

static void
count_fired(void *arg)
{
    (void)arg;
    atomic_fetch_add(&fired, 1);
}

static void
stop_storm(void *arg)
{
    uint64_t random = (uintptr_t)arg * 7919 + 1;
    for (int i = 0; i < 400; i++) {
        struct timer *t =
            timer_after_func((duration)(next_random(&random) % 100000), count_fired, NULL);
        if (next_random(&random) % 4 == 0) {
            gosched();
        } else if (next_random(&random) % 16 == 0) {
            gosleep((duration)(next_random(&random) % 100000));
        }
        if (timer_reset(t, (duration)(next_random(&random) % 100000))) {
            atomic_fetch_add(&stopped, 1);
        }
        gosched();
        if (timer_stop(t)) {
            atomic_fetch_add(&stopped, 1);
        }
        timer_free(t);
    }
    waitgroup_done(&all);
}

TEST(timer_either_fires_or_is_stopped)
{
    enum { CROWD = 12 };
    waitgroup_add(&all, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(stop_storm, (void *)(uintptr_t)i);
    }
    waitgroup_wait(&all);
    CHECK(WAIT_UNTIL(atomic_load(&fired) + atomic_load(&stopped) == (long)CROWD * 400 * 2));
}

/* A timer made on one core, reset and received on others. */
static void
resets(void *arg)
{
    struct timer *t = arg;
    for (int i = 0; i < 300; i++) {
        timer_reset(t, i % 3 * 50 * MICROSECOND);
        gosched();
    }
    waitgroup_done(&all);
}

TEST(timer_is_reset_from_every_core)
{
    int n = num_cpu();
    struct timer *t = timer_new(HOUR);
    waitgroup_add(&all, n);
    for (int i = 0; i < n; i++) {
        struct go_attr attr = { .core = GO_CORE(i) };
        go_with(&attr, resets, t);
    }
    waitgroup_wait(&all);
    timer_reset(t, MILLISECOND);
    CHECK(chan_recv(timer_chan(t), NULL));
    timer_free(t);
}

/* ---- many ---- */

TEST(timer_order_is_that_of_deadlines)
{
    enum { MANY = 1000 };
    struct timer *t[MANY];
    uint64_t random = 99;
    int64_t last = 0;
    for (int i = 0; i < MANY; i++) {
        t[i] = timer_new(5 * MILLISECOND + (duration)(next_random(&random) % (20 * MILLISECOND)));
    }
    for (int i = 0; i < MANY; i += 3) { /* out of the middle of the heap */
        CHECK(timer_stop(t[i]) || nanotime() > 0);
    }
    struct select_case cases[2];
    for (int i = 0; i < MANY; i++) {
        int64_t at = 0;
        if (i % 3 != 0) {
            cases[0] = SELECT_RECV(timer_chan(t[i]), &at);
            cases[1] = SELECT_RECV(NULL, NULL);
            CHECK_EQ(chan_select(cases, 2), 0);
            last = at > last ? at : last;
        }
        timer_free(t[i]);
    }
    CHECK(last <= nanotime());
}

TEST(timer_memory_comes_back)
{
    struct sched_stats before, after;
    sched_stats(&before);
    for (int i = 0; i < 2000; i++) {
        struct timer *t = timer_new(i % 2 ? HOUR : 0);
        struct ticker *k = ticker_new(HOUR);
        timer_reset(t, HOUR);
        timer_free(t);
        ticker_free(k);
    }
    sched_stats(&after);
    CHECK(after.heap_bytes < before.heap_bytes + 64 * 1024);
}

/* ---- tickers ---- */

TEST(ticker_keeps_its_phase_and_drops_what_nobody_takes)
{
    enum { TICKS = 20 };
    duration period = 2 * MILLISECOND;
    int64_t began = nanotime(), at = 0;
    struct ticker *k = ticker_new(period);
    for (int i = 1; i <= TICKS; i++) {
        int64_t was = at;
        CHECK(chan_recv(ticker_chan(k), &at));
        CHECK(at >= began + i * period); /* never early, though some may be left out */
        CHECK(at > was);
        if (i == TICKS / 2) {
            gosleep(5 * period);
            int64_t woke = nanotime();
            CHECK(chan_recv(ticker_chan(k), &at) && at < woke);           /* one is kept, */
            CHECK(chan_recv(ticker_chan(k), &at) && at >= woke - period); /* others are lost */
            i += 2;
        }
    }
    ticker_stop(k);
    CHECK_EQ(chan_try_recv(ticker_chan(k), NULL), CHAN_EMPTY);
    gosleep(2 * period);
    CHECK_EQ(chan_try_recv(ticker_chan(k), NULL), CHAN_EMPTY);
    ticker_reset(k, MILLISECOND);
    CHECK(chan_recv(ticker_chan(k), NULL));
    ticker_free(k);
}

static void
bad_ticker(void *arg)
{
    ticker_new((intptr_t)arg);
}

static void
bad_reset(void *arg)
{
    ticker_reset(arg, 0);
}

static void
close_it(void *c)
{
    chan_close(c);
}

static void
free_it(void *c)
{
    chan_free(c);
}

TEST(timer_misuse_panics)
{
    struct panic_info info;
    struct ticker *k = ticker_new(HOUR);
    CHECK(!try(bad_ticker, NULL, &info));
    CHECK(strcmp(info.message, "non-positive interval for NewTicker") == 0);
    CHECK(!try(bad_reset, k, &info));
    CHECK(strcmp(info.message, "non-positive interval for Ticker.Reset") == 0);
    CHECK(!try(close_it, ticker_chan(k), &info));
    CHECK(!try(free_it, ticker_chan(k), &info));
    ticker_free(k);
}

/* ---- a due timer is not held up by a core that does not let go ---- */

static atomic_bool over;

static void
loop(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
    }
    waitgroup_done(&all);
}

static void
sleep_and_end(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        gosleep(MILLISECOND);
    }
    atomic_store(&over, true);
    waitgroup_done(&all);
}

TEST(timer_fires_behind_loops_on_every_core)
{
    int n = num_cpu();
    atomic_store(&over, false);
    waitgroup_add(&all, n + 1);
    go(sleep_and_end, NULL);
    for (int i = 0; i < n; i++) {
        go(loop, NULL);
    }
    waitgroup_wait(&all);
}

static const struct test tests[] = {
    TEST_ENTRY(timer_fires_once_and_never_early),
    TEST_ENTRY(timer_stop_and_reset_leave_nothing_stale),
    TEST_ENTRY(timer_after_func_runs_in_its_own_goroutine),
    TEST_ENTRY(timer_either_fires_or_is_stopped),
    TEST_ENTRY(timer_is_reset_from_every_core),
    TEST_ENTRY(timer_order_is_that_of_deadlines),
    TEST_ENTRY(timer_memory_comes_back),
    TEST_ENTRY(ticker_keeps_its_phase_and_drops_what_nobody_takes),
    TEST_ENTRY(timer_misuse_panics),
    TEST_ENTRY(timer_fires_behind_loops_on_every_core),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
