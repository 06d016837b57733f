/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * proc_test.c -- goroutines: birth, parking, preemption, cores, death.
 */
#include <errno.h>
#include <gamp.h>
#include <stdlib.h>

#include "runtime.h"
#include "tap.h"

static struct waitgroup done;
static _Atomic(long) count;

static void
count_one(void *arg)
{
    atomic_fetch_add(&count, *(int *)arg);
    waitgroup_done(&done);
}

TEST(proc_every_goroutine_runs_once)
{
    struct go_attr attr = {.arg_size = sizeof(int)};
    atomic_store(&count, 0);
    for (int round = 0; round < 20; round++) {
        waitgroup_add(&done, 1000);
        for (int i = 1; i <= 1000; i++) {
            CHECK_EQ(go_with(&attr, count_one, &i), 0);
        }
        waitgroup_wait(&done);
    }
    CHECK_EQ(atomic_load(&count), 20l * 1000 * 1001 / 2);
}

TEST(proc_refuses_bad_attributes)
{
    struct go_attr core = {.core = GO_CORE(num_cpu())}, below = {.core = -1};
    struct go_attr wide = {.arg_size = 1025}, deep = {.stack_max = ((size_t)1 << 30) + 1};
    CHECK_EQ(go_with(&core, count_one, NULL), -EINVAL);
    CHECK_EQ(go_with(&below, count_one, NULL), -EINVAL);
    CHECK_EQ(go_with(&wide, count_one, NULL), -EINVAL);
    CHECK_EQ(go_with(&deep, count_one, NULL), -EINVAL);
}

static void
end_early(void *arg)
{
    waitgroup_done(arg);
    goexit();
}

TEST(proc_num_goroutine_comes_back)
{
    waitgroup_add(&done, 300);
    for (int i = 0; i < 300; i++) {
        go(end_early, &done);
    }
    waitgroup_wait(&done);
    for (int i = 0; i < 1000 && num_goroutine() > 1; i++) { /* done is not yet ended */
        gosleep(MILLISECOND);
    }
    CHECK_EQ(num_goroutine(), 1);
}

static void
stay(void *arg)
{
    int core = *(int *)arg;
    for (int i = 0; i < 200; i++) {
        CHECK_EQ(core_id(), core);
        gosched();
    }
    waitgroup_done(&done);
}

TEST(proc_pinned_goroutines_stay)
{
    waitgroup_add(&done, 3 * num_cpu());
    for (int i = 0; i < 3 * num_cpu(); i++) {
        int core = i % num_cpu();
        struct go_attr attr = {.arg_size = sizeof(core), .core = GO_CORE(core)};
        CHECK_EQ(go_with(&attr, stay, &core), 0);
    }
    waitgroup_wait(&done);
}

TEST(proc_lock_core_holds)
{
    lock_core();
    lock_core();
    unlock_core();
    int core = core_id();
    for (int i = 0; i < 200; i++) {
        gosched();
        CHECK_EQ(core_id(), core);
    }
    unlock_core();
}

/* ---- parking ---- */

static bool
park_commit(struct g *gp, void *place)
{
    atomic_store((_Atomic(struct g *) *)place, gp);
    return true;
}

static _Atomic(struct g *) parked[4];

static void
park_often(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        g_park(park_commit, arg, WAIT_IO);
    }
    waitgroup_done(&done);
}

/* Whoever finds a parked g may ready it at once, on any core, while its last core is still in the
 * switch: the commit is what makes that safe. */
TEST(proc_park_and_ready_meet)
{
    int left = 4 * 2000;
    waitgroup_add(&done, 4);
    for (int i = 0; i < 4; i++) {
        go(park_often, (void *)&parked[i]);
    }
    while (left > 0) {
        for (int i = 0; i < 4; i++) {
            struct g *gp = atomic_exchange(&parked[i], NULL);
            if (gp != NULL) {
                g_ready(gp);
                left--;
            }
        }
        gosched();
    }
    waitgroup_wait(&done);
}

