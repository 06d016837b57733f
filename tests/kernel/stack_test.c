/* SPDX-License-Identifier: MIT */
/*
 * stack_test.c -- stacks grow from page faults, lose nothing, and give back what they leave.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "dive.h"
#include "patience.h"

enum {
    PAGE = 4096,
    DEFAULT_WINDOW = 256 * KIB,
    UNUSABLE = 2 * PAGE, /* guard and reserve */
    SLACK = 32 * KIB,    /* dead bytes a parked goroutine keeps at first */
};

static void
yield_there(void *arg)
{
    (void)arg;
    gosched();
}

static void
sleep_there(void *arg)
{
    (void)arg;
    gosleep(50 * MICROSECOND);
}

/* ---- growing while everything interrupts ---- */

static struct waitgroup all;

static void
dive_often(void *arg)
{
    uint64_t seed = (uintptr_t)arg + 1, random = seed;
    void (*const at[])(void *) = { NULL, yield_there, sleep_there, NULL };

    for (int round = 0; round < 12; round++) {
        size_t depth = next_random(&random) % (230 * KIB);

        go_deep(depth, seed + (uint64_t)round, at[random >> 32 & 3], NULL);
        if (round % 3 == 0) {
            gosched();
        }
    }
    waitgroup_done(&all);
}

/* Short lives: a window that its goroutine wants back again and again is left to it. */
TEST(stack_grows_under_interrupts_and_migration)
{
    int width = 6 * num_cpu();

    atomic_store(&bad_words, 0);
    for (int wave = 0; wave < 120 / width + 2; wave++) {
        waitgroup_add(&all, width);
        for (int i = 0; i < width; i++) {
            go(dive_often, (void *)(uintptr_t)(wave * 1000 + i));
        }
        waitgroup_wait(&all);
    }
    CHECK_EQ(atomic_load(&bad_words), 0);
}

static atomic_uint at_floor;

static void
spin_until_preempted(void *arg)
{
    uint64_t limit = 3000000000;

    (void)arg;
    atomic_fetch_add(&at_floor, 1);
    while (atomic_load_explicit(&at_floor, memory_order_relaxed) < 1000 && --limit > 0) {
    }
}

/* The last usable byte is in use, so what preemption saves goes to the reserve page. */
static void
dive_to_the_floor(void *arg)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t floor = (here & ~(uintptr_t)(DEFAULT_WINDOW - 1)) + UNUSABLE + 2048;

    go_deep(here - floor, (uintptr_t)arg, spin_until_preempted, NULL);
    waitgroup_done(&all);
}

TEST(stack_may_be_preempted_on_its_last_bytes)
{
    unsigned n = 3 * (unsigned)num_cpu();
    uint64_t preemptions = stats_now().preemptions;

    atomic_store(&bad_words, 0);
    atomic_store(&at_floor, 0);
    waitgroup_add(&all, (int)n);
    for (unsigned i = 0; i < n; i++) {
        go(dive_to_the_floor, (void *)(uintptr_t)(i + 1));
    }
    CHECK(WAIT_UNTIL(atomic_load(&at_floor) == n));
    CHECK(WAIT_UNTIL(stats_now().preemptions >= preemptions + 2 * n));
    atomic_store(&at_floor, 1000);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&bad_words), 0);
}

/* ---- classes and cost ---- */

struct dive {
    size_t bytes;
    uint64_t faults;
};

static void
dive_counted(void *arg)
{
    struct dive *d = arg;
    uint64_t before = stats_now().stack_faults;

    go_deep(d->bytes, 7, NULL, NULL);
    d->faults = stats_now().stack_faults - before;
    waitgroup_done(&all);
}

static uint64_t
faults_of_dive(size_t stack_max, size_t bytes)
{
    struct go_attr attr = { .stack_max = stack_max };
    struct dive d = { .bytes = bytes };

    waitgroup_add(&all, 1);
    if (!CHECK_EQ(go_with(&attr, dive_counted, &d), 0)) {
        waitgroup_done(&all);
    }
    waitgroup_wait(&all);
    return d.faults;
}

