/* SPDX-License-Identifier: MIT */
/*
 * 19_sema.c -- a permit that is given back belongs to who waits longest, not to who is quickest.
 *
 * Go           src/runtime/sema_test.go: TestSemaHandoff, BenchmarkSemTable
 */
#include "conform.h"

static struct sema sema;
static atomic_int turns;

static void
takes_its_turn(void *turn)
{
    sema_acquire(&sema);
    atomic_store((atomic_int *)turn, atomic_fetch_add(&turns, 1));
}

/* Deterministic: who gives back and at once tries again goes away empty while anyone waits. */
TEST(sema_is_handed_to_who_waits)
{
    atomic_int turn = -1;
    for (size_t i = 0, n = scaled(2000, 20); i < n; i++) {
        sema_init(&sema, 1);
        atomic_store(&turns, 0);
        sema_acquire(&sema);
        start_parked(takes_its_turn, &turn);
        sema_release(&sema);
        CHECK(!sema_try_acquire(&sema));
        finish();
        CHECK_EQ(atomic_load(&turn), 0);
        CHECK(!sema_try_acquire(&sema)); /* it has kept it */
        sema_release(&sema);
        CHECK(sema_try_acquire(&sema));
    }
}

TEST(sema_is_handed_on_in_order)
{
    enum { WAITERS = 20 };
    atomic_int turn[WAITERS];
    sema_init(&sema, 0);
    atomic_store(&turns, 0);
    for (int i = 0; i < WAITERS; i++) {
        atomic_init(&turn[i], -1);
        start_parked(takes_its_turn, &turn[i]);
    }
    for (int i = 0; i < WAITERS; i++) {
        CHECK_EQ(atomic_load(&turns), i);
        sema_release(&sema);
        CHECK(WAIT_UNTIL(atomic_load(&turn[i]) == i));
    }
    CHECK(!sema_try_acquire(&sema));
    finish();
}

/* ---- contenders that never rest: none is left behind ---- */

enum { CONTENDERS = 4, FACTOR = 20 };

static atomic_ullong total;
static atomic_int inside;

static void
contends(void *arg)
{
    uint64_t *mine = arg, n = scaled(200000, 4000);
    while (atomic_load(&total) < n) {
        sema_acquire(&sema);
        CHECK_EQ(atomic_fetch_add(&inside, 1), 0);
        atomic_fetch_add(&total, 1);
        (*mine)++;
        if (*mine % 16 == 0) {
            gosched();
        }
        atomic_fetch_sub(&inside, 1);
        sema_release(&sema);
    }
}

static void
contend(uint64_t *count, int cores)
{
    int before = gomaxprocs(cores);
    sema_init(&sema, 1);
    atomic_store(&total, 0);
    for (int i = 0; i < CONTENDERS; i++) {
        count[i] = 0;
        start(contends, &count[i]);
    }
    finish();
    gomaxprocs(before);
    CHECK(sema_try_acquire(&sema));
}

/* Shares are compared on one core: the host may take another core's thread away at any time. */
TEST(sema_leaves_no_contender_behind)
{
    uint64_t count[CONTENDERS];
    contend(count, num_cpu());
    contend(count, 1);
    for (int i = 1; i < CONTENDERS; i++) {
        CHECK(count[0] <= FACTOR * count[i]);
        CHECK(count[i] <= FACTOR * count[0]);
    }
}

/* ---- the crowd at one semaphore costs nothing at another: on one core, where an exchange is two
 * switches; else it depends on whether the partner is asleep elsewhere ---- */

enum { ROUNDS = 5, ALLOWED = 4 };

static struct sema crowded, quiet[2];

static void
waits_in_the_crowd(void *unused)
{
    (void)unused;
    sema_acquire(&crowded);
}

static void
answers(void *n)
{
    for (size_t i = 0; i < (size_t)(uintptr_t)n; i++) {
        sema_acquire(&quiet[0]);
        sema_release(&quiet[1]);
    }
}

static int64_t
exchanges(size_t n)
{
    start(answers, (void *)(uintptr_t)n);
    int64_t took = -nanotime();
    for (size_t i = 0; i < n; i++) {
        sema_release(&quiet[0]);
        sema_acquire(&quiet[1]);
    }
    return took + nanotime();
}

/* What else the machine does only ever adds. */
static int64_t
shortest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

TEST(sema_does_not_feel_the_crowd_at_another)
{
    size_t many = scaled(5000, CONFORM_TSAN ? 500 : 2000), n = scaled(20000, 4000);
    int64_t alone = INT64_MAX, beside = INT64_MAX;
    int cores = gomaxprocs(1);
    sema_init(&crowded, 0);
    for (int round = 0; round < ROUNDS; round++) {
        alone = shortest(alone, exchanges(n));
        finish();
        uint64_t before = stats_now().waiting;
        for (size_t i = 0; i < many; i++) {
            start(waits_in_the_crowd, NULL);
        }
        CHECK(WAIT_UNTIL(stats_now().waiting == before + many));
        beside = shortest(beside, exchanges(n));
        sema_release_n(&crowded, many);
        finish();
    }
    gomaxprocs(cores);
    printf("# %zu exchanges: %lld us; beside a crowd of %zu: %lld us\n", n, (long long)alone / 1000,
           many, (long long)beside / 1000);
    CHECK(CONFORM_TSAN || beside < ALLOWED * alone); /* it has clocks of its own to copy */
}

CONFORM(TEST_ENTRY(sema_is_handed_to_who_waits), TEST_ENTRY(sema_is_handed_on_in_order),
        TEST_ENTRY(sema_leaves_no_contender_behind),
        TEST_ENTRY(sema_does_not_feel_the_crowd_at_another))
