/* SPDX-License-Identifier: MIT */
/*
 * limbo.c -- how the dead pages of stacks come back: gstack.c's invariants 2 and 3, and the left
 * side of its protocol.
 *
 * Context      a g whose stack is trimmed runs nowhere and is not published; a core's own limbo is
 *              touched on its own stack alone, interrupts off
 */
#include <stdatomic.h>

#include "clock.h"
#include "cpu.h"
#include "gstack.h"
#include "lapic.h"
#include "machine.h"
#include "pmm.h"
#include "vm.h"
#include "x86.h"

enum {
    LIMBO_MAX = 4096,        /* pages a core may have in limbo; a slot fits the upper 12 bits */
    LIMBO_CORE = 1,          /* where a limbo entry keeps the core, */
    LIMBO_SLOT = 52,         /* and the slot */
    LIMBO_LOOK = 256,        /* of so many pages, one looks for those that may go */
    WAIT_LOOKS = 1000,       /* at a full limbo */
    RECLAIM_NS = 200000000,  /* out of memory: for others to give up theirs; a host may be slow */
    RECLAIM_ASK_NS = 100000, /* how often they are asked */
};
#define GEN_OPEN UINT64_MAX
_Static_assert(MAX_CPUS <= 256, "a limbo entry keeps the core in 8 bits");

/* A core's pages in limbo, oldest first. */
struct limbo {
    uint32_t head, n, looks;
    struct {
        pte *entry;
        uint64_t gen;
    } page[LIMBO_MAX];
};

static _Atomic(uint64_t) tlb_gen = 1;
static struct limbo *limbos[MAX_CPUS];

static struct arch_stack *
stack_of(struct g *gp)
{
    return &((struct arch_g *)gp)->stack;
}

void
gstack_flush(void)
{
    struct cpu *c = this_cpu();
    uint64_t gen = atomic_load(&tlb_gen);
    if (c->tlb_gen != gen) {
        write_cr3(read_cr3()); /* stack pages are not global: this drops them all */
        __atomic_store_n(&c->tlb_gen, gen, __ATOMIC_RELEASE);
    }
}

/* Has every core flushed since gen? A lagging one that is awake is asked to. */
static bool
all_flushed(uint64_t gen, bool ask)
{
    bool all = true;
    for (unsigned i = 0; i < ncpus; i++) {
        struct cpu *c = cpus[i];
        if (__atomic_load_n(&c->tlb_gen, __ATOMIC_ACQUIRE) < gen
            && atomic_load(&c->tlb_idle) == 0) {
            all = false;
            if (ask && c != this_cpu()) {
                lapic_ipi(c->apic_id, VECTOR_TLB);
            }
        }
    }
    return all;
}

static struct limbo *
my_limbo(void)
{
    struct limbo **slot = &limbos[this_cpu()->id];
    if (*slot == NULL) {
        unsigned order = 0;
        while (((size_t)PAGE_SIZE << order) < sizeof(struct limbo)) {
            order++;
        }
        uint64_t pa = pmm_alloc_zeroed(order);
        *slot = pa != 0 ? phys_to_virt(pa) : NULL;
    }
    return *slot;
}

static uint64_t
limbo_tag(uint64_t slot)
{
    return slot << LIMBO_SLOT | PTE_LIMBO | (uint64_t)this_cpu()->id << LIMBO_CORE;
}

/* Protocol, left side, 3, for what is old enough. Entries of a trim that is still under way carry
 * GEN_OPEN and stay. */
static void
limbo_drain(struct limbo *l, bool ask)
{
    gstack_flush();
    uint64_t now = atomic_load(&tlb_gen), known = all_flushed(now, ask) ? now : 0;
    for (; l->n > 0; l->head = (l->head + 1) % LIMBO_MAX, l->n--) {
        uint64_t gen = l->page[l->head].gen;
        if (gen > known) {
            if (gen == GEN_OPEN || !all_flushed(gen, false)) {
                return;
            }
            known = gen;
        }
        pte *e = l->page[l->head].entry;
        uint64_t was = atomic_load(e);
        if ((was & ~PTE_ADDR) == limbo_tag(l->head) && atomic_compare_exchange_strong(e, &was, 0)) {
            pmm_free(was & PTE_ADDR, 0);
        }
    }
}

/* A full limbo is given a while for the others to flush; this core flushes at each look, so that
 * two cores that wait do not wait for each other. True: there is room again. */
static bool
limbo_wait(struct limbo *l)
{
    for (int i = 0; i < WAIT_LOOKS && l->n > LIMBO_MAX / 2; i++) {
        limbo_drain(l, i == 0);
        cpu_relax();
    }
    return l->n <= LIMBO_MAX / 2;
}

