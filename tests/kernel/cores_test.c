/* SPDX-License-Identifier: MIT */
/*
 * cores_test.c -- goroutines and cores: binding, switching cores off and on, clocks, quiet cores.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "patience.h"

enum { CORES_SHOWN = 64 };

static struct waitgroup all;
static atomic_bool stop;
static atomic_uint strayed;

static int
cores(void)
{
    return num_cpu() < CORES_SHOWN ? num_cpu() : CORES_SHOWN;
}

/* ---- binding ---- */

static void
stay_on_core(void *arg)
{
    int core = (int)(intptr_t)arg;

    for (int i = 0; i < 200; i++) {
        if (i % 20 == 0) {
            gosleep(10 * MICROSECOND);
        }
        gosched();
        atomic_fetch_add(&strayed, core_id() != core);
        for (volatile int work = 0; work < 2000; work++) {
        }
        atomic_fetch_add(&strayed, core_id() != core);
    }
    waitgroup_done(&all);
}

TEST(cores_keep_what_is_bound_to_them)
{
    atomic_store(&strayed, 0);
    waitgroup_add(&all, 3 * cores());
    for (int i = 0; i < 3 * cores(); i++) {
        intptr_t core = i % cores();

        struct go_attr attr = { .core = GO_CORE(core) };

        CHECK_EQ(go_with(&attr, stay_on_core, (void *)core), 0);
    }
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&strayed), 0);
}

static void
lock_here(void *arg)
{
    (void)arg;
    for (int round = 0; round < 10; round++) {
        lock_core();
        lock_core();
        int core = core_id();

        for (int i = 0; i < 20; i++) {
            gosched();
            if (i == 10) {
                gosleep(MICROSECOND);
                unlock_core(); /* one of two: still locked */
            }
            atomic_fetch_add(&strayed, core_id() != core);
        }
        unlock_core();
        unlock_core(); /* one too many: no effect */
        gosched();
    }
    waitgroup_done(&all);
}

TEST(cores_keep_what_has_locked_itself_there)
{
    atomic_store(&strayed, 0);
    waitgroup_add(&all, 4 * cores());
    for (int i = 0; i < 4 * cores(); i++) {
        go(lock_here, NULL);
    }
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&strayed), 0);
}

/* ---- gomaxprocs ---- */

static atomic_ullong work_done;

static void
work(void *arg)
{
    volatile uint64_t x = (uintptr_t)arg;

    while (!atomic_load(&stop)) {
        for (int i = 0; i < 2000; i++) {
            x = x * 6364136223846793005 + 1442695040888963407;
        }
        atomic_fetch_add(&work_done, 1);
        if (x % 4 == 0) {
            gosched();
        } else if (x % 64 == 1) {
            gosleep(20 * MICROSECOND);
        }
    }
    waitgroup_done(&all);
}

static uint64_t
switches_of_cores_from(int first)
{
    struct sched_stats s;
    uint64_t n = 0;

    for (int i = first; i < num_cpu(); i++) {
        sched_stats_core(i, &s);
        n += s.switches;
    }
    return n;
}

TEST(cores_come_and_go_under_load)
{
    int most = num_cpu(), now = gomaxprocs(0);
    uint64_t random = 20241122, done;

    CHECK_EQ(now, most);
    CHECK_EQ(gomaxprocs(most + 100), most);
    CHECK_EQ(gomaxprocs(-1), most);
    atomic_store(&stop, false);
    waitgroup_add(&all, 3 * most);
    for (int i = 0; i < 3 * most; i++) {
        go(work, (void *)(uintptr_t)i);
    }
    for (int i = 0; i < 60; i++) {
        int n = 1 + (int)(next_random(&random) % (unsigned)most);

        CHECK_EQ(gomaxprocs(n), now);
        now = n;
        done = atomic_load(&work_done);
        uint64_t before = switches_of_cores_from(n);

        CHECK(WAIT_UNTIL(atomic_load(&work_done) > done + 5));
        CHECK(core_id() < n);
        CHECK_EQ(switches_of_cores_from(n), before);
    }
    CHECK_EQ(gomaxprocs(most), now);
    atomic_store(&stop, true);
    waitgroup_wait(&all);
}

