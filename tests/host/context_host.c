/* SPDX-License-Identifier: MIT */
/*
 * context_host.c -- contexts: how a new one begins, and what the sanitizers are told of a switch.
 *
 * Context      preemption off
 */
#include "host.h"

#if HOST_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if HOST_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#include "arch.h"

#if HOST_TSAN
static void
fiber_renew(struct arch_g *g)
{
    if (g->context.fiber != NULL) {
        __tsan_destroy_fiber(g->context.fiber); /* its shadow stack keeps what never returned */
    }
    g->context.fiber = __tsan_create_fiber(0);
}
#endif

#if HOST_ASAN
/* What the last life left poisoned, and never returned to clean up. */
static void
stack_renew(struct arch_g *g)
{
    __asan_unpoison_memory_region((void *)(g->stack.lo + GUARD), g->stack.hi - g->stack.lo - GUARD);
    g->context.fake_stack = NULL;
}

static void
stack_entered(void)
{
    __sanitizer_finish_switch_fiber(((struct arch_g *)this_g())->context.fake_stack, NULL, NULL);
}
#else
static void
stack_entered(void)
{
}
#endif

void
arch_context_init(struct g *gp, uintptr_t top,
                  void (*entry)(struct g *prev, struct g *self, uintptr_t after))
{
    struct arch_g *g = (struct arch_g *)gp;
    uintptr_t *sp = (uintptr_t *)top;
#if HOST_ASAN
    stack_renew(g);
#endif
#if HOST_TSAN
    fiber_renew(g);
#endif
    *--sp = 0; /* a return address; to the inline switch rbp, too */
    *--sp = (uintptr_t)entry;
#if HOST_POLL
    *--sp = (uintptr_t)host_first;
#endif
    g->context.sp = (uintptr_t)sp;
    g->context.mxcsr = MXCSR_DEFAULT;
    g->context.fcw = FCW_DEFAULT;
    g->context.err = 0;
}

#if HOST_POLL
struct arch_switched
arch_context_switch(struct g *from, struct g *to, uintptr_t after)
{
#if HOST_TSAN
    /* 0: what one core does on two stacks is in order */
    __tsan_switch_to_fiber(((struct arch_g *)to)->context.fiber, 0);
#endif
#if HOST_ASAN
    struct arch_g *f = (struct arch_g *)from, *t = (struct arch_g *)to;
    __sanitizer_start_switch_fiber(&f->context.fake_stack, (const void *)(t->stack.lo),
                                   t->stack.hi - t->stack.lo);
#endif
    struct arch_switched s = host_switch(from, to, after);
    stack_entered();
    return s;
}
#endif

/* From host_first. */
void
host_begin(struct g *prev, host_entry *entry, uintptr_t after)
{
    stack_entered();
    entry(prev, this_g(), after);
}
