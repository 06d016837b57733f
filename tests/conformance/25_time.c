/* SPDX-License-Identifier: MIT */
/*
 * 25_time.c -- sleeping, timers and tickers: never early, nothing stale, no storm loses one.
 *
 * Context      how late is not judged, except as a hang
 * Go           src/time/sleep_test.go, tick_test.go, with the rules of 1.23
 */
#include "conform.h"

/* ---- never early ---- */

static void
sleeps(void *ns)
{
    duration d = (duration)(uintptr_t)ns;
    int64_t began = nanotime();
    gosleep(d);
    CHECK(nanotime() - began >= d);
}

static atomic_llong fired_at;

static void
notes_the_time(void *unused)
{
    (void)unused;
    atomic_store(&fired_at, nanotime());
}

TEST(time_is_never_early)
{
    static const duration waits[] = { 0, 1, 999, 50 * MICROSECOND, MILLISECOND, 3 * MILLISECOND };
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        int64_t began = nanotime(), at;
        struct timer *t = timer_new(waits[i]);
        CHECK(chan_recv(timer_chan(t), &at));
        CHECK(at - began >= waits[i]);
        CHECK(nanotime() >= at);
        timer_free(t);
        atomic_store(&fired_at, 0);
        began = nanotime();
        t = timer_after_func(waits[i], notes_the_time, NULL);
        CHECK(timer_chan(t) == NULL);
        CHECK(WAIT_UNTIL(atomic_load(&fired_at) != 0));
        CHECK(atomic_load(&fired_at) - began >= waits[i]);
        timer_free(t);
    }
    for (uintptr_t i = 0; i < scaled(1000, 100); i++) {
        start(sleeps, (void *)(i * 7919 % 3000000));
    }
    finish();
    gosleep(-HOUR);
}

/* ---- in the order of their deadlines: a machine that is late gets more time between them ---- */

static const int slots[] = { 5, 3, 6, 6, 6, 1, 1, 2, 7, 9, 4, 8, 0 };
enum { SLOTS = sizeof slots / sizeof slots[0] };

struct arrival {
    struct chan *out;
    int slot;
    duration unit;
};

static void
arrives(void *arg)
{
    struct arrival *a = arg;
    struct timer *t = timer_new(a->slot * a->unit);
    chan_recv(timer_chan(t), NULL);
    timer_free(t);
    chan_send(a->out, &a->slot);
}

static bool
in_order(duration unit)
{
    struct chan *out = chan_make(sizeof(int), SLOTS);
    struct arrival a[SLOTS];
    int slot, last = -1;
    bool good = true;
    for (int i = 0; i < SLOTS; i++) {
        a[i] = (struct arrival){ out, slots[i], unit };
        start(arrives, &a[i]);
    }
    for (int i = 0; i < SLOTS; i++) {
        CHECK(chan_recv(out, &slot));
        good = good && slot >= last;
        last = slot;
    }
    finish();
    chan_free(out);
    return good;
}

TEST(time_fires_in_order_of_deadlines)
{
    duration unit = MILLISECOND;
    while (!in_order(unit) && unit < SECOND) {
        unit *= 2;
    }
    CHECK(unit < SECOND);
}

/* ---- since Go 1.23: nothing stale after stop or reset, and the slot cannot be seen ---- */

TEST(time_stop_and_reset_leave_nothing_stale)
{
    struct timer *t = timer_new(0);
    int64_t began, at;
    gosleep(MILLISECOND);
    CHECK_EQ(chan_len(timer_chan(t)), 0);
    CHECK_EQ(chan_cap(timer_chan(t)), 0);
    CHECK(timer_stop(t)); /* it had fired, nobody had received */
    CHECK_EQ(chan_try_recv(timer_chan(t), &at), CHAN_EMPTY);
    CHECK(!timer_stop(t));
    CHECK(!timer_reset(t, 0));
    gosleep(MILLISECOND);
    began = nanotime();
    CHECK(timer_reset(t, 2 * MILLISECOND));
    CHECK(chan_recv(timer_chan(t), &at));
    CHECK(at - began >= 2 * MILLISECOND);
    CHECK(!timer_stop(t));
    timer_free(t);
}

TEST(time_stop_of_what_never_fires)
{
    for (int i = 0; i < 100; i++) {
        struct timer *t = timer_new(HOUR + i);
        CHECK(timer_stop(t));
        CHECK(!timer_stop(t));
        CHECK(!timer_reset(t, HOUR));
        CHECK(timer_reset(t, 2 * HOUR));
        CHECK(timer_stop(t));
        timer_free(t);
    }
}

/* ---- an earlier deadline than before is seen by cores that are already asleep ---- */

TEST(time_made_earlier_is_noticed)
{
    struct timer *later[32];
    for (int i = 0; i < 32; i++) {
        later[i] = timer_new(HOUR + i * MINUTE);
    }
    for (int i = 31; i >= 0; i--) {
        gosleep(100 * MICROSECOND);
        CHECK(timer_reset(later[i], 500 * MICROSECOND));
        CHECK(chan_recv(timer_chan(later[i]), NULL)); /* or in an hour */
    }
    for (int i = 0; i < 32; i++) {
        CHECK(!timer_reset(later[i], i * 20 * MICROSECOND));
    }
    for (int i = 0; i < 32; i++) {
        CHECK(chan_recv(timer_chan(later[i]), NULL));
        timer_free(later[i]);
    }
}

/* ---- far beyond ---- */

