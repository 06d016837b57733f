/* SPDX-License-Identifier: MIT */
/* build: -Ikernel -Isched -Isched/include -Itests/host -isystem tests/host/libc -DHOST_CORES=4 -fsanitize-coverage=trace-pc sched/[a-z]*.c tests/host/[a-z]*_host.[cS] kernel/cmdline.c */
/*
 * trace_test.c -- following a trace while it is recorded: nothing torn, nothing out of order, and
 * what was missed is known.
 */
#include <gamp.h>
#include <stdlib.h>

#include "runtime.h"
#include "tap.h"

enum { WORKERS = 8, EVENTS = 200000, NAP_EVERY = 50000, CORES = 4 };

/* sched/trace.c */
struct trace_event {
    int64_t when;
    uint64_t g;
    uintptr_t fn;
    char what;
};
bool trace_follow(bool on);
bool trace_next(int core, uint64_t *at, struct trace_event *to);

static _Atomic(bool) stop;
static struct waitgroup all;
static uint64_t odd[WORKERS]; /* who runs yields_odd */

static void
yields(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        gosched();
    }
    waitgroup_done(&all);
}

static void
yields_odd(void *arg)
{
    *(uint64_t *)arg = goid();
    waitgroup_done(&all);
    yields(NULL);
}

static void
start(void)
{
    atomic_store(&stop, false);
    waitgroup_add(&all, WORKERS / 2);
    for (int i = 0; i < WORKERS / 2; i++) {
        go(yields_odd, &odd[i]);
    }
    waitgroup_wait(&all);
    waitgroup_add(&all, WORKERS);
    for (int i = 0; i < WORKERS / 2; i++) {
        go(yields, NULL);
    }
}

static bool
is_odd(uint64_t g)
{
    for (int i = 0; i < WORKERS / 2; i++) {
        if (odd[i] == g) {
            return true;
        }
    }
    return false;
}

/* What each core is known to run; 0: nothing; UINT64_MAX: not known. */
static uint64_t runs[CORES];
static int64_t last[CORES];

static void
check(int core, const struct trace_event *e, bool lost)
{
    runs[core] = lost ? UINT64_MAX : runs[core];
    CHECK(e->when >= last[core]);
    last[core] = e->when;
    if (is_odd(e->g)) {
        CHECK_EQ(e->fn, (uintptr_t)yields_odd);
    }
    switch (e->what) {
    case 's':
        CHECK(runs[core] == 0 || runs[core] == UINT64_MAX);
        runs[core] = e->g;
        break;
    case 'b':
    case 'y':
    case 'p':
    case 'e':
        CHECK(runs[core] == e->g || runs[core] == UINT64_MAX);
        runs[core] = 0;
        break;
    default:
        CHECK(e->what == 'c' || e->what == 'u' || e->what == 'h' || e->what == 'r'
              || e->what == 't');
    }
}

TEST(trace_follows_what_happens)
{
    uint64_t at[CORES] = { 0 }, lost = 0;
    int seen = 0;

    for (int core = 0; core < CORES; core++) {
        runs[core] = UINT64_MAX;
    }
    CHECK(trace_follow(true));
    start();
    while (seen < EVENTS) {
        for (int core = 0; core < CORES; core++) {
            struct trace_event e;
            uint64_t before = at[core];

            for (int i = 0; i < 1000 && trace_next(core, &at[core], &e); i++) {
                check(core, &e, at[core] > before + 1);
                lost += at[core] - before - 1;
                before = at[core];
                if (++seen % NAP_EVERY == 0) {
                    gosleep(20 * MILLISECOND); /* so that they write over what is next */
                }
            }
        }
        gosched();
    }
    atomic_store(&stop, true);
    waitgroup_wait(&all);
    trace_follow(false);
    printf("# %d events, %lu missed\n", seen, (unsigned long)lost);
}

TEST(trace_ends_with_the_last_follower)
{
    uint64_t at = 0, then;
    struct trace_event e;

    CHECK(!atomic_load(&sched.tracing));
    CHECK(trace_follow(true));
    CHECK(trace_follow(true));
    trace_follow(false);
    CHECK(atomic_load(&sched.tracing));
    trace_follow(false);
    CHECK(!atomic_load(&sched.tracing));
    while (trace_next(0, &at, &e)) {
    }
    then = at;
    gosched();
    CHECK(!trace_next(0, &at, &e));
    CHECK_EQ(at, then);
}

static const struct test tests[] = {
    TEST_ENTRY(trace_follows_what_happens),
    TEST_ENTRY(trace_ends_with_the_last_follower),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
