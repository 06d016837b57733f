/* SPDX-License-Identifier: MIT */
/*
 * buddy.h -- the free blocks of RAM, for pmm.c alone. Frame numbers throughout; lock held.
 */
#pragma once

#include <stdint.h>

#include "pmm.h"
#include "spin.h"

struct block {
    struct block *next;
    struct block *prev;
};

struct buddy {
    struct spin lock; /* a leaf, under THE RULE in pmm.c */
    /* lock */
    uint32_t nonempty; /* bit k: list[k] is not empty */
    uint64_t free_pages; /* atomic: read without it */
    struct block list[PMM_MAX_ORDER + 1]; /* circular, each the head of its own */
};

extern struct buddy buddy;

static inline unsigned
log2_floor(uint64_t n)
{
    return 63 - (unsigned)__builtin_clzll(n);
}

static inline void
page_set_state(uint64_t pfn, unsigned state)
{
    __atomic_store_n(&pmm_pages[pfn].state, (uint8_t)state, __ATOMIC_RELAXED);
}

void buddy_init(void);

/* Frees a block, merged with its buddy as often as that one is free. */
void buddy_put(uint64_t pfn, unsigned order);

/* Frees the pages pfn..end-1 as the largest blocks they make. */
void buddy_put_range(uint64_t pfn, uint64_t end);

/* The smallest block that will do, split down to size; the caller sets its state. 0: none. */
uint64_t buddy_take(unsigned order);
