/* SPDX-License-Identifier: MIT */
/*
 * pmm_test.c -- the page allocator, in RAM of its own making (host only: it calls pmm_init).
 */
#include "pmm.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "kernel_stubs.h"
#include "tap.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

/* Low memory with frame 0, a hole up to 1 MiB, ragged ends, and RAM above a larger hole. */
static const struct pmm_range pieces[] = {
    { 0, 0x9f000 },
    { MIB + 0x3000, 31 * MIB - 0x8000 },
    { 96 * MIB, 16 * MIB },
};
#define PIECES_END (112 * MIB)

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
    boot(pieces, 3);
}

static void
boot_one(uint64_t len)
{
    boot(&(struct pmm_range){ MIB, len }, 1);
}

/* The state of every page: since free buddies always merge, equal sets of free pages give equal
 * states. */
static uint8_t *
snapshot(void)
{
    static uint8_t states[2][PIECES_END / PAGE_SIZE];
    static unsigned next;
    uint8_t *s = states[next++ % 2];

    for (uint64_t i = 0; i < pmm_npages; i++) {
        s[i] = (uint8_t)page_state(&pmm_pages[i]);
    }
    return s;
}

static bool
in_pieces(uint64_t pa, uint64_t len)
{
    for (unsigned i = 0; i < 3; i++) {
        if (pa >= pieces[i].base && pa + len <= pieces[i].base + pieces[i].len) {
            return true;
        }
    }
    return false;
}

static void
stamp(uint64_t pa, unsigned order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        uint64_t *p = phys_to_virt(pa + i * PAGE_SIZE);

        p[0] = p[511] = pa ^ i << 56;
    }
}

static bool
stamped(uint64_t pa, unsigned order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        const uint64_t *p = phys_to_virt(pa + i * PAGE_SIZE);

        if (p[0] != (pa ^ i << 56) || p[511] != p[0]) {
            return false;
        }
    }
    return true;
}

static void
all_pages(void)
{
    static uint64_t got[PIECES_END / PAGE_SIZE];
    uint64_t array, n = 0, total;
    uint8_t *before;

    boot_pieces();
    CHECK_EQ(pmm_free_bytes(), pmm_total_bytes());
    CHECK_EQ(pmm_total_bytes(),
             0x9e000 + 31 * MIB - 0x8000 + 16 * MIB - PIECES_END / PAGE_SIZE * sizeof(struct page));
    array = virt_to_phys(pmm_pages);
    CHECK_EQ(array, pieces[1].base);
    CHECK(pmm_alloc(0) != 0); /* the core's cache takes a page of its own */
    n = 0;
    total = pmm_free_bytes() / PAGE_SIZE;
    pmm_drain();
    before = snapshot();
    while ((got[n] = pmm_alloc(0)) != 0) {
        CHECK(in_pieces(got[n], PAGE_SIZE) && got[n] % PAGE_SIZE == 0);
        CHECK(got[n] < array || got[n] >= array + pmm_npages * sizeof(struct page));
        stamp(got[n++], 0);
    }
    CHECK_EQ(n, total);
    CHECK_EQ(pmm_free_bytes(), 0);
    CHECK_EQ(pmm_alloc(3), 0);
    for (uint64_t i = 0; i < n; i++) {
        CHECK(stamped(got[i], 0));
        pmm_free(got[i], 0);
    }
    pmm_drain();
    CHECK_EQ(pmm_free_bytes(), total * PAGE_SIZE);
    CHECK(memcmp(before, snapshot(), pmm_npages) == 0);
}

TEST(pmm_hands_out_every_page_once_and_merges_all_again)
{
    CHECK(stub_run(all_pages, &tap_failed_checks));
}

struct piece {
    uint64_t pa;
    unsigned order;
};

