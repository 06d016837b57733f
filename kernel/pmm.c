/* SPDX-License-Identifier: MIT */
/*
 * pmm.c -- physical pages: a buddy allocator under a small cache of single pages a core.
 *
 * Invariants   1. Only what starts an allocated block can be freed, with its order (block_check).
 *              2. Frame 0 is never handed out, so 0 can mean "none".
 *
 * Locks        buddy.lock, a leaf.
 *
 * Context      THE RULE: pmm_* and buddy_* run with interrupts off and only on a core's own
 *              stack, which is always mapped, never on a goroutine's. So they never fault, and
 *              nothing interrupts them; so whoever holds the lock runs on another core and waits
 *              for nothing; so the page-fault handler itself may call pmm_alloc. Code that may
 *              be on a goroutine's stack, or have interrupts on, calls page_alloc and page_free.
 *              Not from an NMI.
 *
 * Rejected     Links inside cached pages: each pop would wait for a cold line; the cache is an
 *              array. One cache size for all machines: with 64 cores it would keep half of
 *              32 MiB.
 */
#include "pmm.h"

#include <string.h>

#include <cpu.h>
#include <print.h>
#include "buddy.h"

#define CACHE_MAX   64
#define CACHE_MIN   8
#define POISON_BYTE 0xdb

struct page_cache {
    uint32_t count; /* atomic: the core writes it, pmm_free_bytes reads it */
    uint64_t pfn[CACHE_MAX];
};

struct page *pmm_pages;
uint64_t pmm_npages;

/* constant after init */
static uint64_t total_pages;
static uint32_t cache_cap;

/* each written once, by its core */
static struct page_cache *caches[MAX_CPUS];

_Static_assert(sizeof(struct page_cache) <= PAGE_SIZE, "a cache fits its page");

static void
cache_set_count(struct page_cache *c, uint32_t n)
{
    __atomic_store_n(&c->count, n, __ATOMIC_RELAXED);
}

/* NULL: no memory, and the core does without until there is some. */
static struct page_cache *
cache_here(void)
{
    struct page_cache **slot = &caches[this_cpu()->id], *c = *slot;
    uint64_t pfn;

    if (c) {
        return c;
    }
    spin_lock(&buddy.lock);
    pfn = buddy_take(0);
    spin_unlock(&buddy.lock);
    if (!pfn) {
        return NULL;
    }
    page_set_state(pfn, PAGE_USED);
    c = phys_to_virt(pfn * PAGE_SIZE);
    cache_set_count(c, 0);
    __atomic_store_n(slot, c, __ATOMIC_RELEASE); /* acquired in pmm_free_bytes */
    return c;
}

/* Leftovers first, then neighbours: pages of one core then share their lines of the page array with
 * few others. */
static void
cache_refill(struct page_cache *c)
{
    uint32_t want = cache_cap / 2;

    spin_lock(&buddy.lock);
    while (want > 0 && buddy.nonempty) {
        unsigned order = log2_floor(want), least = (unsigned)__builtin_ctz(buddy.nonempty);
        uint64_t pfn;

        order = order < least ? order : least;
        pfn = buddy_take(order);
        for (uint32_t i = 1u << order; i-- > 0;) {
            page_set_state(pfn + i, PAGE_CACHED);
            c->pfn[c->count] = pfn + i;
            cache_set_count(c, c->count + 1);
        }
        want -= 1u << order;
    }
    spin_unlock(&buddy.lock);
}

/* Gives back the n pages that came first and so are the coldest. */
static void
cache_spill(struct page_cache *c, uint32_t n)
{
    spin_lock(&buddy.lock);
    for (uint32_t i = 0; i < n; i++) {
        buddy_put(c->pfn[i], 0);
    }
    spin_unlock(&buddy.lock);
    memmove(c->pfn, c->pfn + n, (c->count - n) * sizeof(c->pfn[0]));
    cache_set_count(c, c->count - n);
}

static uint64_t
page_take(void)
{
    struct page_cache *c = cache_here();
    uint64_t pfn;

    if (!c) {
        return 0;
    }
    if (c->count == 0) {
        cache_refill(c);
        if (c->count == 0) {
            return 0;
        }
    }
    cache_set_count(c, c->count - 1);
    pfn = c->pfn[c->count];
    page_set_state(pfn, PAGE_USED);
    return pfn * PAGE_SIZE;
}

