/* SPDX-License-Identifier: MIT */
/*
 * 15_progress.c -- everyone who can run does, on every core there is, whatever the others do.
 *
 * Go           src/runtime/proc_test.go: progress
 */
#include "conform.h"

/* ---- who yields for ever lets the others on ---- */

static atomic_bool stop;

static void
yields(void *locked)
{
    if (locked != NULL) {
        lock_core();
    }
    while (!atomic_load(&stop)) {
        gosched();
    }
    if (locked != NULL) {
        unlock_core();
    }
}

static void
progress_beside_yielding(void *locked, int cores)
{
    int before = gomaxprocs(cores);
    atomic_store(&stop, false);
    for (int i = 0; i < 3; i++) {
        start(yields, locked);
    }
    gosleep(10 * MILLISECOND);
    atomic_store(&stop, true);
    finish();
    gomaxprocs(before);
}

TEST(progress_beside_who_yields)
{
    progress_beside_yielding(NULL, 1);
    progress_beside_yielding(NULL, num_cpu());
}

TEST(progress_beside_who_yields_on_a_locked_core)
{
    progress_beside_yielding(&stop, 1);
    progress_beside_yielding(&stop, num_cpu());
}

/* ---- as many goroutines as cores really run at once, passing a number around by looking ---- */

static atomic_uint turn;
static int at_once;

static void
spins_for_its_turns(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    for (unsigned round = 0; round < 3; round++) {
        while (atomic_load(&turn) != round * (unsigned)at_once + me) {
        }
        atomic_fetch_add(&turn, 1);
    }
}

static void
pass_around(void)
{
    at_once = gomaxprocs(0);
    for (size_t i = 0, n = scaled(4, 2); i < n; i++) {
        atomic_store(&turn, 0);
        for (int k = 0; k < at_once; k++) {
            start(spins_for_its_turns, (void *)(uintptr_t)k);
        }
        finish();
        CHECK_EQ(atomic_load(&turn), 3 * at_once);
    }
}

TEST(progress_of_all_cores_at_once)
{
    pass_around();
}

TEST(progress_of_all_cores_with_a_background)
{
    struct waitgroup background = { 0 };
    atomic_store(&stop, false);
    for (int i = 0; i < 2; i++) {
        waitgroup_go(&background, yields, NULL);
    }
    pass_around();
    gosleep(MILLISECOND); /* all cores have been idle, too */
    atomic_store(&stop, true);
    waitgroup_wait(&background);
    gosleep(MILLISECOND);
    pass_around();
}

/* ---- stopping the world while goroutines spin, yield, start others and sleep ---- */

static void
starts_others(void *depth)
{
    if (depth != NULL && !atomic_load(&stop)) {
        start(starts_others, (void *)((uintptr_t)depth - 1));
    }
}

static void
changes_cores(void *unused)
{
    (void)unused;
    for (size_t i = 0, n = scaled(100, 20); i < n; i++) {
        int before = gomaxprocs(1 + (int)(i % (unsigned)num_cpu()));
        CHECK(before >= 1 && before <= num_cpu());
        if (i % 4 == 0) {
            gosched();
        }
    }
}

static void
spins(void *counter)
{
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        atomic_fetch_add_explicit((atomic_ullong *)counter, 1, memory_order_relaxed);
    }
}

TEST(progress_while_the_world_is_stopped_again_and_again)
{
    struct waitgroup changers = { 0 };
    atomic_ullong counter = 0;
    int before = gomaxprocs(0);
    atomic_store(&stop, false);
    start(spins, &counter);
    start(yields, NULL);
    start(starts_others, (void *)(uintptr_t)100000);
    waitgroup_go(&changers, changes_cores, NULL);
    waitgroup_go(&changers, changes_cores, NULL);
    waitgroup_wait(&changers);
    atomic_store(&stop, true);
    finish();
    gomaxprocs(before);
    CHECK(atomic_load(&counter) > 0);
    CHECK_ALONE();
}

/* ---- waiting on a locked core ---- */

static void
echoes_locked(void *arg)
{
    struct chan **c = arg;
    int v;
    lock_core();
    int core = core_id();
    while (chan_recv(c[0], &v)) {
        CHECK_EQ(core_id(), core);
        v++;
        chan_send(c[1], &v);
    }
    CHECK_EQ(core_id(), core);
    unlock_core();
}

TEST(progress_of_who_waits_on_a_locked_core)
{
    struct chan *c[2] = { chan_make(sizeof(int), 0), chan_make(sizeof(int), 0) };
    int v = 0;
    start(echoes_locked, c);
    for (size_t i = 0, n = scaled(20000, 300); i < n; i++) {
        chan_send(c[0], &v);
        CHECK(chan_recv(c[1], &v));
        CHECK_EQ(v, i + 1);
    }
    chan_close(c[0]);
    finish();
    chan_free(c[0]);
    chan_free(c[1]);
}

/* ---- how many there are ---- */

static void
waits(void *c)
{
    chan_recv(c, NULL);
}

TEST(progress_is_counted)
{
    struct chan *gate = chan_make(0, 0);
    size_t n = scaled(10000, 200);
    CHECK_ALONE();
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(num_goroutine(), i + 1);
        start(waits, gate);
    }
    CHECK(WAIT_UNTIL(stats_now().waiting == n));
    CHECK_EQ(num_goroutine(), n + 1);
    chan_close(gate);
    finish();
    CHECK_ALONE();
    chan_free(gate);
}

CONFORM(TEST_ENTRY(progress_beside_who_yields),
        TEST_ENTRY(progress_beside_who_yields_on_a_locked_core),
        TEST_ENTRY(progress_of_all_cores_at_once),
        TEST_ENTRY(progress_of_all_cores_with_a_background),
        TEST_ENTRY(progress_while_the_world_is_stopped_again_and_again),
        TEST_ENTRY(progress_of_who_waits_on_a_locked_core), TEST_ENTRY(progress_is_counted))
