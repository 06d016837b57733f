/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=1 -DGAMP_GLOBQ_BATCHES=8 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * runq_test.c -- the ring, its overflow, the global list, and thieves that are real threads.
 *
 * Context      on one core with preemption off, in the shoes of other cores: fake goroutines pass
 *              through the global list, which the scheduler underneath must not look at meanwhile
 */
#include <gamp.h>
#include <pthread.h>
#include <stdlib.h>

#include "host.h"
#include "runq.h"
#include "tap.h"

enum { THIEVES = 3, MANY = 20000, ROUNDS = 4 };

static struct g gs[MANY];
static struct m *cores[THIEVES + 1];

static struct m *
as(struct m *mp)
{
    struct m *was = host_core.m;
    host_core.m = mp;
    return was;
}

static struct m *really;

/* As a core looks: what is next, and whether it goes on with the running slice. */
static struct g *
runq_get(struct m *mp, bool *inherit)
{
    struct g *gp = runq_get_next(mp);
    *inherit = gp != NULL;
    return gp != NULL ? gp : runq_get_ring(mp);
}

static void
begin(void)
{
    arch_preempt_off();
    for (int i = 0; i <= THIEVES; i++) {
        cores[i] = aligned_alloc(CACHE_LINE, sizeof(struct m));
        memset(cores[i], 0, sizeof(struct m));
        cores[i]->id = i;
        cores[i]->rand = 1u + (unsigned)i;
    }
    for (unsigned i = 0; i < MANY; i++) {
        gs[i].id = i;
        gs[i].next = NULL;
        gs[i].pin = -1;
        atomic_store(&gs[i].status, G_RUNNABLE);
    }
    really = as(cores[0]);
}

static void
end(void)
{
    as(really);
    arch_preempt_on();
    for (int i = 0; i <= THIEVES; i++) {
        free(cores[i]);
    }
}

static int
get(struct m *mp)
{
    bool inherit;
    struct m *was = as(mp);
    struct g *gp = runq_get(mp, &inherit);
    as(was);
    return gp != NULL ? (int)gp->id : -1;
}

static struct g *
steal(struct m *thief, struct m *victim, bool take_next)
{
    struct m *was = as(thief);
    struct g *gp = runq_steal(thief, victim, take_next);
    as(was);
    return gp;
}

TEST(runq_keeps_order_and_fills)
{
    begin();
    CHECK(runq_empty(cores[0]));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < RUNQ_CAP; i++) {
            runq_put(cores[0], &gs[i]);
        }
        CHECK_EQ(runq_len(cores[0]), RUNQ_CAP);
        for (int i = 0; i < RUNQ_CAP; i++) {
            CHECK_EQ(get(cores[0]), i);
        }
        CHECK_EQ(get(cores[0]), -1);
    }
    CHECK(runq_empty(cores[0]));
    end();
}

TEST(runq_next_comes_first_and_pushes_the_old_one_behind)
{
    bool inherit = false;
    begin();
    runq_put(cores[0], &gs[0]);
    runq_put_next(cores[0], &gs[1]);
    runq_put_next(cores[0], &gs[2]);
    CHECK_EQ(runq_len(cores[0]), 3);
    CHECK(runq_get(cores[0], &inherit) == &gs[2]);
    CHECK(inherit);
    CHECK(runq_get(cores[0], &inherit) == &gs[0]);
    CHECK(!inherit);
    CHECK_EQ(get(cores[0]), 1);
    end();
}

TEST(runq_overflow_gives_the_older_half_to_all)
{
    begin();
    for (int i = 0; i <= RUNQ_CAP; i++) {
        runq_put(cores[0], &gs[i]);
    }
    CHECK_EQ(runq_len(cores[0]), RUNQ_CAP / 2);
    CHECK_EQ(atomic_load(&sched.global_n), RUNQ_CAP / 2 + 1);
    for (int i = 0; i < RUNQ_CAP / 2; i++) {
        CHECK_EQ(globq_get(cores[1], 1)->id, i);
        CHECK_EQ(get(cores[0]), RUNQ_CAP / 2 + i);
    }
    CHECK_EQ(globq_get(cores[1], 1)->id, RUNQ_CAP);
    CHECK(globq_get(cores[1], 1) == NULL);
    end();
}

