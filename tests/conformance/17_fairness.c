/* SPDX-License-Identifier: MIT */
/*
 * 17_fairness.c -- who hands over to each other for ever shares a slice; timers fire all the same.
 *
 * Go           src/runtime/proc_test.go: TestTimerFairness, TestPingPongHog, TestGCFairness
 */
#include "conform.h"

static atomic_bool stop;

/* ---- timers beside goroutines that never leave a core without work ---- */

static void
keeps_talking(void *c)
{
    int v = 0;
    while (!atomic_load(&stop)) {
        struct select_case cases[] = { SELECT_SEND(c, &v), SELECT_RECV(c, &v) };
        chan_select(cases, 2);
        v++;
    }
}

/* One may be left in its select: the partner that it waits for has seen that it is over. */
static void
end_of_talk(struct chan *c)
{
    atomic_store(&stop, true);
    CHECK(WAIT_UNTIL(num_goroutine() == 1 || (chan_try_recv(c, NULL), false)));
    finish();
    chan_free(c);
}

static void
timers_fire(int cores, int talkers)
{
    struct chan *c = chan_make(sizeof(int), 0);
    int before = gomaxprocs(cores);
    atomic_store(&stop, false);
    for (int i = 0; i < talkers; i++) {
        start(keeps_talking, c);
    }
    for (int i = 0; i < 10; i++) {
        struct timer *t = timer_new(i * 100 * MICROSECOND);
        CHECK(chan_recv(timer_chan(t), NULL)); /* or never: the runner's limit finds that */
        timer_free(t);
        gosleep(100 * MICROSECOND);
    }
    gomaxprocs(before);
    end_of_talk(c);
}

TEST(fairness_of_timers_on_one_core)
{
    timers_fire(1, 2);
    timers_fire(1, 6);
}

TEST(fairness_of_timers_on_all_cores)
{
    timers_fire(num_cpu(), 2 * num_cpu());
}

static void
keeps_yielding(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        gosched();
    }
}

TEST(fairness_of_timers_beside_who_yields)
{
    int before = gomaxprocs(1);
    atomic_store(&stop, false);
    start(keeps_yielding, NULL);
    start(keeps_yielding, NULL);
    for (int i = 0; i < 10; i++) {
        gosleep(i * 50 * MICROSECOND + 1);
    }
    atomic_store(&stop, true);
    finish();
    gomaxprocs(before);
}

/* ---- two pairs on one core: long turns against turns that are hardly longer than a switch ---- */

enum { LONG_TURN = 100000, SHORT_TURN = 1000, FACTOR = 20 };

struct player {
    struct chan *ball, *done;
    int turn;
    atomic_ullong *count; /* relaxed: only figures */
};

static void
plays(void *arg)
{
    struct player *p = arg;
    struct select_case cases[] = { SELECT_RECV(p->done, NULL), SELECT_RECV(p->ball, NULL) };
    while (chan_select(cases, 2) == 1) {
        for (int i = 0; i < p->turn; i++) {
            uint64_t n = atomic_load_explicit(p->count, memory_order_relaxed);
            atomic_store_explicit(p->count, n + 1, memory_order_relaxed);
        }
        struct select_case back[] = { cases[0], SELECT_SEND(p->ball, NULL) };
        if (chan_select(back, 2) == 0) {
            return;
        }
    }
}

TEST(fairness_between_a_hog_and_a_light_pair)
{
    struct chan *done = chan_make(0, 0), *hog_ball = chan_make(0, 0), *light_ball = chan_make(0, 0);
    atomic_ullong hog = 0, light = 0;
    struct player h = { hog_ball, done, LONG_TURN, &hog };
    struct player l = { light_ball, done, SHORT_TURN, &light };
    int before = gomaxprocs(1);
    for (int i = 0; i < 2; i++) {
        start(plays, &h);
        start(plays, &l);
    }
    chan_send(hog_ball, NULL);
    chan_send(light_ball, NULL);
    gosleep(300 * MILLISECOND);
    chan_close(done);
    finish();
    gomaxprocs(before);
    uint64_t a = atomic_load(&hog), b = atomic_load(&light);
    printf("# hog %llu, light %llu\n", (unsigned long long)a, (unsigned long long)b);
    CHECK(a <= FACTOR * b);
    CHECK(b <= FACTOR * a);
    chan_free(done);
    chan_free(hog_ball);
    chan_free(light_ball);
}

/* ---- a goroutine that starts others all the time, and many that work: each gets its share ---- */

enum { WORKERS = 4 };

static void
works(void *count)
{
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        atomic_fetch_add_explicit((atomic_ullong *)count, 1, memory_order_relaxed);
    }
}

static void
does_nothing(void *unused)
{
    (void)unused;
}

static void
keeps_starting(void *count)
{
    while (!atomic_load(&stop)) {
        struct waitgroup wg = { 0 };
        waitgroup_go(&wg, does_nothing, NULL);
        waitgroup_wait(&wg);
        atomic_fetch_add((atomic_ullong *)count, 1);
    }
}

/* Sooner or later: a host that stops the core takes it from whoever works just then. */
static bool
shared_out(atomic_ullong *worked)
{
    for (int i = 0; i < WORKERS; i++) {
        uint64_t a = atomic_load(&worked[0]), b = atomic_load(&worked[i]);
        if (a == 0 || a > FACTOR * b || b > FACTOR * a) {
            return false;
        }
    }
    return true;
}

TEST(fairness_between_who_works_and_who_waits)
{
    atomic_ullong worked[WORKERS], started = 0;
    int before = gomaxprocs(1);
    atomic_store(&stop, false);
    for (int i = 0; i < WORKERS; i++) {
        atomic_init(&worked[i], 0);
        start(works, &worked[i]);
    }
    start(keeps_starting, &started);
    gosleep(300 * MILLISECOND);
    bool fair = WAIT_UNTIL(shared_out(worked));
    atomic_store(&stop, true);
    finish();
    gomaxprocs(before);
    CHECK(fair);
    CHECK(atomic_load(&started) > 0);
}

CONFORM(TEST_ENTRY(fairness_of_timers_on_one_core), TEST_ENTRY(fairness_of_timers_on_all_cores),
        TEST_ENTRY(fairness_of_timers_beside_who_yields),
        TEST_ENTRY(fairness_between_a_hog_and_a_light_pair),
        TEST_ENTRY(fairness_between_who_works_and_who_waits))