static void
random_trace(void)
{
    static struct piece live[512];
    unsigned seed = 1;
    uint8_t *before;
    size_t free_before;

    boot_pieces();
    pmm_free(pmm_alloc(0), 0);
    pmm_drain();
    before = snapshot();
    free_before = pmm_free_bytes();
    for (unsigned step = 0; step < 100000; step++) {
        struct piece *p = &live[(unsigned)rand_r(&seed) % 512];

        if (p->pa) {
            CHECK(stamped(p->pa, p->order));
            pmm_free(p->pa, p->order);
            p->pa = 0;
            continue;
        }
        p->order = (unsigned)__builtin_ctz((unsigned)rand_r(&seed) | 1u << 8);
        p->pa = pmm_alloc(p->order);
        if (p->pa) {
            CHECK(p->pa % ((uint64_t)PAGE_SIZE << p->order) == 0);
            CHECK(in_pieces(p->pa, (uint64_t)PAGE_SIZE << p->order));
            stamp(p->pa, p->order);
        }
    }
    for (unsigned i = 0; i < 512; i++) {
        if (live[i].pa) {
            CHECK(stamped(live[i].pa, live[i].order));
            pmm_free(live[i].pa, live[i].order);
        }
    }
    pmm_drain();
    CHECK_EQ(pmm_free_bytes(), free_before);
    CHECK(memcmp(before, snapshot(), pmm_npages) == 0);
}

TEST(pmm_blocks_never_overlap_in_a_random_trace)
{
    CHECK(stub_run(random_trace, &tap_failed_checks));
}

static void
large_after_small(void)
{
    static uint64_t got[33 * MIB / PAGE_SIZE];
    unsigned n = 0;

    boot_one(33 * MIB);
    while ((got[n] = pmm_alloc(0)) != 0) {
        n++;
    }
    while (n > 0) {
        pmm_free(got[--n], 0);
    }
    CHECK(pmm_alloc(12) != 0); /* 16 MiB: only if the core's own cache is given back */
}

TEST(pmm_gives_its_cache_back_when_a_large_block_fails)
{
    CHECK(stub_run(large_after_small, &tap_failed_checks));
}

static void
trim(void)
{
    size_t before;
    uint64_t pa;

    boot_one(64 * MIB);
    pmm_free(pmm_alloc(0), 0);
    before = pmm_free_bytes();
    pa = pmm_alloc(10);
    stamp(pa, 10);
    pmm_trim(pa, 0x2c5);
    CHECK_EQ(pmm_free_bytes(), before - 0x2c5 * PAGE_SIZE);
    CHECK_EQ(page_order(pmm_page(pa)), 9);
    CHECK_EQ(page_order(pmm_page(pa + 0x200 * PAGE_SIZE)), 7);
    CHECK_EQ(page_order(pmm_page(pa + 0x2c4 * PAGE_SIZE)), 0);
    pmm_free(pa, 9);
    pmm_free(pa + 0x200 * PAGE_SIZE, 7);
    pmm_free(pa + 0x280 * PAGE_SIZE, 6);
    pmm_free(pa + 0x2c0 * PAGE_SIZE, 2);
    pmm_free(pa + 0x2c4 * PAGE_SIZE, 0);
    CHECK_EQ(pmm_free_bytes(), before);
    pmm_drain();
    CHECK_EQ(pmm_alloc(10), pa);
    memset(phys_to_virt(pa), 0xff, PAGE_SIZE << 10);
    pmm_free(pa, 10);
    pa = pmm_alloc_zeroed(10);
    for (uint64_t i = 0; i < (PAGE_SIZE << 10) / 8; i++) {
        CHECK(((uint64_t *)phys_to_virt(pa))[i] == 0);
    }
}

TEST(pmm_trims_a_block_to_the_page)
{
    CHECK(stub_run(trim, &tap_failed_checks));
}

static void
steady_state(void)
{
    uint64_t got[8];

    boot_one(512 * MIB);
    pmm_free(pmm_alloc(0), 0);
    spin_lock(&buddy.lock); /* whoever wants it now waits for ever */
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 8; i++) {
            got[i] = pmm_alloc(0);
        }
        for (unsigned i = 0; i < 8; i++) {
            pmm_free(got[i], 0);
        }
    }
}

