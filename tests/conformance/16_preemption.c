/* SPDX-License-Identifier: MIT */
/*
 * 16_preemption.c -- loops that call nothing lose the core all the same, and go on as they were.
 *
 * Context      everything here can only end if preemption works: a machine without it hangs, and
 *              the runner's limit finds that
 * Go           src/runtime/proc_test.go: preemption; testdata/testprog/preempt.go
 */
#include "conform.h"

static atomic_bool stop;

/* ---- a tight loop beside main, on one core ---- */

static void
loops(void *begun)
{
    atomic_fetch_add((atomic_int *)begun, 1);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    }
}

static void
loops_beside(void (*work)(void), int cores, int crowd_size)
{
    atomic_int begun = 0;
    int before = gomaxprocs(cores);
    atomic_store(&stop, false);
    for (int i = 0; i < crowd_size; i++) {
        start(loops, &begun);
    }
    CHECK(WAIT_UNTIL(atomic_load(&begun) == crowd_size)); /* each gave way to the next, and to us */
    work();
    atomic_store(&stop, true);
    finish();
    gomaxprocs(before);
}

static void
sleeps_a_little(void)
{
    gosleep(5 * MILLISECOND);
}

TEST(preemption_lets_a_sleeper_in)
{
    loops_beside(sleeps_a_little, 1, 1);
    loops_beside(sleeps_a_little, num_cpu(), 2 * num_cpu());
}

static void
yields_often(void)
{
    for (int i = 0; i < 5; i++) {
        gosched();
    }
}

TEST(preemption_lets_in_who_yielded)
{
    loops_beside(yields_often, 1, 2);
    loops_beside(yields_often, num_cpu(), num_cpu() + 2);
}

/* What stops the world, or looks at all of it, gets through: Go's collector is that. */
static void
stops_the_world(void)
{
    int n = gomaxprocs(0);
    for (int i = 0; i < 5; i++) {
        gomaxprocs(n);
        CHECK(stats_now().running >= 1);
    }
}

TEST(preemption_lets_the_world_be_stopped)
{
    loops_beside(stops_the_world, 1, 1);
    loops_beside(stops_the_world, num_cpu(), 2 * num_cpu());
}

static void
yields_once(void *unused)
{
    (void)unused;
    gosched();
}

static void
starts_and_joins(void)
{
    struct waitgroup wg = { 0 };
    for (int i = 0; i < 4; i++) {
        waitgroup_go(&wg, yields_once, NULL);
    }
    waitgroup_wait(&wg);
}

TEST(preemption_lets_new_ones_in)
{
    loops_beside(starts_and_joins, 1, 2);
    loops_beside(starts_and_joins, num_cpu(), num_cpu());
}

/* ---- each spins until it is its turn; on one core only preemption can bring the next ---- */

enum { SPINNERS = 4 };

static atomic_uint turn;

static void
spins_for_its_turns(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0, n = (unsigned)scaled(10, 2); i < n; i++) {
        while (atomic_load_explicit(&turn, memory_order_relaxed) % SPINNERS != me) {
        }
        atomic_fetch_add(&turn, 1);
    }
}

TEST(preemption_brings_the_next_one)
{
    for (int cores = 1; cores <= 2 && cores <= num_cpu(); cores++) {
        int before = gomaxprocs(cores);
        atomic_store(&turn, 0);
        for (uintptr_t i = 0; i < SPINNERS; i++) {
            start(spins_for_its_turns, (void *)i);
        }
        finish();
        CHECK_EQ(atomic_load(&turn), SPINNERS * scaled(10, 2));
        gomaxprocs(before);
    }
}

/* ---- a frame larger than what a stack has at first, in a loop that calls only that ---- */

static __attribute__((noinline)) uint64_t
uses_a_large_frame(uint64_t seed)
{
    volatile uint64_t frame[1000];
    for (int i = 0; i < 1000; i++) {
        frame[i] = seed + (uint64_t)i;
    }
    uint64_t wrong = 0;
    for (int i = 0; i < 1000; i++) {
        wrong += frame[i] != seed + (uint64_t)i;
    }
    return wrong;
}

static void
loops_with_a_large_frame(void *wrong)
{
    for (uint64_t i = 0; !atomic_load(&stop); i++) {
        atomic_fetch_add((atomic_ullong *)wrong, uses_a_large_frame(i));
    }
}

TEST(preemption_within_large_frames)
{
    atomic_ullong wrong = 0;
    int before = gomaxprocs(1);
    atomic_store(&stop, false);
    for (int i = 0; i < 3; i++) {
        start(loops_with_a_large_frame, &wrong);
    }
    gosleep(20 * MILLISECOND);
    gomaxprocs(before);
    gosleep(20 * MILLISECOND);
    atomic_store(&stop, true);
    finish();
    CHECK_EQ(atomic_load(&wrong), 0);
}

/* ---- after output, which is what a system call is here ---- */

static void
prints_then_loops(void *begun)
{
    printf("# %s\n", "about to loop");
    loops(begun);
}

TEST(preemption_after_output)
{
    atomic_int begun = 0;
    int before = gomaxprocs(1);
    atomic_store(&stop, false);
    start(prints_then_loops, &begun);
    start(prints_then_loops, &begun);
    CHECK(WAIT_UNTIL(atomic_load(&begun) == 2));
    atomic_store(&stop, true);
    finish();
    gomaxprocs(before);
}

/* ---- what is computed is not disturbed: integers, floating point, strings ---- */

static atomic_uint wrong_results;

static void
computes(void *arg)
{
    double x = 1.0 + (double)(uintptr_t)arg, want = 0;
    uint64_t hash = 0, want_hash = 0;
    for (int round = 0; !atomic_load(&stop); round++) {
        double sum = 0;
        uint64_t h = 14695981039346656037u;
        for (int i = 1; i < 2000; i++) {
            sum += x / i;
            h = (h ^ (uint64_t)i) * 1099511628211u;
        }
        hash = h;
        if (round == 0) {
            want = sum;
            want_hash = hash;
        } else if (sum != want || hash != want_hash) { /* the same bits each time */
            atomic_fetch_add(&wrong_results, 1);
        }
    }
}

TEST(preemption_disturbs_no_computation)
{
    atomic_store(&stop, false);
    for (uintptr_t i = 0; i < 6; i++) {
        start(computes, (void *)i);
    }
    gosleep(60 * MILLISECOND);
    atomic_store(&stop, true);
    finish();
    CHECK_EQ(atomic_load(&wrong_results), 0);
}

CONFORM(TEST_ENTRY(preemption_lets_a_sleeper_in), TEST_ENTRY(preemption_lets_in_who_yielded),
        TEST_ENTRY(preemption_lets_the_world_be_stopped), TEST_ENTRY(preemption_lets_new_ones_in),
        TEST_ENTRY(preemption_brings_the_next_one), TEST_ENTRY(preemption_within_large_frames),
        TEST_ENTRY(preemption_after_output), TEST_ENTRY(preemption_disturbs_no_computation))
