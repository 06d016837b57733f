/* SPDX-License-Identifier: MIT */
/*
 * gstack.c -- how a stack grows from a page fault, and how its dead pages come back.
 *
 * A window is 256 KiB or another power of four times that, aligned to its size, in the region of
 * its class. Its lowest page is a guard and never mapped; the next one, the reserve, is for the
 * runtime alone (a preemption saves up to 3 KiB of registers on the stack); all above is the
 * goroutine's.
 *
 *     hi |  in use, sp .. hi  |  dead, mapped  |  never touched  | reserve | guard | lo
 *
 * Invariants   1. a window belongs to one g for ever
 *              2. an entry is 0 (no page), P (mapped), or LIMBO: the page was given back and is
 *                 still the entry's, until no core can have it in its TLB any more. It then names
 *                 the core and slot of its place in that core's limbo: a page that was touched and
 *                 given back again has two places, and only the later one counts
 *              3. a core runs a g, or frees a limbo page, only if it has flushed since the trim:
 *                 cpu->tlb_gen >= g->stack.trim_gen
 * Context      The fault handler runs on an interrupt stack, interrupts off; it allocates from the
 *              pmm (see the rule in pmm.c), takes no other lock, never sleeps.
 *              Trimming: the g runs nowhere and is not published.
 * Protocol     giving back                           touching it again
 *              1 entry P -> LIMBO (CAS), page kept   1 fault: entry is LIMBO: -> P (CAS), the same
 *              2 gen = ++tlb_gen; g->trim_gen = gen    page, so a stale TLB is still right
 *              3 when every core has flushed since     or it is 0 by now: then every core has
 *                gen: LIMBO -> 0 (CAS), page freed     flushed, and a new page is as good as any
 *              So no shootdown is waited for: cores flush at their next timer, IPI, or wake-up, and
 *              a core about to run g flushes first if it must. A halted core counts as flushed: it
 *              sets tlb_idle before it halts, and on waking clears it, then looks at tlb_gen.
 * Cost         a switch pays one load and one compare (switch.S, 2). A fresh page costs one fault;
 *              each further one doubles the mapped part, so depth n costs O(log n) faults.
 * Rejected     Freeing at once and interrupting every core: one with interrupts off holds up all.
 */
#include "gstack.h"

#include <stdatomic.h>

#include "clock.h"
#include "cpu.h"
#include "lapic.h"
#include "machine.h"
#include "memlayout.h"
#include "pmm.h"
#include "print.h"
#include "vm.h"
#include "x86.h"

enum {
    CLASSES = 8, /* 256 KiB << 2 * class, the last 1 GiB: room for 4 GiB */
    CLASS_SHIFT = 18,
    REGION_SHIFT = 43, /* 8 TiB a class: 33 million windows of the first */
    GROW_MAX = 256,    /* pages a fault may map */
};
#define PTE_STACK (PTE_P | PTE_W | PTE_NX)
_Static_assert(GSTACK_BASE + ((uint64_t)CLASSES << REGION_SHIFT) <= IO_BASE, "memlayout.h");

static _Atomic(uint64_t) windows[CLASSES]; /* handed out */
_Atomic(int64_t) gstack_pages;

static unsigned
class_of(uintptr_t va)
{
    return (unsigned)((va - GSTACK_BASE) >> REGION_SHIFT);
}

static size_t
class_size(unsigned class)
{
    return (size_t)1 << (CLASS_SHIFT + 2 * class);
}

size_t
gstack_bytes(void)
{
    return (size_t)atomic_load(&gstack_pages) * PAGE_SIZE;
}

/* ---- growing ---- */

/* A page at an entry, NULL if there was no memory for its table. True: it is there now. */
static bool
map_page(pte *e)
{
    if (e == NULL) {
        return false;
    }
    uint64_t was = atomic_load(e);
    while (!(was & PTE_P)) {
        if (was & PTE_LIMBO) {
            if (atomic_compare_exchange_strong(e, &was, (was & PTE_ADDR) | PTE_STACK)) {
                atomic_fetch_add_explicit(&gstack_pages, 1, memory_order_relaxed);
                return true;
            }
            continue;
        }
        uint64_t pa = pmm_alloc(0);
        if (pa == 0) {
            return false;
        }
        if (atomic_compare_exchange_strong(e, &was, pa | PTE_STACK)) {
            atomic_fetch_add_explicit(&gstack_pages, 1, memory_order_relaxed);
            return true;
        }
        pmm_free(pa, 0);
    }
    return true;
}

