/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * poll_test.c -- waiting for a device: nothing is lost, deadlines count at once, close wakes all.
 */
#include <gamp.h>
#include <stdlib.h>

#include "runtime.h"
#include "tap.h"

enum { ROUNDS = 2000, CROWD = 6 };

static struct waitgroup all;

TEST(poll_keeps_what_was_ready_before)
{
    static struct poll p; /* its deadline's goroutine may come late */
    poll_ready(&p);
    poll_ready(&p);
    CHECK_EQ(poll_wait(&p), POLL_READY);
    poll_deadline(&p, nanotime() - 1);
    CHECK_EQ(poll_wait(&p), POLL_TIMED_OUT); /* two were one */
    poll_ready(&p);
    CHECK_EQ(poll_wait(&p), POLL_READY); /* even after the deadline */
    poll_deadline(&p, 0);
    timer_free(p.timer);
}

static struct poll device, answer;

static void
device_answers(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(poll_wait(&device), POLL_READY);
        poll_ready(&answer);
    }
    waitgroup_done(&all);
}

TEST(poll_loses_no_wakeup)
{
    waitgroup_add(&all, 1);
    go(device_answers, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        poll_ready(&device);
        CHECK_EQ(poll_wait(&answer), POLL_READY);
    }
    waitgroup_wait(&all);
}

static void
waits_until_late(void *arg)
{
    struct poll *p = arg;
    CHECK_EQ(poll_wait(p), POLL_TIMED_OUT);
    CHECK(nanotime() >= atomic_load(&p->deadline));
    waitgroup_done(&all);
}

TEST(poll_deadline_counts_while_somebody_waits)
{
    static struct poll p;
    waitgroup_add(&all, 1);
    poll_deadline(&p, nanotime() + HOUR);
    go(waits_until_late, &p);
    gosleep(MILLISECOND);
    poll_deadline(&p, 0);
    gosleep(MILLISECOND);
    poll_deadline(&p, nanotime() + 2 * MILLISECOND);
    waitgroup_wait(&all);
    timer_free(p.timer);
}

static void
waits_for_close(void *arg)
{
    CHECK_EQ(poll_wait(arg), POLL_CLOSED);
    waitgroup_done(&all);
}

TEST(poll_close_wakes_all)
{
    static struct poll p;
    waitgroup_add(&all, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(waits_for_close, &p);
    }
    gosleep(2 * MILLISECOND);
    poll_close(&p);
    waitgroup_wait(&all);
    CHECK_EQ(poll_wait(&p), POLL_CLOSED);
}

static const struct test tests[] = {
    TEST_ENTRY(poll_keeps_what_was_ready_before),
    TEST_ENTRY(poll_loses_no_wakeup),
    TEST_ENTRY(poll_deadline_counts_while_somebody_waits),
    TEST_ENTRY(poll_close_wakes_all),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
