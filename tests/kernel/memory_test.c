/* SPDX-License-Identifier: MIT */
/*
 * memory_test.c -- the heap under all cores, and life after the memory has run out.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

/* ---- the heap ---- */

struct block {
    struct block *next;
    size_t size;
    uint64_t pattern;
    unsigned char bytes[];
};

static atomic_uint damaged;
static struct chan *passed_on;

static struct block *
block_new(size_t size, uint64_t pattern)
{
    struct block *b = malloc(sizeof(*b) + size);

    if (b != NULL) {
        b->size = size;
        b->pattern = pattern;
        memset(b->bytes, (unsigned char)pattern, size);
    }
    return b;
}

static void
block_free(struct block *b)
{
    for (size_t i = 0; i < b->size; i++) {
        if (b->bytes[i] != (unsigned char)b->pattern) {
            atomic_fetch_add(&damaged, 1);
            break;
        }
    }
    free(b);
}

/* Every block is freed by whoever receives it, mostly on another core. */
static void
pass_blocks(void *arg)
{
    uint64_t random = (uintptr_t)arg + 1;
    struct block *b;

    for (int i = 0; i < 600; i++) {
        size_t size = next_random(&random) % (i % 50 == 0 ? 40000 : 700);

        b = block_new(size, random);
        if (b == NULL) {
            atomic_fetch_add(&damaged, 1);
            continue;
        }
        if (i % 3 == 0) {
            struct block *bigger = realloc(b, sizeof(*b) + size * 2);

            b = bigger != NULL ? bigger : b;
        }
        if (!chan_try_send(passed_on, &b)) {
            block_free(b);
        }
        if (chan_try_recv(passed_on, &b) == CHAN_OK && i % 2 == 0) {
            block_free(b);
        } else if (i % 2 != 0 && chan_try_recv(passed_on, &b) == CHAN_OK) {
            block_free(b);
        }
    }
    waitgroup_done(&all);
}

TEST(heap_serves_all_cores_at_once)
{
    int n = 3 * num_cpu();
    struct block *b;

    passed_on = chan_make(sizeof(struct block *), 64);
    waitgroup_add(&all, n);
    for (int i = 0; i < n; i++) {
        go(pass_blocks, (void *)(uintptr_t)i);
    }
    waitgroup_wait(&all);
    while (chan_try_recv(passed_on, &b) == CHAN_OK) {
        block_free(b);
    }
    CHECK_EQ(atomic_load(&damaged), 0);
    chan_free(passed_on);
}

/* ---- running out ---- */

/* All there is in blocks of that size, as a list; the count in *n. */
static struct block *
take_all(struct block *list, size_t size, unsigned *n)
{
    struct block *b;

    while ((b = malloc(size)) != NULL) {
        b->next = list;
        list = b;
        ++*n;
    }
    return list;
}

static void
free_all(struct block *list)
{
    while (list != NULL) {
        struct block *next = list->next;

        free(list);
        list = next;
    }
}

TEST(memory_runs_out_and_comes_back)
{
    unsigned first = 0, again = 0, small = 0;
    uint64_t before = stats_now().free_bytes, after;
    struct block *list = take_all(NULL, 1 << 20, &first);

    list = take_all(list, 1 << 14, &small);
    list = take_all(list, 512, &small);
    list = take_all(list, sizeof(struct block), &small);
    free_all(list);
    after = stats_now().free_bytes;
    CHECK(after + (1 << 20) >= before);
    list = take_all(NULL, 1 << 20, &again);
    free_all(list);
    CHECK(again + 2 >= first);
    CHECK(first > 8);
}

static struct chan *release;
static atomic_uint parked;

static void
wait_for_release(void *arg)
{
    (void)arg;
    atomic_fetch_add(&parked, 1);
    chan_recv(release, NULL);
    waitgroup_done(&all);
}

/* The caller will not need a page for its stack while there is none. */
static __attribute__((noinline)) void
warm_stack(void)
{
    volatile char room[24 << 10];

    for (size_t i = 0; i < sizeof(room); i += 1024) {
        room[i] = 1;
    }
}

/* Goroutines until there is no memory for one more; how many. What is kept back is what the system
 * lives on until they are gone: no large block, for the memory may be in pieces, and no small ones,
 * which the heap would keep for itself. */
static unsigned
spawn_until_refused(void)
{
    struct block *kept = NULL, *b;
    unsigned n = 0;
    int err;

    warm_stack();
    for (int i = 0; i < 32 && (b = malloc(64 << 10)) != NULL; i++) {
        b->next = kept;
        kept = b;
    }
    waitgroup_add(&all, 1);
    for (;; n++) {
        waitgroup_add(&all, 1);
        err = go_with(NULL, wait_for_release, NULL);
        if (err != 0) {
            break;
        }
    }
    free_all(kept);
    CHECK_EQ(err, -ENOMEM);
    waitgroup_add(&all, -2);
    CHECK(WAIT_UNTIL(atomic_load(&parked) == n));
    return n;
}

TEST(memory_for_goroutines_runs_out_and_comes_back)
{
    enum { LEAVE = 24 << 20 };
    struct block *list = NULL, *b;
    unsigned n[2];

    while (stats_now().free_bytes > LEAVE && (b = malloc(1 << 20)) != NULL) {
        b->next = list;
        list = b;
    }
    for (int round = 0; round < 2; round++) {
        release = chan_make(0, 0);
        atomic_store(&parked, 0);
        n[round] = spawn_until_refused();
        chan_close(release);
        waitgroup_wait(&all);
        CHECK(WAIT_UNTIL(num_goroutine() == 1));
        chan_free(release);
    }
    free_all(list);
    CHECK(n[0] > 1000);
    CHECK(n[1] + n[1] / 4 > n[0]);
    if (n[1] + n[1] / 4 <= n[0]) {
        printf("# %u goroutines at first, %u the second time\n", n[0], n[1]);
    }
}

static const struct test tests[] = {
    TEST_ENTRY(heap_serves_all_cores_at_once),
    TEST_ENTRY(memory_runs_out_and_comes_back),
    TEST_ENTRY(memory_for_goroutines_runs_out_and_comes_back),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
