/* SPDX-License-Identifier: MIT */
/*
 * buddy.c -- free blocks of RAM, by size; split when taken, merged when freed.
 *
 * Invariants   1. A block of order k starts at a multiple of 2^k pages, and the state of its first
 *                 page says what it is; its other pages are PAGE_NONE.
 *              2. Two free buddies never stand side by side: buddy_put merges them.
 *              3. buddy.nonempty has bit k exactly when list k is not empty.
 *
 * Locks        buddy.lock is held by the caller throughout.
 *
 * Rejected     A bitmap of pairs in place of the page states: it cannot tell a double free from a
 *              right one.
 */
#include "buddy.h"

#include <memlayout.h>

struct buddy buddy;

_Static_assert(PMM_MAX_ORDER <= PAGE_ORDER_MASK, "an order fits page.state");

void
buddy_init(void)
{
    for (unsigned i = 0; i <= PMM_MAX_ORDER; i++) {
        buddy.list[i].next = buddy.list[i].prev = &buddy.list[i];
    }
}

static struct block *
block_at(uint64_t pfn)
{
    return phys_to_virt(pfn * PAGE_SIZE);
}

static void
add_free(uint64_t npages)
{
    __atomic_store_n(&buddy.free_pages, buddy.free_pages + npages, __ATOMIC_RELAXED);
}

static void
list_push(uint64_t pfn, unsigned order)
{
    struct block *head = &buddy.list[order], *b = block_at(pfn);

    b->next = head->next;
    b->prev = head;
    b->next->prev = b;
    head->next = b;
    buddy.nonempty |= 1u << order;
    page_set_state(pfn, PAGE_FREE | order);
}

static void
list_remove(uint64_t pfn, unsigned order)
{
    struct block *head = &buddy.list[order], *b = block_at(pfn);

    b->prev->next = b->next;
    b->next->prev = b->prev;
    if (head->next == head) {
        buddy.nonempty &= ~(1u << order);
    }
    page_set_state(pfn, PAGE_NONE);
}

void
buddy_put(uint64_t pfn, unsigned order)
{
    add_free(1ull << order);
    page_set_state(pfn, PAGE_NONE);
    for (; order < PMM_MAX_ORDER; order++) {
        uint64_t other = pfn ^ (1ull << order);

        if (other >= pmm_npages || page_state(&pmm_pages[other]) != (PAGE_FREE | order)) {
            break;
        }
        list_remove(other, order);
        pfn &= ~(1ull << order);
    }
    list_push(pfn, order);
}

uint64_t
buddy_take(unsigned order)
{
    uint32_t fit = buddy.nonempty & ~((1u << order) - 1);
    unsigned o;
    uint64_t pfn;

    if (!fit) {
        return 0;
    }
    o = (unsigned)__builtin_ctz(fit);
    pfn = virt_to_phys(buddy.list[o].next) / PAGE_SIZE;
    list_remove(pfn, o);
    while (o > order) {
        o--;
        list_push(pfn + (1ull << o), o);
    }
    add_free(-(1ull << order));
    return pfn;
}

void
buddy_put_range(uint64_t pfn, uint64_t end)
{
    while (pfn < end) {
        unsigned order = log2_floor(end - pfn), align = (unsigned)__builtin_ctzll(pfn);

        order = order < align ? order : align;
        order = order < PMM_MAX_ORDER ? order : PMM_MAX_ORDER;
        buddy_put(pfn, order);
        pfn += 1ull << order;
    }
}