void
gstack_settle(bool ask)
{
    struct limbo *l = limbos[this_cpu()->id];
    if (l != NULL && l->n > 0) {
        limbo_drain(l, ask);
    }
}

static bool
limbo_holds(unsigned i)
{
    return limbos[i] != NULL && __atomic_load_n(&limbos[i]->n, __ATOMIC_RELAXED) > 0;
}

/* The others that hold pages are asked to drain, again and again: it takes third cores to have
 * flushed. Two that are here at once drain and flush for themselves. */
void
gstack_reclaim(void)
{
    bool wait = true;
    for (int64_t end = clock_nanotime() + RECLAIM_NS; wait && clock_nanotime() < end;) {
        gstack_settle(true);
        wait = false;
        for (unsigned i = 0; i < ncpus; i++) {
            if (cpus[i] != this_cpu() && limbo_holds(i)) {
                lapic_ipi(cpus[i]->apic_id, VECTOR_TLB);
                wait = true;
            }
        }
        for (int64_t next = clock_nanotime() + RECLAIM_ASK_NS; wait && clock_nanotime() < next;) {
            gstack_flush();
            cpu_relax();
        }
    }
}

/* The page of an entry, or NULL. False: no room in limbo, it stays. */
static bool
give_back(struct limbo *l, pte *e)
{
    uint64_t was = e != NULL ? atomic_load(e) : 0;
    if (!(was & PTE_P)) {
        return true;
    }
    if (++l->looks % LIMBO_LOOK == 0) {
        limbo_drain(l, true);
    }
    if (l->n == LIMBO_MAX) {
        return false;
    }
    uint32_t at = (l->head + l->n++) % LIMBO_MAX;
    while (!atomic_compare_exchange_weak(e, &was, (was & PTE_ADDR) | limbo_tag(at))) {
    } /* the processor may set the accessed bit meanwhile */
    l->page[at].entry = e;
    l->page[at].gen = GEN_OPEN;
    atomic_fetch_sub_explicit(&gstack_pages, 1, memory_order_relaxed);
    return true;
}

/* Some stacks, below `end`; 0: all of each. Not NULL: there is more, and room for it. */
struct trim {
    struct g *const *g;
    size_t n;
    uintptr_t end;
};

/* False: no room in limbo for all of it. */
static bool
trim_one(struct limbo *l, struct arch_stack *s, uintptr_t end)
{
    uintptr_t va = s->mapped;
    for (pte *e = NULL; va < end; va += PAGE_SIZE) {
        e = e == NULL || va % SIZE_2M == 0 ? vm_pte_peek(va) : e + 1;
        if (!give_back(l, e)) {
            break;
        }
    }
    mapped_set(s, va);
    s->limit |= SLACK_TRIMMED;
    return va >= end;
}

/* On the core's stack, interrupts off. The generation is drawn after the last entry has changed: a
 * core that has flushed for it cannot have seen one of them mapped. */
static void *
trim_request(void *arg)
{
    struct trim *t = arg;
    struct limbo *l = my_limbo();
    struct g *const *from = t->g;
    if (l == NULL) {
        return NULL;
    }
    for (; t->n > 0; t->g++, t->n--) {
        struct arch_stack *s = stack_of(*t->g);
        if (!trim_one(l, s, t->end != 0 ? t->end : s->hi)) {
            break;
        }
    }
    uint64_t gen = atomic_fetch_add(&tlb_gen, 1) + 1;
    for (; from != t->g; from++) {
        stack_of(*from)->trim_gen = gen;
    }
    if (t->n > 0) {
        stack_of(*from)->trim_gen = gen; /* of which some is left */
    }
    for (uint32_t i = l->n; i > 0; i--) {
        uint64_t *of = &l->page[(l->head + i - 1) % LIMBO_MAX].gen;
        if (*of != GEN_OPEN) {
            break;
        }
        *of = gen;
    }
    return t->n > 0 && limbo_wait(l) ? t : NULL;
}

void *call_on_core_stack(void *(*fn)(void *), void *arg);

/* arch.h: gives back the whole pages of a stack below `below`. */
void
arch_stack_trim(struct g *gp, uintptr_t below)
{
    struct trim t = { &gp, 1, below & ~(PAGE_SIZE - 1ul) };
    while (stack_of(gp)->mapped < t.end && call_on_core_stack(trim_request, &t) != NULL) {
    } /* more pages than limbo holds: piece by piece */
}

/* arch.h: gives back all pages of n stacks. */
void
arch_stack_drop(struct g *const *gs, size_t n)
{
    struct trim t = { gs, n, 0 };
    while (t.n > 0 && call_on_core_stack(trim_request, &t) != NULL) {
    }
}
