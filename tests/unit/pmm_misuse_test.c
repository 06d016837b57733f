/* SPDX-License-Identifier: MIT */
/*
 * pmm_misuse_test.c -- what the page allocator refuses (host only: it calls pmm_init).
 */
#include "pmm.h"

#include <stddef.h>

#include "kernel_stubs.h"
#include "tap.h"

#define MIB (1ull << 20)

static void
boot(const struct pmm_range *r, unsigned n)
{
    stub_ram(r[n - 1].base + r[n - 1].len);
    for (unsigned i = 0; i < n; i++) {
        stub_ram_add(r[i].base, r[i].len);
    }
    pmm_init(r, n);
}

static void
boot_pieces(void)
{
    static const struct pmm_range pieces[] = {
        { 0, 0x9f000 },
        { MIB + 0x3000, 31 * MIB - 0x8000 },
        { 96 * MIB, 16 * MIB },
    };

    boot(pieces, 3);
}

static void
free_twice_cached(void)
{
    uint64_t pa;

    boot_pieces();
    pa = pmm_alloc(0);
    pmm_free(pa, 0);
    pmm_free(pa, 0);
}

static void
free_twice_merged(void)
{
    uint64_t pa;

    boot_pieces();
    pa = pmm_alloc(4);
    pmm_free(pa, 4);
    pmm_free(pa, 4);
}

static void
free_wrong_order(void)
{
    boot_pieces();
    pmm_free(pmm_alloc(4), 3);
}

static void
free_inside(void)
{
    boot_pieces();
    pmm_free(pmm_alloc(4) + PAGE_SIZE, 0);
}

static void
free_unaligned(void)
{
    boot_pieces();
    pmm_free(pmm_alloc(0) + 8, 0);
}

static void
free_hole(void)
{
    boot_pieces();
    pmm_free(64 * MIB, 0);
}

static void
free_page_array(void)
{
    boot_pieces();
    pmm_free(virt_to_phys(pmm_pages), 0);
}

static void
free_beyond(void)
{
    boot_pieces();
    pmm_free(1ull << 50, 0);
}

TEST(pmm_throws_at_a_wrong_free)
{
    CHECK(stub_throws(free_twice_cached, "is not an allocated block: state 40"));
    CHECK(stub_throws(free_twice_merged, "is not an allocated block"));
    CHECK(stub_throws(free_wrong_order, "has order 4, freed as 3"));
    CHECK(stub_throws(free_inside, "is not an allocated block: state 0"));
    CHECK(stub_throws(free_unaligned, "is not an allocated block"));
    CHECK(stub_throws(free_hole, "4000000 is not an allocated block: state 0"));
    CHECK(stub_throws(free_page_array, "is not an allocated block: state 0"));
    CHECK(stub_throws(free_beyond, "beyond RAM (28672 pages)"));
}

static void
overlapping(void)
{
    boot((const struct pmm_range[]){ { MIB, 8 * MIB }, { 8 * MIB, 8 * MIB } }, 2);
}

static void
ragged(void)
{
    pmm_init(&(struct pmm_range){ MIB + 8, 8 * MIB }, 1);
}

static void
tiny(void)
{
    boot((const struct pmm_range[]){ { MIB, 4 * PAGE_SIZE }, { 2 * MIB, PAGE_SIZE } }, 2);
    CHECK(pmm_total_bytes() > 0);
}

static void
none(void)
{
    pmm_init(NULL, 0);
}

TEST(pmm_init_throws_at_ranges_it_cannot_use)
{
    CHECK(stub_throws(overlapping, "bad range 1: 800000 + 800000 after 900000"));
    CHECK(stub_throws(ragged, "bad range 0"));
    CHECK(stub_throws(none, "no RAM"));
    CHECK(stub_run(tiny, &tap_failed_checks));
}

static const struct test tests[] = {
    TEST_ENTRY(pmm_throws_at_a_wrong_free),
    TEST_ENTRY(pmm_init_throws_at_ranges_it_cannot_use),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
