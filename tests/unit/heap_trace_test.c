/* SPDX-License-Identifier: MIT */
/*
 * heap_trace_test.c -- random lives of many blocks: no two overlap, and nothing is lost.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "kernel_stubs.h"
#include "pmm.h"
#include "tap.h"

#define MIB (1ull << 20)

static void
boot(uint64_t len)
{
    stub_ram(MIB + len);
    stub_ram_add(MIB, len);
    pmm_init(&(struct pmm_range){ MIB, len }, 1);
}

struct live {
    unsigned char *p;
    size_t size;
    unsigned char byte;
};

static size_t
random_size(unsigned *seed)
{
    unsigned bits = (unsigned)rand_r(seed) % 18;

    return (unsigned)rand_r(seed) % (1u << bits);
}

static bool
intact(const struct live *l)
{
    for (size_t i = 0; i < l->size; i++) {
        if (l->p[i] != l->byte) {
            return false;
        }
    }
    return true;
}

static void
live_new(struct live *l, unsigned *seed)
{
    size_t align = 16;

    l->size = random_size(seed);
    l->byte = (unsigned char)rand_r(seed);
    switch (rand_r(seed) % 4) {
    case 0:
        align = 1u << rand_r(seed) % 14;
        l->p = aligned_alloc(align, l->size);
        break;
    case 1:
        l->p = calloc(1, l->size);
        for (size_t i = 0; i < l->size && l->p; i++) {
            CHECK(l->p[i] == 0);
        }
        break;
    default:
        l->p = malloc(l->size);
    }
    if (l->p) {
        CHECK((uintptr_t)l->p % 16 == 0 && (uintptr_t)l->p % align == 0);
        memset(l->p, l->byte, l->size);
    }
}

static void
live_resize(struct live *l, unsigned *seed)
{
    size_t size = random_size(seed);
    unsigned char *p = realloc(l->p, size);

    if (p) {
        l->p = p;
        l->size = l->size < size ? l->size : size;
        CHECK(intact(l));
        l->size = size;
        memset(p, l->byte, size);
    }
}

/* Overlap shows as a byte of another block. */
static void
trace(struct live *live, unsigned n, unsigned steps, unsigned *seed)
{
    for (unsigned step = 0; step < steps; step++) {
        struct live *l = &live[(unsigned)rand_r(seed) % n];

        if (!l->p) {
            live_new(l, seed);
            continue;
        }
        CHECK(intact(l));
        if (rand_r(seed) % 4 == 0) {
            live_resize(l, seed);
        } else {
            free(l->p);
            l->p = NULL;
        }
    }
}

static void
live_free_all(struct live *live, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (live[i].p) {
            CHECK(intact(&live[i]));
            free(live[i].p);
            live[i].p = NULL;
        }
    }
}

/* All that is free, after the heap gave back what it kept for later. */
static size_t
free_after_reclaim(void)
{
    CHECK(!malloc(32ull << 30));
    return pmm_free_bytes();
}

static void
random_trace(void)
{
    static struct live live[1000];
    unsigned seed = 3;
    size_t before;

    boot(64 * MIB);
    free(malloc(1));
    before = free_after_reclaim();
    for (unsigned round = 0; round < 5; round++) {
        trace(live, 1000, 10000, &seed);
        live_free_all(live, 1000);
        CHECK_EQ(heap_bytes(), 0);
    }
    CHECK_EQ(free_after_reclaim(), before);
}

TEST(heap_blocks_never_overlap_and_all_memory_comes_back)
{
    CHECK(stub_run(random_trace, &tap_failed_checks));
}

static void
tight_trace(void)
{
    static struct live live[1000];
    unsigned seed = 4;
    size_t before;

    boot(3 * MIB);
    free(malloc(1));
    before = free_after_reclaim();
    for (unsigned round = 0; round < 5; round++) {
        trace(live, 1000, 10000, &seed);
        live_free_all(live, 1000);
        CHECK_EQ(heap_bytes(), 0);
        CHECK_EQ(free_after_reclaim(), before);
    }
}

TEST(heap_loses_nothing_where_memory_is_short)
{
    CHECK(stub_run(tight_trace, &tap_failed_checks));
}

/* A few blocks under a lock, through which the threads hand memory to each other. */
static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static struct live shelf[64];

static void *
worker(void *arg)
{
    static struct live lives[4][100];
    unsigned seed = (unsigned)(uintptr_t)arg;
    struct live *live = lives[seed];

    stub_core_enter(6, true);
    for (unsigned round = 0; round < 400; round++) {
        trace(live, 100, 50, &seed);
        pthread_mutex_lock(&shelf_lock);
        for (unsigned i = 0; i < 20; i++) {
            struct live *a = &shelf[(unsigned)rand_r(&seed) % 64];
            struct live *b = &live[(unsigned)rand_r(&seed) % 100], old = *a;

            *a = *b;
            *b = old;
        }
        pthread_mutex_unlock(&shelf_lock);
    }
    live_free_all(live, 100);
    stub_core_leave();
    return NULL;
}

static void
threads(void)
{
    pthread_t t[4];

    boot(64 * MIB);
    for (uintptr_t i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, worker, (void *)i);
    }
    for (unsigned i = 0; i < 100; i++) {
        CHECK(heap_bytes() < 64 * MIB);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }
    live_free_all(shelf, 64);
    CHECK_EQ(heap_bytes(), 0);
}

TEST(heap_serves_threads_that_change_cores)
{
    CHECK(stub_run(threads, &tap_failed_checks));
}

static const struct test tests[] = {
    TEST_ENTRY(heap_blocks_never_overlap_and_all_memory_comes_back),
    TEST_ENTRY(heap_loses_nothing_where_memory_is_short),
    TEST_ENTRY(heap_serves_threads_that_change_cores),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
