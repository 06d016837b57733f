/* SPDX-License-Identifier: MIT */
/*
 * heap_test.c -- malloc and its kin, in RAM of its own making.
 */
#include "heap.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_stubs.h"
#include "pmm.h"
#include "slab.h"
#include "tap.h"

#define MIB (1ull << 20)

static void
boot(uint64_t len)
{
    stub_ram(MIB + len);
    stub_ram_add(MIB, len);
    pmm_init(&(struct pmm_range){ MIB, len }, 1);
}

TEST(heap_classes_fit_and_keep_alignment)
{
    for (size_t size = 1; size <= SLAB_SIZE_MAX; size++) {
        unsigned class = slab_class_of(size);
        const struct slab_class *k = &slab_classes[class];
        size_t align = size & -size;

        CHECK(class >= 1 && class < SLAB_CLASSES);
        CHECK(k->size >= size && (class == 1 || slab_classes[class - 1].size < size));
        CHECK(k->size - size < 16 || k->size - size <= size / 4);
        CHECK(k->size % align == 0);
    }
    CHECK_EQ(slab_class_of(0), 1);
    for (unsigned class = 0; class < 256; class++) {
        const struct slab_class *k = &slab_classes[class];

        CHECK_EQ(k->size != 0, class >= 1 && class < SLAB_CLASSES);
        CHECK(k->size * k->objects <= k->mask && k->mask - k->size * k->objects <= k->mask / 7);
        CHECK(k->size == 0 || (k->max >= 4 && k->objects >= 7));
        for (uint32_t at = 0; at <= k->mask; at++) {
            if (slab_is_object(k, at) != (k->size && at % k->size == 0)) {
                CHECK_EQ(class, at);
            }
        }
    }
}

static void
basics(void)
{
    void *a, *b;
    char *p;

    boot(16 * MIB);
    errno = 7;
    a = malloc(0);
    b = malloc(0);
    CHECK(a && b && a != b && (uintptr_t)a % 16 == 0);
    CHECK_EQ(heap_bytes(), 32);
    free(a);
    free(b);
    free(NULL);
    CHECK(!malloc(PTRDIFF_MAX) && !malloc(SIZE_MAX) && !malloc((size_t)PTRDIFF_MAX + 1));
    CHECK(!malloc(SIZE_MAX - 8) && !calloc(SIZE_MAX / 2, 3) && !calloc(1ull << 32, 1ull << 32));
    CHECK(!aligned_alloc(48, 96) && !aligned_alloc(0, 96) && !aligned_alloc(64, SIZE_MAX - 8));
    CHECK(!aligned_alloc(1ull << 63, 1) && !realloc(NULL, SIZE_MAX));
    p = malloc(200);
    memset(p, 0xff, 200);
    free(p);
    p = calloc(10, 20);
    for (unsigned i = 0; i < 200; i++) {
        CHECK_EQ(p[i], 0);
    }
    CHECK(!realloc(p, PTRDIFF_MAX));
    p[199] = 7;
    free(p);
    CHECK_EQ(heap_bytes(), 0);
    CHECK_EQ(errno, 7);
}

TEST(heap_follows_the_standard_at_the_edges)
{
    CHECK(stub_run(basics, &tap_failed_checks));
}

static void
alignment(void)
{
    static void *p[16];

    boot(64 * MIB);
    for (size_t align = 1; align <= MIB; align *= 2) {
        for (size_t size = 0; size < 3 * align + 300; size += 1 + size / 5) {
            for (unsigned i = 0; i < 3; i++) {
                p[i] = aligned_alloc(align, size);
                CHECK(p[i] && (uintptr_t)p[i] % align == 0 && (uintptr_t)p[i] % 16 == 0);
                memset(p[i], 1, size);
            }
            for (unsigned i = 0; i < 3; i++) {
                free(p[i]);
            }
        }
    }
    CHECK_EQ(heap_bytes(), 0);
}

TEST(heap_aligns_as_asked)
{
    CHECK(stub_run(alignment, &tap_failed_checks));
}

static void
resizing(void)
{
    char *p, *q;

    boot(64 * MIB);
    p = malloc(100);
    CHECK(realloc(p, 112) == p && realloc(p, 60) == p);
    strcpy(p, "kept");
    p = realloc(p, 5000);
    CHECK_STREQ(p, "kept");
    p = realloc(p, 3 * MIB + 5000); /* 770 pages: 512 + 256 + 2 */
    CHECK_STREQ(p, "kept");
    CHECK_EQ(heap_bytes(), 770 * PAGE_SIZE);
    CHECK(realloc(p, 770 * PAGE_SIZE) == p);
    memset(p + 5, 0x55, 770 * PAGE_SIZE - 5);
    CHECK(realloc(p, MIB + MIB / 4) == p);
    CHECK_EQ(heap_bytes(), 320 * PAGE_SIZE);
    CHECK(realloc(p, 9000) == p);
    CHECK_EQ(heap_bytes(), 3 * PAGE_SIZE);
    CHECK_STREQ(p, "kept");
    q = realloc(p, 10);
    CHECK_STREQ(q, "kept");
    q = realloc(q, 0);
    CHECK(q != NULL);
    CHECK_EQ(heap_bytes(), 16);
    free(q);
    CHECK_EQ(heap_bytes(), 0);
}

