/* SPDX-License-Identifier: MIT */
/*
 * gstack.h -- goroutine stacks: windows of addresses whose pages come by page fault.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

#define SLACK_TRIMMED 1ul /* in stack.limit: pages were given back, and not regretted since */

/* What is in use begins at va; how much may be dead stays the same. */
static inline void
mapped_set(struct arch_stack *s, uintptr_t va)
{
    s->limit += va - s->mapped;
    s->mapped = va;
}

extern _Atomic(int64_t) gstack_pages; /* resident, all stacks together */

/* A fault at va. GSTACK_GROWN: go on; GSTACK_OVERFLOW: the guard or, for a goroutine's own code,
 * the reserve page was touched; GSTACK_NOT: va is in no window that was ever handed out. */
enum gstack_fault { GSTACK_NOT, GSTACK_GROWN, GSTACK_OVERFLOW, GSTACK_NO_MEMORY };

/* On the page-fault stack, interrupts off. kernel: the code that faulted may use the reserve
 * page. */
enum gstack_fault gstack_fault(uintptr_t va, struct arch_stack *own, bool kernel);

/* Any core, any moment: makes this core's TLB forget what was given back. */
void gstack_flush(void);

/* On the core's stack or in an interrupt, interrupts off: frees what this core has given back and
 * no other can have any more; `ask`: those who can are asked to flush. */
void gstack_settle(bool ask);

/* pmm_reclaim: no page is left; every core is asked for what it can free. Takes 200 ms at most. */
void gstack_reclaim(void);

/* For arch.h, on any stack. */
bool gstack_alloc(struct arch_stack *s, size_t max);
bool gstack_warm(struct arch_stack *s); /* a page at the top of a window that was given back */

/* Resident, all stacks together. */
size_t gstack_bytes(void);