TEST(runq_thief_takes_the_older_half)
{
    begin();
    for (int n = 1; n <= RUNQ_CAP; n++) {
        for (int i = 0; i < n; i++) {
            runq_put(cores[0], &gs[i]);
        }
        int half = n - n / 2;
        CHECK_EQ(steal(cores[1], cores[0], false)->id, half - 1);
        CHECK_EQ(runq_len(cores[1]), half - 1);
        for (int i = 0; i < half - 1; i++) {
            CHECK_EQ(get(cores[1]), i);
        }
        for (int i = half; i < n; i++) {
            CHECK_EQ(get(cores[0]), i);
        }
    }
    CHECK(steal(cores[1], cores[0], true) == NULL);
    end();
}

TEST(runq_thief_takes_next_only_when_told)
{
    begin();
    runq_put_next(cores[0], &gs[7]);
    CHECK(steal(cores[1], cores[0], false) == NULL);
    CHECK(steal(cores[1], cores[0], true) == &gs[7]);
    CHECK(runq_empty(cores[0]) && runq_empty(cores[1]));
    end();
}

TEST(runq_drain_takes_all)
{
    struct g_list all = { 0 };
    begin();
    for (int i = 0; i < 100; i++) {
        runq_put_next(cores[0], &gs[i]);
    }
    runq_drain(cores[0], &all);
    CHECK_EQ(all.n, 100);
    CHECK(runq_empty(cores[0]));
    end();
}

/* ---- with threads ---- */

static _Atomic(int) taken[MANY];
static _Atomic(int) total;

static void
take(struct g *gp)
{
    if (gp != NULL) {
        atomic_fetch_add_explicit(&taken[gp->id], 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&total, 1, memory_order_relaxed);
    }
}

static void *
thief(void *arg)
{
    struct m *me = arg;
    bool inherit;
    as(me);
    while (atomic_load_explicit(&total, memory_order_relaxed) < MANY) {
        struct m *victim = cores[m_rand(me) % (THIEVES + 1)];
        bool next = m_rand(me) % 4 == 0;
        struct g *gp = victim != me ? runq_steal(me, victim, next) : globq_get(me, 8);
        for (take(gp); gp != NULL; take(gp)) { /* and all the while others steal from here */
            gp = runq_get(me, &inherit);
        }
    }
    return NULL;
}

static void
owner(void)
{
    struct m *me = cores[0];
    bool inherit;
    for (int i = 0; i < MANY;) {
        for (uint32_t n = m_rand(me) % 400; n > 0 && i < MANY; n--, i++) {
            if (m_rand(me) % 3 == 0) {
                runq_put_next(me, &gs[i]);
            } else {
                runq_put(me, &gs[i]);
            }
        }
        for (uint32_t n = m_rand(me) % 200; n > 0; n--) {
            take(runq_get(me, &inherit));
        }
    }
    while (atomic_load_explicit(&total, memory_order_relaxed) < MANY) {
        take(runq_get(me, &inherit));
        take(globq_get(me, 8));
    }
}

TEST(runq_loses_and_doubles_nothing_under_thieves)
{
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THIEVES];
        begin();
        memset(taken, 0, sizeof(taken));
        atomic_store(&total, 0);
        for (int i = 0; i < THIEVES; i++) {
            cores[i + 1]->rand += (unsigned)round * 100;
            pthread_create(&threads[i], NULL, thief, cores[i + 1]);
        }
        owner();
        for (int i = 0; i < THIEVES; i++) {
            pthread_join(threads[i], NULL);
        }
        for (int i = 0; i < MANY; i++) {
            CHECK_EQ(atomic_load(&taken[i]), 1);
        }
        CHECK_EQ(atomic_load(&sched.global_n), 0);
        end();
    }
}

/* ---- the global list, which has room for eight batches here ---- */

