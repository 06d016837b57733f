/* SPDX-License-Identifier: MIT */
/*
 * stack_host.c -- stack windows and heap of a process.
 *
 * A window is reserved address space; the host's kernel brings its pages one by one. The lowest
 * page is a guard. Windows are carved from large reservations and, like a struct g, live for ever.
 *
 * Invariants   1. no huge pages: one would make a whole window resident at the first touch
 *              2. a process may have some 65,000 mappings. A guard that splits one (where
 *                 the kernel is older than 6.13 and has no other kind) is given to the first
 *                 GUARDS_MAX windows only; behind the others lies the next window
 * Locks        carving, a mutex of the C library: preemption is off
 * Rejected     Asking the kernel what is resident at each death (mincore), or giving pages back
 *              unasked: half a microsecond each, and nearly every goroutine has used one page. A
 *              look at a page's lines at each death (page_used): a third of a spawn.
 */
#define _GNU_SOURCE
#include "host.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "arch.h"
#include "gamp.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
enum { PAGE = 4096, GUARDS_MAX = 16000, DEAD_KEPT = 64 << 10 };
#define CHUNK ((size_t)64 << 20)

static struct {
    pthread_mutex_t lock;
    uintptr_t at, end;
    unsigned guards; /* that split a mapping */
} carving = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool
carve_more(size_t size)
{
    size_t len = size > CHUNK ? size : CHUNK;
    void *p =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        return false;
    }
    madvise(p, len, MADV_NOHUGEPAGE);
    carving.at = (uintptr_t)p;
    carving.end = (uintptr_t)p + len;
    return true;
}

static void
guard(uintptr_t lo)
{
    if (madvise((void *)lo, GUARD, MADV_GUARD_INSTALL) != 0 && carving.guards < GUARDS_MAX) {
        carving.guards += mprotect((void *)lo, GUARD, PROT_NONE) == 0;
    }
}

bool
arch_stack_alloc(struct g *gp, size_t max)
{
    struct arch_stack *s = &((struct arch_g *)gp)->stack;
    size_t size = (max + PAGE - 1) & ~(size_t)(PAGE - 1);

    pthread_mutex_lock(&carving.lock);
    bool got = carving.end - carving.at >= size || carve_more(size);
    if (got) {
        guard(carving.at);
        *s = (struct arch_stack){ carving.at + size, carving.at, carving.at + size - PAGE,
                                  UINTPTR_MAX };
        carving.at += size;
    }
    pthread_mutex_unlock(&carving.lock);
    return got;
}

/* Reading a page that never was costs no memory: the kernel shows its one page of zeroes. A look at
 * each line will do: who is deceived keeps some pages. */
UNINSTRUMENTED static bool
page_used(uintptr_t page)
{
    uint64_t any = 0;
    for (uintptr_t at = page; at < page + PAGE; at += 64) {
        any |= *(const uint64_t *)at;
    }
    return any != 0;
}

/* Called for windows of other classes, and where the core and the global list have dead ones enough
 * (GLOBAL_WARM): so only of some 1,200 dead stacks, and those left by live ones, nobody knows how
 * deep they were. A stack grows downwards: where a page was not used, none below was. The first
 * DEAD_KEPT bytes stay in any case: giving back and fetching again costs a microsecond a page. */
void
arch_stack_trim(struct g *gp, uintptr_t below)
{
    const struct arch_stack *s = &((const struct arch_g *)gp)->stack;
    uintptr_t lo = s->lo + GUARD, hi = below & ~(uintptr_t)(PAGE - 1);
    if (hi > lo + DEAD_KEPT && page_used(hi - DEAD_KEPT - PAGE)) {
        madvise((void *)lo, hi - lo, MADV_DONTNEED);
    }
}

void
arch_stack_drop(struct g *const *gs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        arch_stack_trim(gs[i], ((const struct arch_g *)gs[i])->stack.hi);
    }
}

void *
arch_alloc(size_t size)
{
    return malloc(size);
}

void
arch_free(void *p)
{
    free(p);
}

/* ---- figures ---- */

/* Private memory that is resident. */
static uint64_t
resident(void)
{
    unsigned long size = 0, all = 0, shared = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f != NULL) {
        if (fscanf(f, "%lu %lu %lu", &size, &all, &shared) != 3) {
            all = shared;
        }
        fclose(f);
    }
    return (uint64_t)(all - shared) * PAGE;
}

/* The kernel counts pages by process, so that stacks are what is not heap, roughly. */
static void
memory_stats(struct sched_stats *s)
{
    struct mallinfo2 heap = mallinfo2();
    struct sysinfo host;
    struct rusage used;
    uint64_t others = heap.uordblks + heap.hblkhd, now = resident();

    s->heap_bytes = heap.uordblks + heap.hblkhd;
    s->stack_bytes = now > others ? now - others : 0;
    if (sysinfo(&host) == 0) {
        s->free_bytes = (uint64_t)host.freeram * host.mem_unit;
    }
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        s->stack_faults = (uint64_t)used.ru_minflt;
    }
}

void
arch_stats(int cpu, struct sched_stats *s)
{
    if (cpu < 0) {
        memory_stats(s);
        return;
    }
    s->ipis_sent += atomic_load_explicit(&host_cells[cpu].ipis, memory_order_relaxed);
    s->interrupts += atomic_load_explicit(&host_cells[cpu].interrupts, memory_order_relaxed);
}