/* Each fault doubles what is mapped, up to 1 MiB at a time; a window handed on may be warm. */
TEST(stack_of_each_class_is_all_usable_for_few_faults)
{
    uint64_t base = stats_now().free_bytes / 2;

    atomic_store(&bad_words, 0);
    CHECK(faults_of_dive(0, 240 * KIB) <= 10);
    CHECK(faults_of_dive(300 * KIB, 900 * KIB) <= 12);
    CHECK(faults_of_dive(1 * MIB, 1000 * KIB) <= 12);
    CHECK(faults_of_dive(4 * MIB, 4 * MIB - 20 * KIB) <= 16);
    if (base > 48 * MIB) {
        CHECK(faults_of_dive(64 * MIB, 48 * MIB) <= 12 + 48 + 4);
        CHECK(faults_of_dive((size_t)1024 * MIB, 40 * MIB) <= 12 + 40 + 4);
    }
    CHECK_EQ(atomic_load(&bad_words), 0);
}

enum { WINDOW = 16 * 1024 * 1024, TOUCHED = 12 * 1024 * 1024 / 4096, SKIPPED = 5 };

/* Touches from above, as frames would, but for the first pages: so a fault's run of pages begins at
 * odd places, and goes on beyond what one page table maps. */
static void
touch_downwards(void *arg)
{
    struct dive *d = arg;
    char *hi = (char *)(((uintptr_t)__builtin_frame_address(0) | (WINDOW - 1)) + 1);
    uint64_t before = stats_now().stack_faults;
    for (long page = SKIPPED; page <= TOUCHED; page++) {
        *(volatile char *)(hi - page * 4096) = 1;
    }
    d->faults = stats_now().stack_faults - before;
    waitgroup_done(&all);
}

TEST(stack_grows_across_page_tables)
{
    struct go_attr attr = { .stack_max = WINDOW };
    struct dive d = { .faults = 0 };
    uint64_t expected = 1;
    for (long mapped = SKIPPED; mapped < TOUCHED; expected++) {
        mapped += mapped < 256 ? mapped : 256; /* as many pages more as there are, up to 1 MiB */
    }
    if (stats_now().free_bytes / 2 < TOUCHED * 4096ull) {
        return;
    }
    waitgroup_add(&all, 1);
    if (!CHECK_EQ(go_with(&attr, touch_downwards, &d), 0)) {
        waitgroup_done(&all);
    }
    waitgroup_wait(&all);
    CHECK(d.faults >= expected && d.faults <= expected + 2); /* six more if each table is missed */
}

TEST(stack_of_main_has_64_mib)
{
    size_t most = 60 * (size_t)MIB, half = stats_now().free_bytes / 2;
    uint64_t before = stats_now().stack_faults;
    size_t bytes = half < most ? half : most;

    atomic_store(&bad_words, 0);
    go_deep(bytes, 11, NULL, NULL);
    CHECK(stats_now().stack_faults - before <= 16 + bytes / MIB);
    CHECK_EQ(atomic_load(&bad_words), 0);
}

/* ---- giving back ---- */

static struct chan *resume, *end; /* one each: who counts as parked may not have parked yet */
static atomic_uint parked;

static void
park_there(void *c)
{
    char token;

    atomic_fetch_add(&parked, 1);
    chan_recv(c, &token);
}

static void
deep_then_shallow(void *arg)
{
    go_deep(200 * KIB, (uintptr_t)arg, park_there, resume);
    park_there(end);
    waitgroup_done(&all);
}

/* stack_bytes once it has stopped changing: a deep stack is given back over several switches. */
static uint64_t
stack_bytes_settled(void)
{
    uint64_t now = stats_now().stack_bytes, was = 0;

    for (int calm = 0; calm < 5; calm = now == was ? calm + 1 : 0) {
        gosleep(MILLISECOND);
        was = now;
        now = stats_now().stack_bytes;
    }
    return now;
}

