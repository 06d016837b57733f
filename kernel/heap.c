/* SPDX-License-Identifier: MIT */
/*
 * heap.c -- malloc and its kin: a list of free objects a core and size, pages for what is large.
 *
 * Invariants   A core's list holds at most slab_class.max objects (class_free).
 *
 * Locks        none here; slab.c's and pmm.c's below.
 *
 * Context      any stack, any goroutine, preemption on or off; not in interrupts. A core's lists
 *              are touched with preemption off, by that core only. An object freed goes to the
 *              list of the core that frees it. May fault in pages of its stack; never parks.
 *
 * Rejected     Giving objects back to the core they came from: a line shared between two cores in
 *              the common case, for memory that is as good here. Headers in front of objects:
 *              16 bytes each, and powers of two no longer aligned.
 *
 * realloc(p, 0) shrinks to the smallest object, as C allows; a NULL result always means failure.
 */
#include "heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cpu.h>
#include <machine.h>
#include <print.h>
#include "pagerun.h"
#include "pmm.h"
#include "slab.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* One a core, on a page of its own; only that core touches it, with preemption off. */
struct heap {
    struct object *head[SLAB_CLASSES];
    uint32_t count[SLAB_CLASSES]; /* atomic: heap_bytes reads it */
};

/* Nothing to take and no room to give: its core finds the slow path without one more question. */
static struct heap no_heap = { .count = { [0 ... SLAB_CLASSES - 1] = UINT32_MAX } };

/* each written once, by its core */
static struct heap *heaps[MAX_CPUS] = { [0 ... MAX_CPUS - 1] = &no_heap };

static inline void
set_count(struct heap *h, unsigned class, uint32_t n)
{
    __atomic_store_n(&h->count[class], n, __ATOMIC_RELAXED);
}

/* no_heap: no memory. Preemption off. */
static struct heap *
heap_here(void)
{
    struct heap **slot = &heaps[this_cpu()->id];
    uint64_t pa;

    if (*slot != &no_heap) {
        return *slot;
    }
    pa = page_alloc(0);
    if (pa) {
        memset(phys_to_virt(pa), 0, sizeof(struct heap));
        __atomic_store_n(slot, phys_to_virt(pa), __ATOMIC_RELEASE); /* acquired in heap_bytes */
    }
    return *slot;
}

/* Memory is out: gives back what this core keeps for later. */
static void
heap_reclaim(void)
{
    struct heap *h;

    arch_preempt_off();
    h = heap_here();
    for (unsigned i = 1; i < SLAB_CLASSES; i++) {
        slab_give(i, h->head[i], h == &no_heap ? 0 : h->count[i], false);
        if (h != &no_heap) {
            h->head[i] = NULL;
            set_count(h, i, 0);
        }
    }
    page_drain();
    arch_preempt_on();
}

/* The list is empty. Preemption off. */
static __attribute__((noinline)) void *
class_alloc_slow(unsigned class)
{
    unsigned batch = slab_classes[class].max / 2u, n;
    struct heap *h = heap_here();
    struct object *o;

    if (h == &no_heap) {
        return NULL;
    }
    n = slab_take(class, batch, &o);
    if (n == 0) {
        heap_reclaim();
        n = slab_take(class, batch, &o);
    }
    if (n == 0) {
        return NULL;
    }
    h->head[class] = o->next;
    set_count(h, class, n - 1);
    return o;
}

static inline void *
class_alloc(unsigned class)
{
    struct heap *h;
    struct object *o;

    arch_preempt_off();
    h = heaps[this_cpu()->id];
    o = h->head[class];
    if (LIKELY(o)) {
        h->head[class] = o->next;
        set_count(h, class, h->count[class] - 1);
    } else {
        o = class_alloc_slow(class);
    }
    arch_preempt_on();
#ifdef DEBUG
    if (o) {
        slab_unmark(o, slab_classes[class].size);
    }
#endif
    return o;
}

/* The list is full, or this core has none. Preemption off. */
static __attribute__((noinline)) void
class_free_slow(struct object *o, unsigned class)
{
    struct heap *h = heap_here();
    uint32_t n = h->count[class];

    if (h == &no_heap) {
        slab_give(class, o, 1, true);
        return;
    }
    if (n == slab_classes[class].max) {
        h->head[class] = slab_give(class, h->head[class], n / 2, true);
        n -= n / 2;
    }
    o->next = h->head[class];
    h->head[class] = o;
    set_count(h, class, n + 1);
}

