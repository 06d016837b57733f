/* SPDX-License-Identifier: MIT */
/*
 * 21_leaks.c -- ten ways to leave goroutines behind, told by their number, and each one mended.
 *
 * The patterns are those that recur in studies of real programs. In each, so many goroutines stay
 * parked for ever (num_goroutine and sched_stats say so); what would mend it is then done, and all
 * end. exit/ has the same where nobody else is left: there the deadlock is reported.
 *
 * Go           src/runtime/testdata/testgoroutineleakprofile
 */
#include "conform.h"

/* Exactly so many are parked beside main, and stay so. */
static void
check_left_behind(size_t n)
{
    CHECK(WAIT_UNTIL(num_goroutine() == n + 1 && stats_now().waiting == n));
    for (int i = 0; i < 3; i++) {
        gosched();
        gosleep(MILLISECOND);
        CHECK_EQ(num_goroutine(), n + 1);
        CHECK_EQ(stats_now().waiting, n);
    }
}

static void
sends_one(void *c)
{
    chan_send(c, &(int){ 1 });
}

static void
receives_all(void *c)
{
    while (chan_recv(c, NULL)) {
    }
}

/* 1. The caller gave up (a time limit, say) and nobody receives the answer. */
TEST(leak_of_a_sender_whose_caller_timed_out)
{
    struct chan *answer = chan_make(sizeof(int), 0);
    struct timer *limit = timer_new(0);
    struct select_case cases[] = { SELECT_RECV(timer_chan(limit), NULL) };
    CHECK_EQ(chan_select(cases, 1), 0);
    go(sends_one, answer);
    check_left_behind(1);
    CHECK(chan_recv(answer, NULL));
    CHECK_ALONE();
    timer_free(limit);
    chan_free(answer);
}

/* 2. Several are asked, the first answer counts: the others' answers have no taker. */
TEST(leak_of_the_losers_of_a_race_for_the_answer)
{
    struct chan *answer = chan_make(sizeof(int), 0);
    for (int i = 0; i < 5; i++) {
        go(sends_one, answer);
    }
    CHECK(chan_recv(answer, NULL));
    check_left_behind(4);
    for (int i = 0; i < 4; i++) {
        CHECK(chan_recv(answer, NULL));
    }
    CHECK_ALONE();
    chan_free(answer);
}

/* 3. A loop over a channel that nobody closes. */
TEST(leak_of_receivers_of_a_channel_that_is_never_closed)
{
    struct chan *work = chan_make(sizeof(int), 3);
    for (int i = 0; i < 3; i++) {
        go(receives_all, work);
    }
    for (int i = 0; i < 20; i++) {
        chan_send(work, &i);
    }
    check_left_behind(3);
    chan_close(work);
    CHECK_ALONE();
    chan_free(work);
}

/* 4. A channel that was never made. */
TEST(leak_on_a_nil_channel)
{
    struct chan *one = chan_make(sizeof(int), 0);
    struct chan **missing = calloc(1, sizeof *missing);
    go(receives_all, one);
    check_left_behind(1); /* on a real channel it can be mended, on a nil one never: see exit/ */
    CHECK_EQ(chan_try_recv(*missing, NULL), CHAN_EMPTY);
    chan_close(one);
    CHECK_ALONE();
    chan_free(one);
    free(missing);
}

/* 5. An early return between lock and unlock. */
static struct mutex guard;

static void
locks_and_forgets(void *unused)
{
    (void)unused;
    mutex_lock(&guard);
}

TEST(leak_behind_a_lock_that_was_forgotten)
{
    for (int i = 0; i < 4; i++) {
        go(locks_and_forgets, NULL);
    }
    check_left_behind(3);
    for (int i = 0; i < 4; i++) {
        mutex_unlock(&guard); /* any goroutine may */
        CHECK(WAIT_UNTIL(num_goroutine() == (size_t)(i < 3 ? 3 - i : 1)));
    }
    CHECK(mutex_trylock(&guard));
    mutex_unlock(&guard);
}

/* 6. add is one too many: done is missing on some path. */
static struct waitgroup short_of_one;

static void
waits_for_the_group(void *unused)
{
    (void)unused;
    waitgroup_wait(&short_of_one);
}

static void
is_done(void *unused)
{
    (void)unused;
    waitgroup_done(&short_of_one);
}