/* Parked goroutines are seen by what they own: nobody else's stack changes meanwhile. */
TEST(stack_pages_left_behind_are_given_back)
{
    enum { DIVERS = 20 };
    uint64_t before, deep, shallow, gone;
    char token = 0;

    resume = chan_make(1, 0);
    end = chan_make(1, 0);
    atomic_store(&parked, 0);
    atomic_store(&bad_words, 0);
    waitgroup_add(&all, DIVERS);
    before = stack_bytes_settled();
    for (uintptr_t i = 0; i < DIVERS; i++) {
        go(deep_then_shallow, (void *)i);
    }
    CHECK(WAIT_UNTIL(atomic_load(&parked) == DIVERS));
    deep = stats_now().stack_bytes;
    CHECK(deep >= DIVERS * (200ull - 2 * 4) * KIB);
    for (int i = 0; i < DIVERS; i++) {
        chan_send(resume, &token);
    }
    CHECK(WAIT_UNTIL(atomic_load(&parked) == 2 * DIVERS));
    CHECK(WAIT_UNTIL(stats_now().stack_bytes <= before + DIVERS * (SLACK + 2ull * PAGE)));
    shallow = stats_now().stack_bytes;
    for (int i = 0; i < DIVERS; i++) {
        chan_send(end, &token);
    }
    waitgroup_wait(&all);
    CHECK(WAIT_UNTIL(stats_now().stack_bytes <= before + DIVERS * 1ull * PAGE));
    gone = stats_now().stack_bytes;
    CHECK_EQ(atomic_load(&bad_words), 0);
    if (gone > shallow || shallow > deep) {
        printf("# stack_bytes: %llu before, %llu deep, %llu shallow, %llu gone\n",
               (unsigned long long)before, (unsigned long long)deep, (unsigned long long)shallow,
               (unsigned long long)gone);
    }
    chan_free(resume);
    chan_free(end);
}

static void
park_once(void *arg)
{
    (void)arg;
    park_there(resume);
    waitgroup_done(&all);
}

static uint64_t
stack_bytes_after_crowd(unsigned n)
{
    char token = 0;
    size_t base = num_goroutine();

    atomic_store(&parked, 0);
    waitgroup_add(&all, (int)n);
    for (unsigned i = 0; i < n; i++) {
        go(park_once, NULL);
    }
    CHECK(WAIT_UNTIL(atomic_load(&parked) == n));
    for (unsigned i = 0; i < n; i++) {
        chan_send(resume, &token);
    }
    waitgroup_wait(&all);
    CHECK(WAIT_UNTIL(num_goroutine() <= base));
    return stack_bytes_settled();
}

/* Of many dead goroutines only some keep a page, each time: a second crowd on used windows leaves
 * no more behind than the first. */
TEST(stack_pages_of_the_dead_are_given_back_each_time)
{
    enum { CROWD = 5000, TOLERANCE = 300 };
    uint64_t first, second;

    resume = chan_make(1, 0);
    first = stack_bytes_after_crowd(CROWD);
    second = stack_bytes_after_crowd(CROWD);
    if (!CHECK(second <= first + TOLERANCE * PAGE)) {
        printf("# stack_bytes: %llu after the first crowd, %llu after the second\n",
               (unsigned long long)first, (unsigned long long)second);
    }
    chan_free(resume);
}

static const struct test tests[] = {
    TEST_ENTRY(stack_grows_under_interrupts_and_migration),
    TEST_ENTRY(stack_may_be_preempted_on_its_last_bytes),
    TEST_ENTRY(stack_of_each_class_is_all_usable_for_few_faults),
    TEST_ENTRY(stack_grows_across_page_tables),
    TEST_ENTRY(stack_pages_left_behind_are_given_back),
    TEST_ENTRY(stack_pages_of_the_dead_are_given_back_each_time),
    TEST_ENTRY(stack_of_main_has_64_mib),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