static uint64_t
block_take(unsigned order)
{
    uint64_t pfn;

    spin_lock(&buddy.lock);
    pfn = buddy_take(order);
    if (pfn) {
        page_set_state(pfn, PAGE_USED | order);
    }
    spin_unlock(&buddy.lock);
    return pfn * PAGE_SIZE;
}

void (*pmm_reclaim)(void);

uint64_t
pmm_alloc(unsigned order)
{
    uint64_t pa;

    if (order > PMM_MAX_ORDER) {
        return 0;
    }
    pa = order == 0 ? page_take() : block_take(order);
    if (!pa) {
        if (pmm_reclaim != NULL) {
            pmm_reclaim();
        }
        if (order == 0) {
            return page_take();
        }
        pmm_drain(); /* the page in the way may be one of ours */
        pa = block_take(order);
    }
    return pa;
}

uint64_t
pmm_alloc_zeroed(unsigned order)
{
    uint64_t pa = pmm_alloc(order);

    if (pa) {
        memset(phys_to_virt(pa), 0, (size_t)PAGE_SIZE << order);
    }
    return pa;
}

/* Throws unless a block that was handed out starts at pa; returns its order. */
static unsigned
block_check(const char *who, uint64_t pa)
{
    const struct page *pg = pmm_page(pa);

    if (!pg) {
        throw("%s: %llx is beyond RAM (%llu pages)", who, (unsigned long long)pa,
              (unsigned long long)pmm_npages);
    }
    if (pa % PAGE_SIZE || (page_state(pg) & ~PAGE_ORDER_MASK) != PAGE_USED) {
        throw("%s: %llx is not an allocated block: state %x, tag %u", who, (unsigned long long)pa,
              page_state(pg), page_tag(pg));
    }
    return page_order(pg);
}

/* Of a large block only the first pages, or freeing it would take seconds. */
static void
poison(uint64_t pa, uint64_t npages)
{
#ifdef DEBUG
    memset(phys_to_virt(pa), POISON_BYTE, (npages < 512 ? npages : 512) * PAGE_SIZE);
#else
    (void)pa;
    (void)npages;
#endif
}

static __attribute__((noinline)) void
free_slow(uint64_t pa, unsigned order)
{
    unsigned was = block_check("pmm_free", pa);
    struct page_cache *c;

    if (was != order) {
        throw("pmm_free: %llx has order %u, freed as %u", (unsigned long long)pa, was, order);
    }
    page_set_tag(pmm_page(pa), PAGE_TAG_NONE);
    poison(pa, 1ull << order);
    c = order == 0 ? cache_here() : NULL;
    if (!c) {
        spin_lock(&buddy.lock);
        buddy_put(pa / PAGE_SIZE, order);
        spin_unlock(&buddy.lock);
        return;
    }
    if (c->count == cache_cap) {
        cache_spill(c, cache_cap / 2);
    }
    page_set_state(pa / PAGE_SIZE, PAGE_CACHED);
    c->pfn[c->count] = pa / PAGE_SIZE;
    cache_set_count(c, c->count + 1);
}

/* A page that may be freed, into a cache with room: all in one look. */
void
pmm_free(uint64_t pa, unsigned order)
{
    struct page_cache *c = caches[this_cpu()->id];
    struct page *pg = pmm_page(pa);

    if (order != 0 || !c || c->count == cache_cap || !pg || pa % PAGE_SIZE
        || page_state(pg) != PAGE_USED) {
        free_slow(pa, order);
        return;
    }
    page_set_tag(pg, PAGE_TAG_NONE);
    poison(pa, 1);
    page_set_state(pa / PAGE_SIZE, PAGE_CACHED);
    c->pfn[c->count] = pa / PAGE_SIZE;
    cache_set_count(c, c->count + 1);
}

