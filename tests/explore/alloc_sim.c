/* SPDX-License-Identifier: MIT */
/*
 * alloc_sim.c -- memory for simulated cores: the heap's, where AddressSanitizer watches it, and a
 * mapping a stack.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "arch.h"
#include "sim.h"

enum { WINDOW = 1 << 17, PAGE = 4096 };

bool
arch_stack_alloc(struct g *gp, size_t max)
{
    struct arch_stack *s = &((struct arch_g *)gp)->stack;
    (void)max;
    if (s->hi == 0) {
        char *at = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) {
            return false;
        }
        uintptr_t hi = (uintptr_t)at + WINDOW;
        *s = (struct arch_stack){ hi, (uintptr_t)at, hi - PAGE, UINTPTR_MAX };
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
