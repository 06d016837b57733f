/* SPDX-License-Identifier: MIT */
/*
 * pmm.h -- physical pages: who owns each, and where to get more.
 *
 * A block is 2^order pages, aligned to its size. pmm_* run on a core's own stack with interrupts
 * off (the rule is in pmm.c); page_* do the same from any stack.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memlayout.h>

#define PMM_MAX_ORDER 24 /* 64 GiB */

struct pmm_range {
    uint64_t base;
    uint64_t len;
};

/* The high bits of page.state; the low ones are the order of the block that starts here. */
enum page_state {
    PAGE_NONE = 0x00,   /* no block starts here: inside one, or no RAM of ours */
    PAGE_FREE = 0x20,   /* in the buddy lists; set and cleared under their lock */
    PAGE_CACHED = 0x40, /* in a core's cache */
    PAGE_USED = 0x60,   /* handed out */
    PAGE_ORDER_MASK = 0x1f,
};

/* What the owner of a block says it is. A freed block's tag is PAGE_TAG_NONE again. */
enum page_tag {
    PAGE_TAG_NONE = 0,
    PAGE_TAG_SLAB = 1,      /* 1..63: the size class of a slab, on each of its pages */
    PAGE_TAG_BIG = 64,      /* first block of a large malloc */
    PAGE_TAG_BIG_MORE = 65, /* a further block of it, contiguous */
    PAGE_TAG_OTHER = 128,   /* from here on for other owners */
};

struct page {
    uint8_t state; /* atomic: neighbours read it when blocks merge */
    uint8_t tag;   /* atomic: free reads it for any address it is given */
    uint16_t spare; /* the owner's */
};

/* constant after pmm_init */
extern struct page *pmm_pages;
extern uint64_t pmm_npages;

/* Once, on the boot core, when this_cpu() works. Ranges sorted, disjoint, page aligned, mapped. */
void pmm_init(const struct pmm_range *usable, unsigned n);

/* Called when there is none left, before giving up: whoever holds pages that it can do without
 * frees them, on this core's stack, interrupts off. May be NULL. */
extern void (*pmm_reclaim)(void);

/* A block's physical address; 0 when there is none left. */
uint64_t pmm_alloc(unsigned order);
uint64_t pmm_alloc_zeroed(unsigned order);
void pmm_free(uint64_t pa, unsigned order);

/* Keeps the first npages of a block, as blocks of falling order, and frees the rest. */
void pmm_trim(uint64_t pa, uint64_t npages);

/* Gives this core's cached pages back, so that they can merge. */
void pmm_drain(void);

/* Of all cores together; exact when none of them allocates meanwhile. */
size_t pmm_free_bytes(void);
size_t pmm_total_bytes(void);

/* On any stack, with interrupts on or off. */
uint64_t page_alloc(unsigned order);
void page_free(uint64_t pa, unsigned order);
void page_trim(uint64_t pa, uint64_t npages);
void page_drain(void);

/* NULL: beyond the last page of RAM. */
static inline struct page *
pmm_page(uint64_t pa)
{
    uint64_t pfn = pa / PAGE_SIZE;

    return pfn < pmm_npages ? &pmm_pages[pfn] : NULL;
}

static inline unsigned
page_state(const struct page *pg)
{
    return __atomic_load_n(&pg->state, __ATOMIC_RELAXED);
}

static inline unsigned
page_order(const struct page *pg)
{
    return page_state(pg) & PAGE_ORDER_MASK;
}

static inline unsigned
page_tag(const struct page *pg)
{
    return __atomic_load_n(&pg->tag, __ATOMIC_RELAXED);
}

static inline void
page_set_tag(struct page *pg, unsigned tag)
{
    __atomic_store_n(&pg->tag, (uint8_t)tag, __ATOMIC_RELAXED);
}
