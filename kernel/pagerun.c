/* SPDX-License-Identifier: MIT */
/*
 * pagerun.c -- large blocks of memory: exact to the page, though pmm's blocks are powers of two.
 *
 * Invariants   A run is contiguous pmm blocks, the first one's first page tagged PAGE_TAG_BIG and
 *              each further one's PAGE_TAG_BIG_MORE. So it ends at the first block that is not,
 *              and no length is stored (run_next).
 *
 * Context      any stack, any goroutine, preemption on or off; not in interrupts.
 *
 * Rejected     Whole powers of two: half of the last doubling is waste, and 9 MiB would not fit
 *              where 16 MiB are free but another 5 MiB are wanted, too.
 */
#include "pagerun.h"

#include <stdbool.h>

/* atomic */
static size_t bytes_in_use;

static uint64_t
run_block_pages(uint64_t pa)
{
    return 1ull << page_order(pmm_page(pa));
}

/* The block of a run after the one at pa; 0: that was the last. */
static uint64_t
run_next(uint64_t pa)
{
    uint64_t next = pa + run_block_pages(pa) * PAGE_SIZE;
    const struct page *pg = pmm_page(next);

    return pg && page_tag(pg) == PAGE_TAG_BIG_MORE ? next : 0;
}

/* Tags what follows the block at pa, up to end, as the rest of its run. */
static void
run_tag(uint64_t pa, uint64_t end)
{
    for (pa += run_block_pages(pa) * PAGE_SIZE; pa < end; pa += run_block_pages(pa) * PAGE_SIZE) {
        page_set_tag(pmm_page(pa), PAGE_TAG_BIG_MORE);
    }
}

static unsigned
order_of(size_t size)
{
    return size <= PAGE_SIZE ? 0 : 64 - (unsigned)__builtin_clzll((size - 1) / PAGE_SIZE);
}

void *
run_alloc(size_t size, size_t align)
{
    uint64_t npages, pa;
    unsigned order;

    if (size > RUN_SIZE_MAX || align > RUN_SIZE_MAX) {
        return NULL;
    }
    order = order_of(size > align ? size : align);
    pa = page_alloc(order);
    if (!pa) {
        return NULL;
    }
    npages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
    page_set_tag(pmm_page(pa), PAGE_TAG_BIG);
    if (npages < 1ull << order) {
        page_trim(pa, npages);
        run_tag(pa, pa + npages * PAGE_SIZE);
    }
    __atomic_fetch_add(&bytes_in_use, npages * PAGE_SIZE, __ATOMIC_RELAXED);
    return phys_to_virt(pa);
}

size_t
run_size(const void *p)
{
    uint64_t n = 0;

    for (uint64_t pa = virt_to_phys(p); pa; pa = run_next(pa)) {
        n += run_block_pages(pa);
    }
    return n * PAGE_SIZE;
}

void
run_cut(void *p, uint64_t npages)
{
    uint64_t pa = virt_to_phys(p), cut = 0;

    while (pa) {
        uint64_t next = run_next(pa), n = run_block_pages(pa);
        uint64_t keep = npages < n ? npages : n;

        if (keep == 0) {
            page_free(pa, page_order(pmm_page(pa)));
        } else if (keep < n) {
            page_trim(pa, keep);
            run_tag(pa, pa + keep * PAGE_SIZE);
        }
        npages -= keep;
        cut += n - keep;
        pa = next;
    }
    __atomic_fetch_sub(&bytes_in_use, cut * PAGE_SIZE, __ATOMIC_RELAXED);
}

size_t
run_bytes(void)
{
    return __atomic_load_n(&bytes_in_use, __ATOMIC_RELAXED);
}
