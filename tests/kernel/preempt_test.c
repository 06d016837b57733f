/* SPDX-License-Identifier: MIT */
/*
 * preempt_test.c -- who never lets go loses the core all the same, and notices nothing.
 *
 * Context      Loops here call nothing: only an interrupt can end their turn. Each gives up after
 *              LIMIT rounds, so that a kernel that does not preempt fails instead of hanging.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "patience.h"

#define LIMIT 20000000000ull

static struct waitgroup all;
static atomic_bool stop;
static atomic_uint starved;

static void
loop_without_calls(void *arg)
{
    atomic_ullong *rounds = arg;
    uint64_t n = 0;

    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        atomic_store_explicit(rounds, ++n, memory_order_relaxed);
        if (n == LIMIT) {
            atomic_fetch_add(&starved, 1);
            break;
        }
    }
    waitgroup_done(&all);
}

enum { LOOPS = 3 };

static atomic_ullong rounds[LOOPS];

static void
loops_start(void)
{
    atomic_store(&stop, false);
    atomic_store(&starved, 0);
    waitgroup_add(&all, LOOPS);
    for (int i = 0; i < LOOPS; i++) {
        atomic_store(&rounds[i], 0);
        go(loop_without_calls, &rounds[i]);
    }
}

static void
loops_end(void)
{
    atomic_store(&stop, true);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&starved), 0);
}

TEST(preempt_lets_a_sleeper_in_on_one_core)
{
    int cores = gomaxprocs(1);

    loops_start();
    for (int i = 0; i < 20; i++) {
        gosleep(MILLISECOND);
        CHECK_EQ(atomic_load(&starved), 0);
    }
    loops_end();
    gomaxprocs(cores);
}

TEST(preempt_shares_one_core_among_loops)
{
    int cores = gomaxprocs(1);
    uint64_t before = stats_now().preemptions;

    loops_start();
    CHECK(WAIT_UNTIL(atomic_load(&rounds[0]) > 0 && atomic_load(&rounds[1]) > 0
                     && atomic_load(&rounds[2]) > 0));
    CHECK(WAIT_UNTIL(stats_now().preemptions > before));
    loops_end();
    gomaxprocs(cores);
}

static void
note_core(void *arg)
{
    atomic_fetch_or((atomic_uint *)arg, 1u << core_id());
    waitgroup_done(&all);
}

/* Every core has a loop of its own; what is bound to a core gets in there. */
TEST(preempt_lets_others_in_on_every_core)
{
    static atomic_ullong own[32];
    atomic_uint seen = 0;
    int n = num_cpu() < 32 ? num_cpu() : 32;

    atomic_store(&stop, false);
    atomic_store(&starved, 0);
    waitgroup_add(&all, 2 * n);
    for (int i = 0; i < n; i++) {
        go_with(&(struct go_attr){ .core = GO_CORE(i) }, loop_without_calls, &own[i]);
    }
    for (int i = 0; i < n; i++) {
        go_with(&(struct go_attr){ .core = GO_CORE(i) }, note_core, &seen);
    }
    CHECK(WAIT_UNTIL(__builtin_popcount(atomic_load(&seen)) == n));
    atomic_store(&stop, true);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&starved), 0);
}

/* ---- the red zone ---- */

static atomic_uint red_lost;

/* 128 bytes below the stack pointer belong to a leaf: filled once, then watched. */
static __attribute__((noinline)) uint64_t
watch_red_zone(uint64_t pattern, const atomic_bool *end)
{
    uint64_t lost = 0;

    __asm__ volatile("   .irp i, 8,16,24,32,40,48,56,64,72,80,88,96,104,112,120,128\n"
                     "   mov %[pattern], -\\i(%%rsp)\n"
                     "   .endr\n"
                     "1: .irp i, 8,16,24,32,40,48,56,64,72,80,88,96,104,112,120,128\n"
                     "   cmp %[pattern], -\\i(%%rsp)\n"
                     "   jne 2f\n"
                     "   .endr\n"
                     "   cmpb $0, (%[end])\n"
                     "   je 1b\n"
                     "   jmp 3f\n"
                     "2: mov $1, %[lost]\n"
                     "3:\n"
                     : [lost] "+r"(lost)
                     : [pattern] "r"(pattern), [end] "r"(end)
                     : "memory", "cc");
    return lost;
}

static void
keep_red_zone(void *arg)
{
    uint64_t pattern = (uintptr_t)arg * 0x0101010101010101;

    atomic_fetch_add(&red_lost, (unsigned)watch_red_zone(pattern, &stop));
    waitgroup_done(&all);
}

TEST(preempt_leaves_the_red_zone_alone)
{
    unsigned n = 3 * (unsigned)num_cpu();
    uint64_t before = stats_now().preemptions;

    atomic_store(&stop, false);
    waitgroup_add(&all, (int)n);
    for (unsigned i = 0; i < n; i++) {
        go(keep_red_zone, (void *)(uintptr_t)(i % 255 + 1));
    }
    CHECK(WAIT_UNTIL(stats_now().preemptions >= before + 8 * n));
    atomic_store(&stop, true);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&red_lost), 0);
}

/* ---- many slices' ends and sleepers' wake-ups at every moment of a switch ---- */

TEST(preempt_never_forgets_to_arm_the_timer)
{
    int cores = gomaxprocs(1);
    uint64_t random = 88172645463325252;

    loops_start();
    for (int i = 0; i < 1500; i++) {
        gosleep((duration)(1 + next_random(&random) % 40) * MICROSECOND);
    }
    loops_end();
    gomaxprocs(cores);
}

/* ---- a turn alone, then more than a core's ring holds ---- */

static atomic_bool served;

static void
serves(void *arg)
{
    (void)arg;
    atomic_store(&served, true);
    waitgroup_done(&all);
}

static void
yields_until_served(void *arg)
{
    (void)arg;
    while (!atomic_load(&served)) {
        gosched();
    }
    waitgroup_done(&all);
}

/* The first goes to the global list, which only a fair share of the slices leads to. */
TEST(preempt_of_nobody_keeps_the_global_list_in_turn)
{
    int cores = gomaxprocs(1);
    for (int64_t end = nanotime() + 1500 * MILLISECOND; nanotime() < end;) {
    }
    atomic_store(&served, false);
    waitgroup_add(&all, 401);
    go(serves, NULL);
    for (int i = 0; i < 400; i++) {
        go(yields_until_served, NULL);
    }
    waitgroup_wait(&all);
    gomaxprocs(cores);
}

static const struct test tests[] = {
    TEST_ENTRY(preempt_lets_a_sleeper_in_on_one_core),
    TEST_ENTRY(preempt_shares_one_core_among_loops),
    TEST_ENTRY(preempt_lets_others_in_on_every_core),
    TEST_ENTRY(preempt_leaves_the_red_zone_alone),
    TEST_ENTRY(preempt_never_forgets_to_arm_the_timer),
    TEST_ENTRY(preempt_of_nobody_keeps_the_global_list_in_turn),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