static atomic_int bound_core;

static void
tell_core(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        atomic_store(&bound_core, core_id());
        gosched();
    }
    waitgroup_done(&all);
}

TEST(cores_switched_off_lend_their_bound_goroutines_to_core_0)
{
    int last = num_cpu() - 1;

    if (last == 0) {
        tap_skip("one core cannot be switched off");
        return;
    }
    atomic_store(&stop, false);
    atomic_store(&bound_core, -1);
    waitgroup_add(&all, 1);
    go_with(&(struct go_attr){ .core = GO_CORE(last) }, tell_core, NULL);
    CHECK(WAIT_UNTIL(atomic_load(&bound_core) == last));
    gomaxprocs(last);
    CHECK(WAIT_UNTIL(atomic_load(&bound_core) == 0));
    gomaxprocs(last + 1);
    CHECK(WAIT_UNTIL(atomic_load(&bound_core) == last));
    atomic_store(&stop, true);
    waitgroup_wait(&all);
}

/* ---- time ---- */

enum { EXCHANGES = 400 };

static _Atomic(int64_t) published;  /* nanotime, its lowest bit saying by which of the two */
static atomic_uint went_back;

/* Waits for the other's time, compares, publishes its own. */
static void
exchange_time(void *arg)
{
    int64_t me = (intptr_t)arg, seen, now;

    for (int i = 0; i < EXCHANGES; i++) {
        while (((seen = atomic_load(&published)) & 1) == me) {
        }
        now = nanotime();
        atomic_fetch_add(&went_back, (now | 1) < seen);
        atomic_store(&published, (now & ~(int64_t)1) | me);
    }
    waitgroup_done(&all);
}

/* A time that another core has published is never ahead of the time read here after it. */
TEST(cores_agree_on_a_clock_that_never_goes_back)
{
    for (int i = 1; i < cores(); i++) {
        atomic_store(&published, 1);
        waitgroup_add(&all, 2);
        go_with(&(struct go_attr){ .core = GO_CORE(0) }, exchange_time, (void *)0);
        go_with(&(struct go_attr){ .core = GO_CORE(i) }, exchange_time, (void *)1);
        waitgroup_wait(&all);
    }
    CHECK_EQ(atomic_load(&went_back), 0);
    CHECK(walltime() > 1600000000 * SECOND);
}

/* ---- rest ---- */

static bool
interrupts_of_others(int me, uint64_t *sums)
{
    bool same = true;

    for (int i = 0; i < cores(); i++) {
        struct sched_stats s;

        sched_stats_core(i, &s);
        same = same && (i == me || s.interrupts == sums[i]);
        sums[i] = s.interrupts;
    }
    return same;
}

/* The caller keeps its core busy; the others have neither work nor timers. One full period of quiet
 * is enough: a core that ticks would never have one. */
TEST(cores_without_work_take_no_interrupts)
{
    uint64_t sums[CORES_SHOWN] = { 0 };
    bool quiet = false;

    if (num_cpu() == 1) {
        tap_skip("one core is never without work while a test runs");
        return;
    }
    lock_core();
    for (int i = 0; i < 20 && !quiet; i++) {
        gosleep(10 * MILLISECOND);
        interrupts_of_others(core_id(), sums);
        for (int64_t end = nanotime() + 60 * MILLISECOND; nanotime() < end;) {
        }
        quiet = interrupts_of_others(core_id(), sums);
    }
    unlock_core();
    CHECK(quiet);
}

static const struct test tests[] = {
    TEST_ENTRY(cores_keep_what_is_bound_to_them),
    TEST_ENTRY(cores_keep_what_has_locked_itself_there),
    TEST_ENTRY(cores_come_and_go_under_load),
    TEST_ENTRY(cores_switched_off_lend_their_bound_goroutines_to_core_0),
    TEST_ENTRY(cores_agree_on_a_clock_that_never_goes_back),
    TEST_ENTRY(cores_without_work_take_no_interrupts),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
