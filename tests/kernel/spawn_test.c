/* SPDX-License-Identifier: MIT */
/*
 * spawn_test.c -- goroutines are born once, run once, where they should, with what they were given.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

/* ---- stealing ---- */

enum { MANY = 100000 };

static atomic_uchar runs[MANY];

static void
run_once(void *arg)
{
    uintptr_t i = (uintptr_t)arg;

    if (i % 16 == 0) {
        gosched();
    }
    for (volatile int work = 0; work < 50; work++) {
    }
    atomic_fetch_add(&runs[i], 1);
    waitgroup_done(&all);
}

/* Spawned from one core, in batches that fit the memory. Returns the number of those that did not
 * run exactly once. */
static unsigned
spawn_many(unsigned n)
{
    uint64_t fits = stats_now().free_bytes / 3 / 8192;
    unsigned wrong = 0;

    memset((void *)runs, 0, sizeof(runs));
    for (unsigned i = 0; i < n;) {
        unsigned end = n - i < fits ? n : i + (unsigned)fits;

        waitgroup_add(&all, (int)(end - i));
        for (; i < end; i++) {
            go(run_once, (void *)(uintptr_t)i);
        }
        waitgroup_wait(&all);
    }
    for (unsigned i = 0; i < n; i++) {
        wrong += atomic_load(&runs[i]) != 1;
    }
    return wrong;
}

TEST(spawn_runs_each_of_100000_exactly_once)
{
    lock_core();
    CHECK_EQ(spawn_many(MANY), 0);
    unlock_core();
    CHECK(WAIT_UNTIL(num_goroutine() == 1));
}

TEST(spawn_is_shared_by_stealing)
{
    uint64_t before = stats_now().stolen;

    if (num_cpu() == 1) {
        tap_skip("one core has nobody to steal from");
        return;
    }
    for (int i = 0; i < 200 && stats_now().stolen == before; i++) {
        CHECK_EQ(spawn_many(5000), 0);
    }
    CHECK(stats_now().stolen > before);
    CHECK(stats_now().steals > 0);
}

/* ---- names and numbers ---- */

enum { IDS = 20000, SPAWNERS = 16 };

static uint64_t ids[IDS];

static void
note_id(void *arg)
{
    *(uint64_t *)arg = goid();
    waitgroup_done(&all);
}

static void
spawn_ids(void *arg)
{
    uintptr_t first = (uintptr_t)arg;

    for (uintptr_t i = first; i < IDS; i += SPAWNERS) {
        go(note_id, &ids[i]);
        if (i % 64 == first) {
            gosched();
        }
    }
    waitgroup_done(&all);
}

static int
by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

TEST(spawn_never_repeats_an_id)
{
    unsigned same = 0;

    CHECK_EQ(goid(), 1);
    waitgroup_add(&all, IDS + SPAWNERS);
    for (uintptr_t i = 0; i < SPAWNERS; i++) {
        go(spawn_ids, (void *)i);
    }
    waitgroup_wait(&all);
    qsort(ids, IDS, sizeof(ids[0]), by_value);
    for (int i = 1; i < IDS; i++) {
        same += ids[i] == ids[i - 1];
    }
    CHECK_EQ(same, 0);
    CHECK(ids[0] > 1);
}

static void
wait_for_close(void *c)
{
    chan_recv(c, NULL);
}

TEST(spawn_is_counted_by_num_goroutine)
{
    struct chan *c = chan_make(0, 0);

    CHECK(WAIT_UNTIL(num_goroutine() == 1));
    for (size_t i = 0; i < 500; i++) {
        CHECK_EQ(num_goroutine(), i + 1);
        go(wait_for_close, c);
    }
    CHECK(WAIT_UNTIL(stats_now().waiting == 500));
    chan_close(c);
    CHECK(WAIT_UNTIL(num_goroutine() == 1));
    chan_free(c);
}