void
pmm_trim(uint64_t pa, uint64_t npages)
{
    unsigned order = block_check("pmm_trim", pa);
    uint64_t pfn = pa / PAGE_SIZE, end = pfn + (1ull << order), keep = pfn + npages;

    if (npages == 0 || npages > 1ull << order) {
        throw("pmm_trim: %llu pages of order %u at %llx", (unsigned long long)npages, order,
              (unsigned long long)pa);
    }
    poison(keep * PAGE_SIZE, end - keep);
    spin_lock(&buddy.lock);
    while (pfn < keep) {
        order = log2_floor(keep - pfn);
        page_set_state(pfn, PAGE_USED | order);
        pfn += 1ull << order;
    }
    buddy_put_range(keep, end);
    spin_unlock(&buddy.lock);
}

void
pmm_drain(void)
{
    struct page_cache *c = caches[this_cpu()->id];

    if (c && c->count) {
        cache_spill(c, c->count);
    }
}

size_t
pmm_free_bytes(void)
{
    size_t n = __atomic_load_n(&buddy.free_pages, __ATOMIC_RELAXED);

    for (unsigned i = 0; i < MAX_CPUS; i++) {
        const struct page_cache *c = __atomic_load_n(&caches[i], __ATOMIC_ACQUIRE);

        n += c ? __atomic_load_n(&c->count, __ATOMIC_RELAXED) : 0;
    }
    return n * PAGE_SIZE;
}

size_t
pmm_total_bytes(void)
{
    return total_pages * PAGE_SIZE;
}

/* Where the page array goes: the low end of the first range that holds it, above 1 MiB if there is
 * one. That end is ragged anyway, by the kernel image; the high end keeps its large blocks. */
static uint64_t
page_array_place(const struct pmm_range *r, unsigned n, uint64_t bytes)
{
    for (uint64_t floor = 1 << 20;; floor = 0) {
        for (unsigned i = 0; i < n; i++) {
            if (r[i].base >= floor && r[i].len >= bytes) {
                return r[i].base;
            }
        }
        if (floor == 0) {
            break;
        }
    }
    throw("pmm_init: no room for %llu bytes of page array", (unsigned long long)bytes);
}

/* How many ranges are worth describing: a small one far above the others would cost more in page
 * array than it holds. */
static unsigned
ranges_check(const struct pmm_range *r, unsigned n)
{
    uint64_t end = 0, sum = 0;
    unsigned used = 0;

    for (unsigned i = 0; i < n; i++) {
        if (r[i].base < end || (r[i].base | r[i].len) % PAGE_SIZE || r[i].len == 0
            || r[i].base + r[i].len < r[i].base) {
            throw("pmm_init: bad range %u: %llx + %llx after %llx", i,
                  (unsigned long long)r[i].base, (unsigned long long)r[i].len,
                  (unsigned long long)end);
        }
        end = r[i].base + r[i].len;
        sum += r[i].len;
        if (end / PAGE_SIZE * sizeof(struct page) <= sum / 8) {
            used = i + 1;
        }
    }
    if (used < n) {
        kprintf("pmm: RAM from %llx on is too sparse to use\n", (unsigned long long)r[used].base);
    }
    return used;
}

void
pmm_init(const struct pmm_range *usable, unsigned n)
{
    uint64_t array, bytes;

    n = ranges_check(usable, n);
    if (n == 0) {
        throw("pmm_init: no RAM");
    }
    buddy_init();
    pmm_npages = (usable[n - 1].base + usable[n - 1].len) / PAGE_SIZE;
    bytes = (pmm_npages * sizeof(struct page) + PAGE_SIZE - 1) & -(uint64_t)PAGE_SIZE;
    array = page_array_place(usable, n, bytes);
    pmm_pages = phys_to_virt(array);
    memset(pmm_pages, 0, bytes);
    for (unsigned i = 0; i < n; i++) {
        uint64_t base = usable[i].base, end = base + usable[i].len;

        if (base == array) {
            base += bytes;
        }
        base = base ? base : PAGE_SIZE;
        buddy_put_range(base / PAGE_SIZE, end / PAGE_SIZE);
    }
    total_pages = buddy.free_pages;
    cache_cap = CACHE_MIN;
    while (cache_cap < CACHE_MAX && cache_cap < total_pages / 1024) {
        cache_cap *= 2;
    }
}
