/* SPDX-License-Identifier: MIT */
/*
 * 10_chanlinear.c -- taking one waiter out of a queue costs the same, however long the queue is.
 *
 * n goroutines park in a select over a common channel and one of their own, and are then let go by
 * their own in random order: each must leave the common queue from somewhere in its middle. Then
 * the same once more, with the common queue dealt out to SHORTER channels. All else is the same,
 * memory touched included; only a search in the queue would be SHORTER times cheaper.
 *
 * Context      both kinds alternate within one run, and the shortest of each are compared
 * Rejected     the same number of departures from few goroutines, many times over: these stay in
 *              the caches and in the TLB, which alone is worth a factor of ten
 * Go           test/chanlinear.go
 */
#include "conform.h"

enum { SHORTER = 200, ROUNDS = 5, ALLOWED = 4 };

struct leaver {
    struct chan *own, *common;
};

static void
leaves_by_its_own(void *arg)
{
    struct leaver *l = arg;
    struct select_case cases[] = { SELECT_RECV(l->common, NULL), SELECT_RECV(l->own, NULL) };
    CHECK_EQ(chan_select(cases, 2), 1);
}

static void
shuffle(size_t *order, size_t n)
{
    uint64_t random = 0x2545f4914f6cdd1d;
    for (size_t i = 0; i < n; i++) {
        size_t k = next_random(&random) % (i + 1);
        order[i] = order[k];
        order[k] = i;
    }
}

/* Nanoseconds for n departures from so many queues. */
static int64_t
departures(size_t n, size_t queues, struct leaver *leavers, const size_t *order)
{
    struct chan *common[SHORTER];
    uint64_t before = stats_now().waiting;
    int64_t took;
    for (size_t i = 0; i < queues; i++) {
        common[i] = chan_make(sizeof(int), 0);
    }
    for (size_t i = 0; i < n; i++) {
        leavers[i].common = common[i % queues];
        start(leaves_by_its_own, &leavers[i]);
    }
    CHECK(WAIT_UNTIL(stats_now().waiting == before + n));
    took = -nanotime();
    for (size_t i = 0; i < n; i++) {
        chan_send(leavers[order[i]].own, &(int){ 1 });
    }
    finish();
    took += nanotime();
    for (size_t i = 0; i < queues; i++) {
        chan_free(common[i]);
    }
    return took;
}

/* What else the machine does only ever adds. */
static int64_t
shortest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

TEST(chanlinear_a_long_queue_is_left_as_fast_as_a_short_one)
{
    size_t n = scaled(20000, CONFORM_TSAN ? 1000 : 5000);
    struct leaver *leavers = calloc(n, sizeof *leavers);
    size_t *order = calloc(n, sizeof *order);
    int64_t from_one = INT64_MAX, from_many = INT64_MAX;
    shuffle(order, n);
    for (size_t i = 0; i < n; i++) {
        leavers[i].own = chan_make(sizeof(int), 0);
    }
    for (int i = 0; i < ROUNDS; i++) {
        from_one = shortest(from_one, departures(n, 1, leavers, order));
        from_many = shortest(from_many, departures(n, SHORTER, leavers, order));
    }
    printf("# %zu departures from one queue: %lld us; from %d: %lld us\n", n,
           (long long)from_one / 1000, SHORTER, (long long)from_many / 1000);
    CHECK(CONFORM_TSAN || from_one < ALLOWED * from_many); /* it has clocks of its own to copy */
    for (size_t i = 0; i < n; i++) {
        chan_free(leavers[i].own);
    }
    free(leavers);
    free(order);
}

CONFORM(TEST_ENTRY(chanlinear_a_long_queue_is_left_as_fast_as_a_short_one))