TEST(time_overflow_is_for_ever)
{
    struct timer *ever = timer_new(INT64_MAX), *t = timer_new(INT64_MAX - 1);
    struct timer *soon = timer_new(MILLISECOND);
    CHECK(chan_recv(timer_chan(soon), NULL)); /* those before it do not hold it up */
    CHECK_EQ(chan_try_recv(timer_chan(ever), NULL), CHAN_EMPTY);
    CHECK(!timer_reset(soon, INT64_MIN));
    CHECK(chan_recv(timer_chan(soon), NULL));
    CHECK(timer_stop(ever));
    CHECK(timer_stop(t));
    timer_free(ever);
    timer_free(t);
    timer_free(soon);
}

/* ---- storms ---- */

static void
storms(void *arg)
{
    uint64_t random = (uintptr_t)arg + 1;
    struct timer *t[8];
    for (int i = 0; i < 8; i++) {
        t[i] = timer_new(HOUR);
    }
    for (size_t k = 0, n = scaled(5000, 300); k < n; k++) {
        struct timer *one = t[next_random(&random) % 8];
        switch (next_random(&random) % 4) {
        case 0:
            timer_stop(one);
            break;
        case 1:
            timer_reset(one, (duration)(next_random(&random) % 100000));
            break;
        case 2:
            timer_reset(one, HOUR);
            CHECK_EQ(chan_try_recv(timer_chan(one), NULL), CHAN_EMPTY);
            break;
        default:
            chan_try_recv(timer_chan(one), NULL);
        }
    }
    for (int i = 0; i < 8; i++) {
        timer_reset(t[i], 1);
        CHECK(chan_recv(timer_chan(t[i]), NULL)); /* each still works */
        timer_free(t[i]);
    }
}

TEST(time_survives_storms_of_stop_and_reset)
{
    for (uintptr_t i = 0; i < 8; i++) {
        start(storms, (void *)i);
    }
    finish();
    CHECK_ALONE();
}

static atomic_int called;

static void
counts(void *unused)
{
    (void)unused;
    atomic_fetch_add(&called, 1);
}

TEST(time_stop_of_a_call_is_exact)
{
    int stopped = 0, n = (int)scaled(3000, 200);
    struct timer **t = calloc((size_t)n, sizeof *t);
    atomic_store(&called, 0);
    for (int i = 0; i < n; i++) {
        t[i] = timer_after_func(i % 50 * 10 * MICROSECOND, counts, NULL);
    }
    for (int i = 0; i < n; i++) {
        stopped += timer_stop(t[i]);
    }
    CHECK(WAIT_UNTIL(atomic_load(&called) == n - stopped));
    gosleep(2 * MILLISECOND);
    CHECK_EQ(atomic_load(&called), n - stopped);
    for (int i = 0; i < n; i++) {
        timer_free(t[i]);
    }
    free(t);
    CHECK_ALONE();
}

/* ---- tickers ---- */

TEST(time_ticker_ticks_and_drops)
{
    struct ticker *t = ticker_new(2 * MILLISECOND);
    int64_t began = nanotime(), at = 0, last = 0;
    for (int i = 1; i <= 5; i++) {
        CHECK(chan_recv(ticker_chan(t), &at));
        CHECK(at - began >= i * 2 * MILLISECOND - 2 * MILLISECOND && at > last);
        last = at;
    }
    gosleep(20 * MILLISECOND); /* one is kept, the others are dropped */
    CHECK(chan_recv(ticker_chan(t), &at));
    int64_t now = nanotime();
    CHECK(chan_recv(ticker_chan(t), &at));
    CHECK(at >= now - 20 * MILLISECOND);
    ticker_reset(t, HOUR);
    CHECK_EQ(chan_try_recv(ticker_chan(t), NULL), CHAN_EMPTY);
    ticker_reset(t, MILLISECOND);
    CHECK(chan_recv(ticker_chan(t), NULL));
    ticker_stop(t);
    gosleep(5 * MILLISECOND);
    CHECK_EQ(chan_try_recv(ticker_chan(t), NULL), CHAN_EMPTY); /* stopped, not closed */
    ticker_reset(t, MILLISECOND);
    CHECK(chan_recv(ticker_chan(t), NULL));
    ticker_free(t);
}

static void
makes_a_ticker(void *ns)
{
    ticker_new((duration)(intptr_t)ns);
}

static void
resets_a_ticker(void *t)
{
    ticker_reset(t, 0);
}

TEST(time_ticker_of_no_interval_panics)
{
    struct panic_info info;
    struct ticker *t = ticker_new(HOUR);
    CHECK(!try(makes_a_ticker, (void *)0, &info));
    CHECK_STREQ(info.message, "non-positive interval for NewTicker");
    CHECK(!try(makes_a_ticker, (void *)-1, &info));
    CHECK(!try(resets_a_ticker, t, &info));
    CHECK_STREQ(info.message, "non-positive interval for Ticker.Reset");
    ticker_free(t);
}

CONFORM(TEST_ENTRY(time_is_never_early), TEST_ENTRY(time_fires_in_order_of_deadlines),
        TEST_ENTRY(time_stop_and_reset_leave_nothing_stale),
        TEST_ENTRY(time_stop_of_what_never_fires), TEST_ENTRY(time_made_earlier_is_noticed),
        TEST_ENTRY(time_overflow_is_for_ever), TEST_ENTRY(time_survives_storms_of_stop_and_reset),
        TEST_ENTRY(time_stop_of_a_call_is_exact), TEST_ENTRY(time_ticker_ticks_and_drops),
        TEST_ENTRY(time_ticker_of_no_interval_panics))