TEST(leak_behind_a_wait_group_without_a_done)
{
    waitgroup_add(&short_of_one, 3);
    go(is_done, NULL);
    go(waits_for_the_group, NULL);
    go(is_done, NULL);
    check_left_behind(1);
    waitgroup_done(&short_of_one);
    CHECK_ALONE();
}

/* 7. A signal that came before the wait: it is not kept. */
static struct cond change;

static void
waits_for_a_change(void *unused)
{
    (void)unused;
    mutex_lock(&guard);
    cond_wait(&change, &guard);
    mutex_unlock(&guard);
}

TEST(leak_by_a_signal_before_the_wait)
{
    cond_signal(&change);
    go(waits_for_a_change, NULL);
    check_left_behind(1);
    cond_signal(&change);
    CHECK_ALONE();
}

/* 8. Whoever should cancel the context has lost it. */
static void
works_until_cancelled(void *c)
{
    struct chan *ticks = chan_make(0, 0);
    struct select_case cases[] = { SELECT_RECV(context_done(c), NULL), SELECT_RECV(ticks, NULL) };
    CHECK_EQ(chan_select(cases, 2), 0);
    chan_free(ticks);
}

TEST(leak_of_workers_whose_context_is_never_cancelled)
{
    struct context *c = context_with_cancel(context_background());
    for (int i = 0; i < 3; i++) {
        go(works_until_cancelled, c);
    }
    check_left_behind(3);
    context_cancel(c);
    CHECK_ALONE();
    context_free(c);
}

/* 9. Two locks and a channel: one holds the lock and sends, the receiver wants the lock first. */
static void
sends_under_the_lock(void *c)
{
    mutex_lock(&guard);
    chan_send(c, &(int){ 1 });
    mutex_unlock(&guard);
}

static void
locks_then_receives(void *c)
{
    mutex_lock(&guard);
    chan_recv(c, NULL);
    mutex_unlock(&guard);
}

TEST(leak_by_a_lock_held_over_a_send)
{
    struct chan *c = chan_make(sizeof(int), 0);
    go(sends_under_the_lock, c);
    CHECK(WAIT_UNTIL(stats_now().waiting == 1));
    go(locks_then_receives, c);
    check_left_behind(2);
    CHECK(chan_recv(c, NULL));
    CHECK(WAIT_UNTIL(stats_now().waiting == 1));
    chan_send(c, &(int){ 2 });
    CHECK_ALONE();
    chan_free(c);
}

/* 10. A pipeline of which a later stage has stopped after an error: those before it pile up. */
struct stage {
    struct chan *in, *out;
};

static void
passes_on(void *arg)
{
    struct stage *s = arg;
    int v;
    while (chan_recv(s->in, &v)) {
        chan_send(s->out, &v);
    }
    chan_close(s->out);
}

static void
feeds(void *c)
{
    for (int i = 0; i < 10; i++) {
        chan_send(c, &i);
    }
    chan_close(c);
}

TEST(leak_of_a_pipeline_whose_end_gave_up)
{
    enum { STAGES = 3 };
    struct stage s[STAGES];
    struct chan *c = chan_make(sizeof(int), 0), *first = c;
    for (int i = 0; i < STAGES; i++) {
        s[i] = (struct stage){ c, chan_make(sizeof(int), 0) };
        c = s[i].out;
        go(passes_on, &s[i]);
    }
    go(feeds, first);
    CHECK(chan_recv(c, NULL)); /* and no more */
    check_left_behind(STAGES + 1);
    receives_all(c);
    CHECK_ALONE();
    for (int i = 0; i < STAGES; i++) {
        chan_free(s[i].in);
    }
    chan_free(c);
}

CONFORM(TEST_ENTRY(leak_of_a_sender_whose_caller_timed_out),
        TEST_ENTRY(leak_of_the_losers_of_a_race_for_the_answer),
        TEST_ENTRY(leak_of_receivers_of_a_channel_that_is_never_closed),
        TEST_ENTRY(leak_on_a_nil_channel), TEST_ENTRY(leak_behind_a_lock_that_was_forgotten),
        TEST_ENTRY(leak_behind_a_wait_group_without_a_done),
        TEST_ENTRY(leak_by_a_signal_before_the_wait),
        TEST_ENTRY(leak_of_workers_whose_context_is_never_cancelled),
        TEST_ENTRY(leak_by_a_lock_held_over_a_send),
        TEST_ENTRY(leak_of_a_pipeline_whose_end_gave_up))
