/* SPDX-License-Identifier: MIT */
/*
 * heap_misuse_test.c -- frees that must not go unnoticed.
 */
#include <stdlib.h>

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

static void
twice_at_once(void)
{
    boot(4 * MIB);
    char *p = malloc(10), *q = p;

    free(p);
    free(q);
}

/* The second free finds the slab gone. */
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
    CHECK(stub_throws(twice_later, "was not allocated"));
    CHECK(stub_throws(inside, "points into an object"));
    CHECK(stub_throws(on_the_stack, "was not allocated"));
    CHECK(stub_throws(inside_big, "was not allocated"));
    CHECK(stub_throws(inside_big_page, "was not allocated"));
    CHECK(stub_throws(big_twice, "was not allocated"));
    CHECK(stub_throws(realloc_freed, "realloc: "));
}

#ifdef DEBUG
static void
twice_but_one(void)
{
    boot(4 * MIB);
    char *p = malloc(100), *other = malloc(100), *q = p;

    free(p);
    free(other);
    free(q);
}

static void
written_after_free(void)
{
    boot(4 * MIB);
    char *p = malloc(100), *q = p;

    free(p);
    q[50] = 1;
    malloc(100);
}

TEST(heap_finds_what_a_debug_build_can)
{
    CHECK(stub_throws(twice_but_one, "is free already"));
    CHECK(stub_throws(written_after_free, "was written at byte 50 after free: 1"));
}
#endif

static const struct test tests[] = {
    TEST_ENTRY(heap_throws_at_a_wrong_free),
#ifdef DEBUG
    TEST_ENTRY(heap_finds_what_a_debug_build_can),
#endif
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