static bool
refuse(struct g *gp, void *arg)
{
    (void)gp;
    (*(int *)arg)++;
    return false;
}

TEST(proc_a_commit_may_refuse)
{
    int refused = 0;
    for (int i = 0; i < 100; i++) {
        g_park(refuse, &refused, WAIT_IO);
    }
    CHECK_EQ(refused, 100);
}

/* ---- preemption ---- */

static _Atomic(bool) over;

static void
spin(void *arg)
{
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
    }
    waitgroup_done(arg);
}

/* More loops than cores, none of which ever calls anything. */
TEST(proc_loops_are_preempted)
{
    struct sched_stats before, after;
    sched_stats(&before);
    atomic_store(&over, false);
    int n = num_cpu() + 2;
    waitgroup_add(&done, n);
    for (int i = 0; i < n; i++) {
        go(spin, &done);
    }
    gosleep(100 * MILLISECOND);
    atomic_store(&over, true);
    waitgroup_wait(&done);
    sched_stats(&after);
    CHECK(after.preemptions > before.preemptions);
}

static void
sum_doubles(void *arg)
{
    volatile double x = 0;
    int seed = *(int *)arg;
    for (int i = 0; i < 300000; i++) {
        double a = seed * 0.5, b = i * 0.25; /* live in registers across a preemption */
        x = x + a * b - a * b + 1;
    }
    CHECK_EQ((long)x, 300000);
    waitgroup_done(&done);
}

TEST(proc_preemption_keeps_registers)
{
    struct go_attr attr = {.arg_size = sizeof(int)};
    waitgroup_add(&done, 16);
    for (int i = 0; i < 16; i++) {
        go_with(&attr, sum_doubles, &i);
    }
    waitgroup_wait(&done);
}

/* ---- gomaxprocs ---- */

static void
churn(void *arg)
{
    for (int i = 0; i < 3000; i++) {
        atomic_fetch_add(&count, 1);
        gosched();
    }
    waitgroup_done(arg);
}

TEST(proc_gomaxprocs_moves_work)
{
    int cores = gomaxprocs(0);
    atomic_store(&count, 0);
    waitgroup_add(&done, 20);
    for (int i = 0; i < 20; i++) {
        go(churn, &done);
    }
    for (int i = 0; i < 40; i++) {
        int n = i % cores + 1;
        gomaxprocs(n);
        CHECK_EQ(gomaxprocs(0), n);
    }
    waitgroup_wait(&done);
    gomaxprocs(cores);
    CHECK_EQ(atomic_load(&count), 20 * 3000);
}

static void
keep_errno(void *arg)
{
    int mine = *(int *)arg;
    for (int i = 0; i < 200; i++) {
        errno = mine;
        gosched();
        CHECK_EQ(errno, mine);
    }
    waitgroup_done(&done);
}

TEST(proc_errno_is_the_goroutines)
{
    struct go_attr attr = {.arg_size = sizeof(int)};
    waitgroup_add(&done, 10);
    for (int i = 1; i <= 10; i++) {
        go_with(&attr, keep_errno, &i);
    }
    waitgroup_wait(&done);
}

static const struct test tests[] = {
    TEST_ENTRY(proc_every_goroutine_runs_once), TEST_ENTRY(proc_refuses_bad_attributes),
    TEST_ENTRY(proc_num_goroutine_comes_back),  TEST_ENTRY(proc_pinned_goroutines_stay),
    TEST_ENTRY(proc_lock_core_holds),           TEST_ENTRY(proc_park_and_ready_meet),
    TEST_ENTRY(proc_a_commit_may_refuse),       TEST_ENTRY(proc_loops_are_preempted),
    TEST_ENTRY(proc_preemption_keeps_registers), TEST_ENTRY(proc_gomaxprocs_moves_work),
    TEST_ENTRY(proc_errno_is_the_goroutines),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
