/* SPDX-License-Identifier: MIT */
/*
 * memmap_test.c -- overlapping, extreme and overlong memory maps; links kernel/memmap.c.
 */
#include <memlayout.h>
#include <memmap.h>
#include <string.h>

#include "tap.h"

static struct memmap map;
static uint32_t random_state;

/* xorshift32: the same numbers for a seed on every host. */
static uint32_t
next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static bool
map_is_sound(void)
{
    for (unsigned i = 0; i < map.nranges; i++) {
        const struct mem_range *r = &map.ranges[i];

        if (r->len == 0 || r->base + r->len - 1 < r->base || r->type < MEM_USABLE ||
            r->type > MEM_BAD || (i > 0 && r->base < r[-1].base + r[-1].len)) {
            return false;
        }
        if (r->type == MEM_USABLE && (r->base == 0 || (r->base | r->len) % PAGE_SIZE)) {
            return false;
        }
    }
    return map.nranges <= MEMMAP_RANGES;
}

static enum mem_type
type_at(uint64_t pa)
{
    for (unsigned i = 0; i < map.nranges; i++) {
        if (pa - map.ranges[i].base < map.ranges[i].len) {
            return map.ranges[i].type;
        }
    }
    return 0;
}

static void
clear_map(void)
{
    memset(&map, 0, sizeof map);
}

TEST(memmap_lets_the_more_restricted_type_win)
{
    clear_map();
    memmap_add(&map, 0x300000, 0x1000, MEM_BAD);
    memmap_add(&map, 0x100000, 0x400000, MEM_USABLE);
    memmap_add(&map, 0x2ff800, 0x2000, MEM_ACPI_NVS);
    memmap_add(&map, 0x100000, 0x400000, MEM_USABLE);
    memmap_finish(&map);
    CHECK(map_is_sound());
    CHECK_EQ(type_at(0x2fefff), MEM_USABLE);
    CHECK_EQ(type_at(0x2ff000), 0);
    CHECK_EQ(type_at(0x2ff800), MEM_ACPI_NVS);
    CHECK_EQ(type_at(0x300000), MEM_BAD);
    CHECK_EQ(type_at(0x301000), MEM_ACPI_NVS);
    CHECK_EQ(type_at(0x302000), MEM_USABLE);
}

TEST(memmap_merges_neighbours_and_claims_whole_pages)
{
    clear_map();
    for (unsigned i = 16; i > 0; i--) {
        memmap_add(&map, i * 0x1800, 0x1800, MEM_USABLE);
    }
    memmap_finish(&map);
    CHECK_EQ(map.nranges, 2);
    CHECK_EQ(memmap_usable(&map), 0x17000);
    memmap_claim(&map, 0x8001, 0x1000);
    CHECK_EQ(type_at(0x7fff), MEM_USABLE);
    CHECK_EQ(type_at(0x8000), MEM_CLAIMED);
    CHECK_EQ(type_at(0x9fff), MEM_CLAIMED);
    CHECK_EQ(type_at(0xa000), MEM_USABLE);
    memmap_claim(&map, 0, 0);
    CHECK(map_is_sound());
}

TEST(memmap_survives_extreme_ranges)
{
    clear_map();
    memmap_add(&map, UINT64_MAX, UINT64_MAX, MEM_USABLE);
    memmap_add(&map, 0, UINT64_MAX, MEM_USABLE);
    memmap_add(&map, UINT64_MAX - 5, 100, MEM_RESERVED);
    memmap_finish(&map);
    memmap_claim(&map, UINT64_MAX - 1, UINT64_MAX);
    CHECK(map_is_sound());
    CHECK_EQ(memmap_usable(&map), (1ull << 45) - PAGE_SIZE);
    CHECK_EQ(map.lost, 2);
}

TEST(memmap_too_long_keeps_the_largest_and_wins_nothing)
{
    enum { HOLES = 3 * MEMMAP_RANGES };

    for (int late = 0; late <= 1; late++) {
        clear_map();
        for (uint64_t i = 0; i <= HOLES + 1; i++) {
            uint64_t at = late ? HOLES + 1 - i : i; /* the gaps grow */

            if (i == (late ? HOLES + 1 : 0)) {
                memmap_add(&map, 1 << 20, 1ull << 44, MEM_USABLE);
            } else if (at > 0) {
                memmap_add(&map, at * at << 20, PAGE_SIZE, MEM_RESERVED);
            }
        }
        memmap_finish(&map);
        CHECK(map_is_sound());
        CHECK(map.lost > 0);
        CHECK(memmap_usable(&map) > 8ull << 40);
        for (uint64_t i = 1; i <= HOLES; i++) {
            CHECK(type_at(i * i << 20) != MEM_USABLE);
        }
        CHECK_EQ(type_at(((uint64_t)HOLES * HOLES << 20) - PAGE_SIZE), MEM_USABLE);
        CHECK_EQ(type_at(((uint64_t)HOLES * HOLES << 20) + PAGE_SIZE), MEM_USABLE);
    }
}

/* Restrictions alone, too many: what lies between may go, they may not. */
TEST(memmap_full_of_restrictions_forgets_none)
{
    enum { MANY = 2 * MEMMAP_RANGES };

    clear_map();
    for (uint64_t i = 1; i <= MANY; i++) {
        memmap_add(&map, i << 24, 0x1000, i % 2 ? MEM_RESERVED : MEM_BAD);
    }
    memmap_add(&map, 1 << 24, (uint64_t)MANY << 24, MEM_USABLE);
    memmap_add(&map, 0xf00000000000, 0x1000, MEM_USABLE); /* beyond all */
    memmap_finish(&map);
    CHECK(map_is_sound());
    CHECK(map.lost > 0);
    CHECK(memmap_usable(&map) > (MANY / 9ull) << 24);
    for (uint64_t i = 1; i <= MANY; i++) {
        CHECK(type_at(i << 24) > MEM_USABLE);
    }
}