/* As many pages more as are mapped already, downwards from va's, within the goroutine's part. */
static bool
grow(uintptr_t va, struct arch_stack *s)
{
    uintptr_t page = va & ~(PAGE_SIZE - 1ul), floor = s->lo + 2 * PAGE_SIZE;
    pte *e = vm_pte(page);
    if (!map_page(e)) {
        return false;
    }
    if (page >= s->mapped) {
        return true; /* a hole left by a frame that skipped pages */
    }
    size_t more = (s->hi - s->mapped) / PAGE_SIZE;
    more = more > GROW_MAX ? GROW_MAX : more;
    mapped_set(s, page);
    for (size_t i = 1; i < more && page > floor; i++) {
        e = page % SIZE_2M == 0 ? vm_pte(page - PAGE_SIZE) : e - 1;
        if (!map_page(e)) {
            break;
        }
        page -= PAGE_SIZE;
        mapped_set(s, page);
    }
    uintptr_t slack = s->limit - s->mapped;
    if ((slack & SLACK_TRIMMED) && s->hi - s->mapped > slack) { /* given back too soon */
        s->limit = s->mapped + 2 * (slack & ~SLACK_TRIMMED);
    }
    return true;
}

enum gstack_fault
gstack_fault(uintptr_t va, struct arch_stack *own, bool kernel)
{
    if (va < GSTACK_BASE || class_of(va) >= CLASSES) {
        return GSTACK_NOT;
    }
    unsigned class = class_of(va);
    uintptr_t region = GSTACK_BASE + ((uintptr_t) class << REGION_SHIFT);
    uintptr_t lo = va & ~(class_size(class) - 1);
    if ((va - region) / class_size(class) >= atomic_load(&windows[class])) {
        return GSTACK_NOT;
    }
    __atomic_store_n(&this_cpu()->stack_faults, this_cpu()->stack_faults + 1, __ATOMIC_RELAXED);
    bool mine = own != NULL && own->lo == lo;
    if (va < lo + (mine && kernel ? 1 : 2) * PAGE_SIZE) {
        return mine ? GSTACK_OVERFLOW : GSTACK_NOT;
    }
    return (mine ? grow(va, own) : map_page(vm_pte(va))) ? GSTACK_GROWN : GSTACK_NO_MEMORY;
}

/* ---- windows ---- */

void *call_on_core_stack(void *(*fn)(void *), void *arg);

static void *
warm_request(void *s)
{
    struct arch_stack *stack = s;
    gstack_flush(); /* the window was used before: invariant 3 */
    if (!map_page(vm_pte(stack->hi - PAGE_SIZE))) {
        return NULL;
    }
    mapped_set(stack, stack->hi - PAGE_SIZE);
    return s;
}

bool
gstack_warm(struct arch_stack *s)
{
    return s->mapped < s->hi || call_on_core_stack(warm_request, s) != NULL;
}

/* A window for a stack of `max` bytes or more, its top page mapped. False: none left, or no
 * memory. */
bool
gstack_alloc(struct arch_stack *s, size_t max)
{
    unsigned class = 0;
    while (class < CLASSES - 1 && class_size(class) < max) {
        class ++;
    }
    uint64_t n = atomic_fetch_add(&windows[class], 1);
    if (class_size(class) < max || n >= (1ull << REGION_SHIFT) / class_size(class)) {
        return false;
    }
    s->lo = GSTACK_BASE + ((uintptr_t) class << REGION_SHIFT) + n * class_size(class);
    s->hi = s->lo + class_size(class);
    s->mapped = s->hi;
    s->limit = s->hi + GSTACK_SLACK;
    s->trim_gen = 0;
    return gstack_warm(s);
}