static _Noreturn __attribute__((noinline, cold)) void
bad_pointer(const char *who, const void *p, const char *why)
{
    const struct page *pg = pmm_page(virt_to_phys(p));

    throw("%s: %p %s (page state %x, tag %u)", who, p, why, pg ? page_state(pg) : 0,
          pg ? page_tag(pg) : 0);
}

static inline unsigned
tag_of(const void *p)
{
    uint64_t pfn = virt_to_phys(p) / PAGE_SIZE;

    return LIKELY(pfn < pmm_npages) ? page_tag(&pmm_pages[pfn]) : PAGE_TAG_NONE;
}

/* Throws unless a large block starts at p, which is no object of a slab. */
static __attribute__((noinline)) void
big_check(const char *who, const void *p)
{
    unsigned tag = tag_of(p);

    if (tag != PAGE_TAG_BIG || (uintptr_t)p % PAGE_SIZE) {
        bad_pointer(who, p, slab_classes[tag].size ? "points into an object" : "was not allocated");
    }
}

static inline void
class_free(struct object *o, unsigned class)
{
    struct heap *h;
    uint32_t n;

#ifdef DEBUG
    if (slab_is_marked(o)) {
        bad_pointer("free", o, "is free already");
    }
    slab_mark_free(o, slab_classes[class].size);
#endif
    arch_preempt_off();
    h = heaps[this_cpu()->id];
    n = h->count[class];
    if (LIKELY(n < slab_classes[class].max)) {
        if (UNLIKELY(h->head[class] == o)) {
            bad_pointer("free", o, "is free already");
        }
        o->next = h->head[class];
        h->head[class] = o;
        set_count(h, class, n + 1);
    } else {
        class_free_slow(o, class);
    }
    arch_preempt_on();
}

static __attribute__((noinline)) void *
big_alloc(size_t size, size_t align)
{
    void *p = run_alloc(size, align);

    if (!p && size <= RUN_SIZE_MAX) {
        heap_reclaim();
        p = run_alloc(size, align);
    }
    return p;
}

void *
malloc(size_t size)
{
    if (UNLIKELY(size > SLAB_SIZE_MAX)) {
        return big_alloc(size, 0);
    }
    return class_alloc(slab_class_of(size));
}

void
free(void *p)
{
    unsigned tag = tag_of(p);

    if (LIKELY(slab_is_object(&slab_classes[tag], (uintptr_t)p))) {
        class_free(p, tag);
    } else if (p) {
        big_check("free", p);
        run_cut(p, 0);
    }
}

void *
calloc(size_t n, size_t size)
{
    void *p;

    if (__builtin_mul_overflow(n, size, &size)) {
        return NULL;
    }
    p = malloc(size);
    return p ? memset(p, 0, size) : NULL;
}

void *
aligned_alloc(size_t align, size_t size)
{
    if (align == 0 || align & (align - 1) || size > RUN_SIZE_MAX || align > RUN_SIZE_MAX) {
        return NULL;
    }
    size = (size + !size + align - 1) & -align;
    return size <= SLAB_SIZE_MAX ? class_alloc(slab_class_of(size)) : big_alloc(size, align);
}

/* True where size bytes may stay in a block of have: they fit, and waste less than half of it. */
static bool
can_stay(size_t have, size_t size)
{
    return size <= have && (size > have / 2 || have <= 64);
}

void *
realloc(void *p, size_t size)
{
    unsigned tag;
    size_t have;
    void *q;

    if (!p) {
        return malloc(size);
    }
    tag = tag_of(p);
    if (slab_is_object(&slab_classes[tag], (uintptr_t)p)) {
        have = slab_classes[tag].size;
    } else {
        big_check("realloc", p);
        have = run_size(p);
        if (size > SLAB_SIZE_MAX && size <= have / 2) {
            run_cut(p, (size + PAGE_SIZE - 1) / PAGE_SIZE);
            return p;
        }
    }
    if (can_stay(have, size)) {
        return p;
    }
    q = malloc(size);
    if (!q) {
        return size <= have ? p : NULL;
    }
    memcpy(q, p, size < have ? size : have);
    free(p);
    return q;
}

size_t
heap_bytes(void)
{
    size_t sum = run_bytes();

    for (unsigned class = 1; class < SLAB_CLASSES; class++) {
        size_t out = slab_out(class), idle = 0;

        for (unsigned i = 0; i < MAX_CPUS; i++) {
            const struct heap *h = __atomic_load_n(&heaps[i], __ATOMIC_ACQUIRE);

            if (h != &no_heap) {
                idle += __atomic_load_n(&h->count[class], __ATOMIC_RELAXED);
            }
        }
        sum += (out > idle ? out - idle : 0) * slab_classes[class].size;
    }
    return sum;
}