/* ---- what a goroutine is given ---- */

enum { ARG_MOST = 1024 };

static atomic_uint args_wrong;

static void
check_arg(void *arg)
{
    const unsigned char *bytes = arg;
    unsigned n = bytes[0] | (unsigned)bytes[1] << 8;

    gosched();
    atomic_fetch_add(&args_wrong, (uintptr_t)arg % 16 != 0);
    for (unsigned i = 2; i < n; i++) {
        atomic_fetch_add(&args_wrong, bytes[i] != (unsigned char)(n + i));
    }
    waitgroup_done(&all);
}

TEST(spawn_copies_arg_size_bytes_aligned)
{
    unsigned char bytes[ARG_MOST + 1];

    for (unsigned n = 2; n <= ARG_MOST; n++) {
        waitgroup_add(&all, 1);
        bytes[0] = (unsigned char)n;
        bytes[1] = (unsigned char)(n >> 8);
        for (unsigned i = 2; i < n; i++) {
            bytes[i] = (unsigned char)(n + i);
        }
        CHECK_EQ(go_with(&(struct go_attr){ .arg_size = n }, check_arg, bytes), 0);
        memset(bytes, 0xee, sizeof(bytes));
    }
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&args_wrong), 0);
}

TEST(spawn_refuses_what_is_out_of_range)
{
    char bytes[ARG_MOST + 1] = { 0 };

    CHECK_EQ(go_with(&(struct go_attr){ .arg_size = ARG_MOST + 1 }, check_arg, bytes), -EINVAL);
    CHECK_EQ(go_with(&(struct go_attr){ .core = GO_CORE(num_cpu()) }, check_arg, bytes), -EINVAL);
    CHECK_EQ(go_with(&(struct go_attr){ .core = -1 }, check_arg, bytes), -EINVAL);
    CHECK_EQ(go_with(&(struct go_attr){ .stack_max = ((size_t)1 << 30) + 1 }, check_arg, bytes),
             -EINVAL);
    CHECK(WAIT_UNTIL(num_goroutine() == 1));
}

static atomic_uint errno_wrong;

static void
keep_errno(void *arg)
{
    int mine = (int)(intptr_t)arg;

    atomic_fetch_add(&errno_wrong, errno != 0);
    for (int i = 0; i < 100; i++) {
        errno = mine + i;
        gosched();
        atomic_fetch_add(&errno_wrong, errno != mine + i);
    }
    waitgroup_done(&all);
}

TEST(spawn_gives_each_its_errno)
{
    errno = 4711;
    for (int wave = 0; wave < 2; wave++) {
        waitgroup_add(&all, 50);
        for (intptr_t i = 1; i <= 50; i++) {
            go(keep_errno, (void *)(i * 1000));
        }
        waitgroup_wait(&all);
    }
    CHECK_EQ(atomic_load(&errno_wrong), 0);
    CHECK_EQ(errno, 4711);
}

static void
leave_early(void *arg)
{
    waitgroup_done(arg);
    goexit();
}

TEST(spawn_ends_with_goexit)
{
    waitgroup_add(&all, 100);
    for (int i = 0; i < 100; i++) {
        go(leave_early, &all);
    }
    waitgroup_wait(&all);
    CHECK(WAIT_UNTIL(num_goroutine() == 1));
}

static const struct test tests[] = {
    TEST_ENTRY(spawn_runs_each_of_100000_exactly_once),
    TEST_ENTRY(spawn_is_shared_by_stealing),
    TEST_ENTRY(spawn_never_repeats_an_id),
    TEST_ENTRY(spawn_is_counted_by_num_goroutine),
    TEST_ENTRY(spawn_copies_arg_size_bytes_aligned),
    TEST_ENTRY(spawn_refuses_what_is_out_of_range),
    TEST_ENTRY(spawn_gives_each_its_errno),
    TEST_ENTRY(spawn_ends_with_goexit),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