/* The next n of gs, from `at` on, as a list behind all others or in front of them. */
static int
put_list(int at, int n, bool head)
{
    struct g_list l = { 0 };
    for (int i = 0; i < n; i++) {
        g_list_push(&l, &gs[at + i]);
    }
    if (head) {
        globq_put_head(&l);
    } else {
        globq_put_lists(&l, 1);
    }
    return at + n;
}

/* Takes once as mp and expects `first` and so on; returns how many came. */
static int
take_from(struct m *mp, uint32_t max, uint64_t first)
{
    struct m *was = as(mp);
    int n = 0, id;
    struct g *gp = globq_get(mp, max);
    as(was);
    if (gp == NULL) {
        return 0;
    }
    CHECK_EQ(gp->id, first + (uint64_t)n++);
    while ((id = get(mp)) >= 0) {
        CHECK_EQ(id, first + (uint64_t)n++);
    }
    return n;
}

TEST(globq_keeps_order_in_more_batches_than_it_has_room_for)
{
    static const int lists[] = { 1, 1, 50, 64, 1, 64, 200, 33, 33, 33, 33, 33, 64, 1, 1 };
    begin();
    int at = 3;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        at = put_list(at, lists[i], false);
    }
    put_list(0, 3, true);
    CHECK_EQ(atomic_load(&sched.global_n), at);
    int got = 0;
    for (uint32_t max = 1, n; (n = (uint32_t)take_from(cores[1], max, (uint64_t)got)) > 0;) {
        CHECK(n <= (max > 1 ? 2 * max : 1));
        got += (int)n;
        max = max % 100 + 9;
    }
    CHECK_EQ(got, at);
    CHECK_EQ(atomic_load(&sched.global_n), 0);
    end();
}

TEST(globq_puts_in_front_where_there_is_room)
{
    begin();
    put_list(5, 70, false);
    put_list(2, 3, true);
    put_list(75, 70, false);
    put_list(0, 2, true);
    for (int got = 0; got < 145; got++) {
        CHECK_EQ(take_from(cores[1], 1, (uint64_t)got), 1);
    }
    CHECK_EQ(take_from(cores[1], 1, 0), 0);
    end();
}

TEST(globq_gives_a_fair_share_or_up_to_twice_that)
{
    begin();
    int was = atomic_load(&sched.gomaxprocs);
    atomic_store(&sched.gomaxprocs, 4);
    put_list(0, 256, false);
    CHECK_EQ(take_from(cores[1], 128, 0), 65); /* cut: the batch is more than twice that */
    CHECK_EQ(take_from(cores[1], 1, 65), 1);
    put_list(256, 90, false);
    put_list(346, 90, false);
    CHECK_EQ(take_from(cores[1], 128, 66), 93);  /* 370 / 4 + 1, of 190: cut */
    CHECK_EQ(take_from(cores[1], 128, 159), 97); /* 277 / 4 + 1: all that is left of it */
    CHECK_EQ(take_from(cores[1], 128, 256), 90); /* 180 / 4 + 1: the whole batch */
    CHECK_EQ(take_from(cores[1], 128, 346), 23);
    CHECK_EQ(take_from(cores[1], 128, 369), 17);
    atomic_store(&sched.gomaxprocs, 1);
    CHECK_EQ(take_from(cores[1], 128, 386), 50);
    atomic_store(&sched.gomaxprocs, was);
    end();
}

static const struct test tests[] = {
    TEST_ENTRY(runq_keeps_order_and_fills),
    TEST_ENTRY(runq_next_comes_first_and_pushes_the_old_one_behind),
    TEST_ENTRY(runq_overflow_gives_the_older_half_to_all),
    TEST_ENTRY(runq_thief_takes_the_older_half),
    TEST_ENTRY(runq_thief_takes_next_only_when_told),
    TEST_ENTRY(runq_drain_takes_all),
    TEST_ENTRY(runq_loses_and_doubles_nothing_under_thieves),
    TEST_ENTRY(globq_keeps_order_in_more_batches_than_it_has_room_for),
    TEST_ENTRY(globq_puts_in_front_where_there_is_room),
    TEST_ENTRY(globq_gives_a_fair_share_or_up_to_twice_that),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
