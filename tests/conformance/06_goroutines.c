/* SPDX-License-Identifier: MIT */
/*
 * 06_goroutines.c -- a long chain of goroutines passes a value along and dies cleanly.
 *
 * Go           test/chan/goroutines.go
 */
#include "conform.h"

struct link {
    struct chan *left, *right;
};

static void
passes_one_more(void *arg)
{
    struct link *l = arg;
    uint64_t value;
    CHECK(chan_recv(l->right, &value));
    value++;
    chan_send(l->left, &value);
}

static void
chain(size_t n, size_t capacity)
{
    struct link *links = calloc(n, sizeof *links);
    struct chan *leftmost = chan_make(sizeof(uint64_t), capacity), *right = leftmost;
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        links[i] = (struct link){ right, chan_make(sizeof(uint64_t), capacity) };
        right = links[i].right;
        start(passes_one_more, &links[i]);
    }
    CHECK_EQ(num_goroutine(), n + 1); /* none has anything to receive yet */
    chan_send(right, &value);
    CHECK(chan_recv(leftmost, &value));
    CHECK_EQ(value, n);
    finish();
    CHECK_ALONE();
    chan_free(leftmost);
    for (size_t i = 0; i < n; i++) {
        chan_free(links[i].right);
    }
    free(links);
}

TEST(goroutines_in_a_chain)
{
    chain(scaled(100000, 1000), 0);
}

TEST(goroutines_in_a_chain_of_buffers)
{
    chain(scaled(20000, 500), 1);
}

TEST(goroutines_in_chains_over_and_over)
{
    for (int i = 0; i < 20; i++) {
        chain(scaled(2000, 50), 0);
    }
}

/* Each starts the next before it waits: a chain that grows at its far end, on any core. */
struct grown {
    struct chan *left;
    size_t more;
};

static void
grows(void *arg)
{
    struct grown *g = arg;
    struct grown next = { chan_make(sizeof(uint64_t), 0), g->more - 1 };
    uint64_t value = 0;
    if (g->more > 0) {
        go(grows, &next);
        CHECK(chan_recv(next.left, &value));
    }
    value++;
    chan_free(next.left);
    chan_send(g->left, &value);
}

TEST(goroutines_in_a_chain_that_grows)
{
    size_t n = scaled(50000, 1000);
    struct grown first = { chan_make(sizeof(uint64_t), 0), n };
    uint64_t value;
    go(grows, &first);
    CHECK(chan_recv(first.left, &value));
    CHECK_EQ(value, n + 1);
    CHECK_ALONE();
    chan_free(first.left);
}

CONFORM(TEST_ENTRY(goroutines_in_a_chain), TEST_ENTRY(goroutines_in_a_chain_of_buffers),
        TEST_ENTRY(goroutines_in_chains_over_and_over),
        TEST_ENTRY(goroutines_in_a_chain_that_grows))
