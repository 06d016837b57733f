/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=1 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * runq_test.c -- the ring, its overflow, and thieves that are real threads.
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

static const struct test tests[] = {
    TEST_ENTRY(runq_keeps_order_and_fills),
    TEST_ENTRY(runq_next_comes_first_and_pushes_the_old_one_behind),
    TEST_ENTRY(runq_overflow_gives_the_older_half_to_all),
    TEST_ENTRY(runq_thief_takes_the_older_half),
    TEST_ENTRY(runq_thief_takes_next_only_when_told),
    TEST_ENTRY(runq_drain_takes_all),
    TEST_ENTRY(runq_loses_and_doubles_nothing_under_thieves),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
