/* SPDX-License-Identifier: MIT */
/*
 * heap_test.c -- malloc and its kin, in RAM of its own making.
 */
#include "heap.h"

#include <errno.h>
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
        CHECK(k->size == 0 || (k->max >= 8 && k->objects >= 7));
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
        CHECK(counts[0] * sizes[i] > (sizes[i] <= SLAB_SIZE_MAX ? 7 : 3) * MIB);
    }
}

TEST(heap_survives_running_out_of_memory)
{
    CHECK(stub_run(exhaustion, &tap_failed_checks));
}

static void
first_core_without_memory(void)
{
    void *p;

    boot(MIB);
    p = malloc(100);
    while (pmm_alloc(0)) {
    }
    stub_core_enter(200, false); /* most likely another core: no lists there, and no page left */
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

static const struct test tests[] = {
    TEST_ENTRY(heap_classes_fit_and_keep_alignment),
    TEST_ENTRY(heap_follows_the_standard_at_the_edges),
    TEST_ENTRY(heap_aligns_as_asked),
    TEST_ENTRY(heap_realloc_keeps_contents_and_place),
    TEST_ENTRY(heap_survives_running_out_of_memory),
    TEST_ENTRY(heap_frees_on_a_core_that_cannot_have_lists),
    TEST_ENTRY(heap_asks_for_no_pages_in_steady_state),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