TEST(heap_realloc_keeps_contents_and_place)
{
    CHECK(stub_run(resizing, &tap_failed_checks));
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
    for (unsigned round = 0; round < 10; round++) {
        trace(live, 1000, 20000, &seed);
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
    for (unsigned round = 0; round < 10; round++) {
        trace(live, 1000, 20000, &seed);
        live_free_all(live, 1000);
        CHECK_EQ(heap_bytes(), 0);
        CHECK_EQ(free_after_reclaim(), before);
    }
}

static void
exhaustion(void)
{
    static const size_t sizes[] = { 16, 448, 4096, 8192, 8193, 100000 };

    boot(8 * MIB);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned counts[2] = { 0 };

        for (unsigned round = 0; round < 2; round++) {
            void **list = NULL, **p;

            while ((p = malloc(sizes[i])) != NULL) {
                *p = list;
                list = p;
                counts[round]++;
            }
/* What is left is too small: single pages beside runs of three. */
            CHECK(pmm_free_bytes() < (sizes[i] <= SLAB_SIZE_MAX ? MIB / 4 : 3 * MIB));
            while (list) {
                p = *list;
                free(list);
                list = p;
            }
            CHECK_EQ(heap_bytes(), 0);
        }
        CHECK_EQ(counts[0], counts[1]);
        CHECK(counts[0] * sizes[i] > (sizes[i] <= SLAB_SIZE_MAX ? 7 : 4) * MIB);
    }
}

TEST(heap_survives_running_out_of_memory)
{
    CHECK(stub_run(exhaustion, &tap_failed_checks));
    CHECK(stub_run(tight_trace, &tap_failed_checks));
}

static void
first_core_without_memory(void)
{
    void *p;

    boot(MIB);
    p = malloc(100);
    while (pmm_alloc(0)) {
    }
    stub_core_enter(200, false); /* another core now, most likely: without lists, and no page left */
    free(p);
    CHECK(heap_bytes() == 0);
    CHECK(!malloc(100) || !malloc(100000));
}

TEST(heap_frees_on_a_core_that_cannot_have_lists)
{
    CHECK(stub_run(first_core_without_memory, &tap_failed_checks));
}

static void
steady_state(void)
{
    void *p[20];
    unsigned calls = 0;

    boot(64 * MIB);
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 20; i++) {
            p[i] = malloc(i * 50);
        }
        for (unsigned i = 0; i < 20; i++) {
            free(p[i]);
        }
        calls = round == 0 ? stub_core_calls() : calls;
    }
    CHECK_EQ(stub_core_calls(), calls);
}

TEST(heap_asks_for_no_pages_in_steady_state)
{
    CHECK(stub_run(steady_state, &tap_failed_checks));
}

static void
twice_at_once(void)
{
    boot(4 * MIB);
    char *p = malloc(10), *q = p;

    free(p);
    free(q);
}

/* The second free finds the slab gone, or (debug builds) its mark. */
static void
twice_later(void)
{
    static void *p[5000];
    void *q;

    boot(4 * MIB);
    for (unsigned i = 0; i < 5000; i++) {
        p[i] = malloc(448);
    }
    q = p[2500];
    for (unsigned i = 0; i < 5000; i++) {
        free(p[i]);
    }
    free(q);
}

static void
inside(void)
{
    boot(4 * MIB);
    char *p = malloc(48);

    free(p + 16);
}

static void
on_the_stack(void)
{
    char c[32];
    char *volatile p = c;

    boot(4 * MIB);
    free(p);
}

static void
inside_big(void)
{
    boot(4 * MIB);
    char *p = malloc(100000);

    free(p + PAGE_SIZE);
}

static void
inside_big_page(void)
{
    boot(4 * MIB);
    char *p = malloc(100000);

    free(p + 64);
}

static void
big_twice(void)
{
    boot(4 * MIB);
    char *p = malloc(100000), *q = p;

    free(p);
    free(q);
}

static void
realloc_freed(void)
{
    boot(4 * MIB);
    char *p = malloc(100000), *q = p;

    free(p);
    q = realloc(q, 200);
}

TEST(heap_throws_at_a_wrong_free)
{
    CHECK(stub_throws(twice_at_once, "is free already"));
#ifdef DEBUG
    CHECK(stub_throws(twice_later, "is free already"));
#else
    CHECK(stub_throws(twice_later, "was not allocated"));
#endif
    CHECK(stub_throws(inside, "points into an object"));
    CHECK(stub_throws(on_the_stack, "was not allocated"));
    CHECK(stub_throws(inside_big, "was not allocated"));
    CHECK(stub_throws(inside_big_page, "was not allocated"));
    CHECK(stub_throws(big_twice, "was not allocated"));
    CHECK(stub_throws(realloc_freed, "realloc: "));
}

#ifdef DEBUG
static void
written_after_free(void)
{
    boot(4 * MIB);
    char *p = malloc(100), *q = p;

    free(p);
    q[50] = 1;
    malloc(100);
}

TEST(heap_throws_at_a_write_after_free)
{
    CHECK(stub_throws(written_after_free, "was written at byte 50 after free: 1"));
}
#endif

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
    TEST_ENTRY(heap_classes_fit_and_keep_alignment),
    TEST_ENTRY(heap_follows_the_standard_at_the_edges),
    TEST_ENTRY(heap_aligns_as_asked),
    TEST_ENTRY(heap_realloc_keeps_contents_and_place),
    TEST_ENTRY(heap_blocks_never_overlap_and_all_memory_comes_back),
    TEST_ENTRY(heap_survives_running_out_of_memory),
    TEST_ENTRY(heap_frees_on_a_core_that_cannot_have_lists),
    TEST_ENTRY(heap_asks_for_no_pages_in_steady_state),
    TEST_ENTRY(heap_throws_at_a_wrong_free),
#ifdef DEBUG
    TEST_ENTRY(heap_throws_at_a_write_after_free),
#endif
    TEST_ENTRY(heap_serves_threads_that_change_cores),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