TEST(memmap_claims_do_not_overflow_it)
{
    clear_map();
    memmap_add(&map, 1 << 20, 1 << 30, MEM_USABLE);
    memmap_finish(&map);
    for (uint64_t i = 1; i < 2 * MEMMAP_RANGES; i++) {
        memmap_claim(&map, (1 << 20) + i * 0x3000, 1);
        CHECK(map_is_sound());
        CHECK(type_at((1 << 20) + i * 0x3000) == MEM_CLAIMED);
    }
    CHECK(map.lost > 0);
}

/* Byte by byte against the plain definition: at each address the greatest type added. */
TEST(memmap_agrees_with_a_bitmap)
{
    enum { PAGES = 200 };

    for (uint32_t seed = 1; seed <= 300; seed++) {
        uint8_t want[PAGES] = {MEM_RESERVED};

        random_state = seed;
        clear_map();
        for (int n = 0; n < 60; n++) {
            uint32_t base = next_random() % PAGES;
            uint32_t len = next_random() % (PAGES - base);
            enum mem_type type = 1 + next_random() % MEM_BAD;

            memmap_add(&map, base * 0x1000ull, len * 0x1000ull, type);
            for (uint32_t p = base; p < base + len; p++) {
                want[p] = want[p] > type ? want[p] : (uint8_t)type;
            }
        }
        memmap_finish(&map);
        for (uint32_t p = 0; p < PAGES; p++) {
            if (!CHECK_EQ(type_at(p * 0x1000ull), want[p])) {
                printf("# seed %u page %u\n", seed, p);
            }
        }
        CHECK(map_is_sound());
    }
}

TEST(memmap_finds_a_page_to_start_cores_in)
{
    static const struct {
        uint64_t base, len, want; /* the one usable range below 1 MiB */
    } cases[] = {
        {0, 0x9fc00, 0x10000},       {0x34567, 0x9000, 0x35000}, {0, 0x10000, 0x1000},
        {0x8000, 0x8fff, 0x8000},    {0x9e000, 0x2000, 0x9e000}, {0x9f000, 0x61000, 0x9f000},
        {0x9f001, 0x60fff, 0},       {0xa0000, 0x60000, 0},      {0, 0x1000, 0},
        {0x8800, 0x1000, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clear_map();
        memmap_add(&map, 1 << 20, 1 << 20, MEM_USABLE);
        memmap_add(&map, cases[i].base, cases[i].len, MEM_USABLE);
        memmap_finish(&map);
        if (!CHECK_EQ(memmap_claim_start_page(&map), cases[i].want)) {
            printf("# case %zu\n", i);
        }
        CHECK_EQ(type_at(cases[i].want), cases[i].want ? MEM_CLAIMED : MEM_RESERVED);
        CHECK(map_is_sound());
    }
    memmap_claim(&map, 0x100000, 0x100000);
    CHECK_EQ(memmap_claim_start_page(&map), 0);
}

TEST(memmap_goes_around_modules_for_that_page)
{
    clear_map();
    memmap_add(&map, 0, 0x9fc00, MEM_USABLE);
    memmap_finish(&map);
    memmap_claim(&map, 0xf800, 0x20001);
    CHECK_EQ(memmap_claim_start_page(&map), 0x30000);
    CHECK_EQ(memmap_claim_start_page(&map), 0x31000);
    memmap_claim(&map, 0x32000, 0x70000);
    CHECK_EQ(memmap_claim_start_page(&map), 0x1000);
}

TEST(memmap_knows_what_it_has)
{
    clear_map();
    memmap_add(&map, 0x100000, 0x100000, MEM_USABLE);
    memmap_add(&map, 0x180000, 0x1000, MEM_ACPI_NVS);
    memmap_finish(&map);
    CHECK(memmap_has(&map, 0x100000, 0x80000));
    CHECK(!memmap_has(&map, 0x100000, 0x80001));
    CHECK(!memmap_has(&map, 0xff000, 0x2000));
    CHECK(!memmap_has(&map, 0x180000, 1));
    CHECK(memmap_has(&map, 0x181000, 0x7f000));
    CHECK(!memmap_has(&map, 0x1ff000, UINT64_MAX));
    CHECK(!memmap_has(&map, 0x300000, 0));
}

static const struct test tests[] = {
    TEST_ENTRY(memmap_finds_a_page_to_start_cores_in),
    TEST_ENTRY(memmap_goes_around_modules_for_that_page),
    TEST_ENTRY(memmap_knows_what_it_has),
    TEST_ENTRY(memmap_lets_the_more_restricted_type_win),
    TEST_ENTRY(memmap_merges_neighbours_and_claims_whole_pages),
    TEST_ENTRY(memmap_survives_extreme_ranges),
    TEST_ENTRY(memmap_too_long_keeps_the_largest_and_wins_nothing),
    TEST_ENTRY(memmap_full_of_restrictions_forgets_none),
    TEST_ENTRY(memmap_claims_do_not_overflow_it),
    TEST_ENTRY(memmap_agrees_with_a_bitmap),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
