/* SPDX-License-Identifier: MIT */
/*
 * 18_queue.c -- between a queue's owner and its thieves nothing is lost, nothing runs twice, and
 * every core's work can be had by every other core.
 *
 * As far as a program can see it; the queue itself is raced in tests/unit/runq_test.c.
 *
 * Go           src/runtime/proc_test.go: TestSchedLocalQueue and its kin, TestStealOrder
 */
#include "conform.h"

/* ---- one core starts, all cores run ---- */

static atomic_uchar *ran;

static void
marks(void *slot)
{
    atomic_fetch_add((atomic_uchar *)slot, 1);
}

static void
check_marks(size_t n)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        wrong += atomic_load(&ran[i]) != 1;
    }
    CHECK_EQ(wrong, 0);
}

static void
start_batches(size_t n, size_t batch)
{
    ran = calloc(n, sizeof *ran);
    for (size_t i = 0; i < n; i++) {
        start(marks, &ran[i]);
        if (i % batch == batch - 1) {
            gosched();
        }
    }
    finish();
    check_marks(n);
    free(ran);
}

TEST(queue_runs_each_once_on_one_core)
{
    int before = gomaxprocs(1);
    start_batches(scaled(100000, 2000), 7);
    start_batches(scaled(20000, 2000), 1000); /* more than a ring of 256 holds */
    gomaxprocs(before);
}

TEST(queue_runs_each_once_among_thieves)
{
    start_batches(scaled(100000, 2000), 3);
    start_batches(scaled(100000, 2000), 64);
    start_batches(scaled(20000, 2000), 100000);
}

/* ---- a tree: each starts two more wherever it runs ---- */

struct node {
    size_t number, size;
};

static void
branches(void *arg)
{
    struct node *n = arg;
    atomic_fetch_add(&ran[n->number], 1);
    for (size_t i = 2 * n->number + 1; i <= 2 * n->number + 2 && i < n->size; i++) {
        struct node child = { i, n->size };
        waitgroup_add(&crowd, 1);
        CHECK_EQ(go_with(&(struct go_attr){ .arg_size = sizeof child }, branches, &child), 0);
    }
    waitgroup_done(&crowd);
}

TEST(queue_runs_each_of_a_tree_once)
{
    struct node root = { 0, scaled(60000, 1500) };
    ran = calloc(root.size, sizeof *ran);
    waitgroup_add(&crowd, 1);
    go(branches, &root);
    finish();
    check_marks(root.size);
    free(ran);
}

/* ---- a core that has only one to run next, and others that look whether it has any ---- */

static void
hands_back(void *arg)
{
    struct chan **c = arg;
    while (chan_recv(c[0], NULL)) {
        chan_send(c[1], NULL);
    }
}

TEST(queue_of_one_is_never_taken_for_empty)
{
    struct chan *c[2] = { chan_make(0, 0), chan_make(0, 0) };
    start(hands_back, c);
    for (size_t i = 0, n = scaled(100000, 2000); i < n; i++) {
        chan_send(c[0], NULL); /* every core is idle but this one, and soon this one */
        CHECK(chan_recv(c[1], NULL));
    }
    chan_close(c[0]);
    finish();
    for (size_t i = 0, n = scaled(30000, 500); i < n; i++) {
        atomic_uchar once = 0;
        start(marks, &once);
        finish();
        CHECK_EQ(atomic_load(&once), 1);
    }
    chan_free(c[0]);
    chan_free(c[1]);
}

/* ---- whose work was had by whom ---- */

enum { CORES = 64 };

struct heist {
    int victim, thieves;
    atomic_int arrived;
};

static atomic_uint stolen[CORES][CORES]; /* by victim, by thief */

static void
takes_a_core(void *arg)
{
    struct heist *h = arg;
    atomic_fetch_add(&stolen[h->victim][core_id()], 1);
    atomic_fetch_add(&h->arrived, 1);
    while (atomic_load(&h->arrived) < h->thieves) { /* so that each needs a core of its own */
    }
    waitgroup_done(&crowd);
}

static void
is_robbed(void *arg)
{
    struct heist *h = arg;
    waitgroup_add(&crowd, h->thieves);
    for (int i = 0; i < h->thieves; i++) {
        go(takes_a_core, h);
    }
    while (atomic_load(&h->arrived) < h->thieves) {
    }
    waitgroup_done(&crowd);
}

static bool
all_robbed_by_all(int n)
{
    for (int v = 0; v < n; v++) {
        for (int t = 0; t < n; t++) {
            if (v != t && atomic_load(&stolen[v][t]) == 0) {
                return false;
            }
        }
    }
    return true;
}

TEST(queue_of_each_core_is_open_to_every_other)
{
    int n = num_cpu() < CORES ? num_cpu() : CORES;
    int64_t give_up = nanotime() + PATIENCE;
    while (!all_robbed_by_all(n) && nanotime() < give_up) {
        for (int v = 0; v < n; v++) {
            struct heist h = { .victim = v, .thieves = n - 1 };
            waitgroup_add(&crowd, 1);
            CHECK_EQ(go_with(&(struct go_attr){ .core = GO_CORE(v) }, is_robbed, &h), 0);
            finish();
        }
    }
    CHECK(all_robbed_by_all(n));
    CHECK(n == 1 || stats_now().stolen > 0);
}

CONFORM(TEST_ENTRY(queue_runs_each_once_on_one_core),
        TEST_ENTRY(queue_runs_each_once_among_thieves), TEST_ENTRY(queue_runs_each_of_a_tree_once),
        TEST_ENTRY(queue_of_one_is_never_taken_for_empty),
        TEST_ENTRY(queue_of_each_core_is_open_to_every_other))
