/* SPDX-License-Identifier: MIT */
/*
 * memory.c -- heap and stacks at addresses that are the same in every run.
 *
 * Blocks are whole lines, so no two share one; those of one size are used again, last freed first.
 */
#include <sys/mman.h>

#include "cost.h"
#include "runtime.h"
#include "sim.h"

enum { LINE = 64, CLASSES = 1 << 9, WINDOW = 1 << 14, BIG_WINDOW = 1 << 20, PAGE = 4096 };
#define GIB ((uintptr_t)1 << 30)

const uintptr_t memory_heap = 0x100000000000, memory_stacks = memory_heap + 4 * GIB,
                memory_end = memory_stacks + 12 * GIB;

struct block {
    struct block *next;
};

static struct block *freed[CLASSES];
static uint32_t *lines_in; /* of the block that begins at a line */
static uintptr_t heap_top, stack_top;

static void *
reserve(uintptr_t at, size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    flags |= at != 0 ? MAP_FIXED_NOREPLACE : 0;
    void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (p == MAP_FAILED) {
        sim_failed("no addresses for the simulated memory");
    }
    return p;
}

void
memory_init(void)
{
    reserve(memory_heap, memory_end - memory_heap);
    lines_in = reserve(0, (memory_stacks - memory_heap) / LINE * sizeof(*lines_in));
    heap_top = memory_heap;
    stack_top = memory_stacks;
}

void *
arch_alloc(size_t size)
{
    size_t n = (size + LINE - 1) / LINE;
    struct block *b = n < CLASSES ? freed[n] : NULL;
    clock_charge(COST_ALLOC);
    if (b != NULL) {
        freed[n] = b->next;
    } else if (heap_top + n * LINE <= memory_stacks) {
        b = (struct block *)heap_top;
        heap_top += n * LINE;
        lines_in[((uintptr_t)b - memory_heap) / LINE] = (uint32_t)n;
    } else {
        return NULL;
    }
    lines_made(b, n * LINE, size == sizeof(struct g_chunk) + 64, __builtin_return_address(0));
    return b;
}

void
arch_free(void *p)
{
    struct block *b = p;
    clock_charge(COST_ALLOC);
    if (b != NULL) {
        uint32_t n = lines_in[((uintptr_t)b - memory_heap) / LINE];
        if (n < CLASSES) {
            b->next = freed[n];
            freed[n] = b;
        }
    }
}

bool
arch_stack_alloc(struct g *gp, size_t max)
{
    struct arch_stack *s = &((struct arch_g *)gp)->stack;
    size_t size = max > BIG_WINDOW ? BIG_WINDOW : WINDOW;
    if (s->hi == 0) {
        if (stack_top + size > memory_end) {
            return false;
        }
        uintptr_t hi = stack_top + size;
        *s = (struct arch_stack){ hi, stack_top, hi - PAGE, UINTPTR_MAX };
        stack_top += size;
        clock_charge(COST_STACK);
    }
    return true;
}

void
arch_stack_trim(struct g *gp, uintptr_t below)
{
    (void)gp;
    (void)below;
}

void
arch_stack_drop(struct g *const *gs, size_t n)
{
    (void)gs;
    (void)n;
}