TEST(pmm_takes_no_lock_for_single_pages_in_steady_state)
{
    CHECK(stub_run(steady_state, &tap_failed_checks));
}

static void
sparse(void)
{
    static const struct pmm_range far[] = { { MIB, 63 * MIB }, { 512 * GIB, 64 * MIB } };

    boot(far, 2);
    CHECK(pmm_total_bytes() > 62 * MIB && pmm_total_bytes() < 63 * MIB);
    CHECK_EQ(pmm_npages, 64 * MIB / PAGE_SIZE);
}

#ifndef __SANITIZE_THREAD__ /* its shadow leaves no room for 64 GiB */
static void
huge(void)
{
    static const struct pmm_range r[] = { { MIB, 3 * GIB - MIB }, { 4 * GIB, 61 * GIB } };
    uint64_t pa[4];

    boot(r, 2);
    CHECK_EQ(pmm_total_bytes(), 64 * GIB - MIB - 65 * GIB / 1024);
    for (unsigned i = 0; i < 4; i++) {
        pa[i] = pmm_alloc(21); /* 8 GiB */
        CHECK(pa[i] != 0 && pa[i] % (8 * GIB) == 0);
    }
    CHECK_EQ(pmm_alloc(PMM_MAX_ORDER), 0);
    CHECK_EQ(pmm_alloc(PMM_MAX_ORDER + 1), 0);
    for (unsigned i = 0; i < 4; i++) {
        pmm_free(pa[i], 21);
    }
    CHECK_EQ(pmm_free_bytes(), pmm_total_bytes());
    CHECK(pmm_alloc(23) != 0); /* 32 GiB in one piece */
}
#endif

TEST(pmm_serves_64_GiB_and_leaves_out_what_is_too_sparse)
{
    CHECK(stub_run(sparse, &tap_failed_checks));
#ifndef __SANITIZE_THREAD__
    CHECK(stub_run(huge, &tap_failed_checks));
#endif
}

static void *
worker(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    struct piece live[64] = { { 0 } };

    stub_core_enter(4, false);
    for (unsigned step = 0; step < 40000; step++) {
        struct piece *p = &live[(unsigned)rand_r(&seed) % 64];

        if (p->pa) {
            CHECK(stamped(p->pa, p->order));
            pmm_free(p->pa, p->order);
            p->pa = 0;
        } else {
            p->order = (unsigned)__builtin_ctz((unsigned)rand_r(&seed) | 1u << 5) / 2;
            p->pa = pmm_alloc(p->order);
            if (CHECK(p->pa != 0)) {
                stamp(p->pa, p->order);
            }
        }
    }
    for (unsigned i = 0; i < 64; i++) {
        if (live[i].pa) {
            pmm_free(live[i].pa, live[i].order);
        }
    }
    pmm_drain();
    stub_core_leave();
    return NULL;
}

static void
threads(void)
{
    pthread_t t[4];

    boot_one(65 * MIB);
    for (uintptr_t i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, worker, (void *)(i + 1));
    }
    for (unsigned i = 0; i < 100; i++) {
        CHECK(pmm_free_bytes() <= pmm_total_bytes());
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }
    CHECK(pmm_free_bytes() + 4 * PAGE_SIZE >= pmm_total_bytes());
}

TEST(pmm_serves_four_cores_at_once)
{
    CHECK(stub_run(threads, &tap_failed_checks));
}

static const struct test tests[] = {
    TEST_ENTRY(pmm_hands_out_every_page_once_and_merges_all_again),
    TEST_ENTRY(pmm_blocks_never_overlap_in_a_random_trace),
    TEST_ENTRY(pmm_gives_its_cache_back_when_a_large_block_fails),
    TEST_ENTRY(pmm_trims_a_block_to_the_page),
    TEST_ENTRY(pmm_takes_no_lock_for_single_pages_in_steady_state),
    TEST_ENTRY(pmm_serves_64_GiB_and_leaves_out_what_is_too_sparse),
    TEST_ENTRY(pmm_serves_four_cores_at_once),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
