/* SPDX-License-Identifier: MIT */
/*
 * page.c -- pages for code on any stack: pmm.c, by way of the core's own stack.
 *
 * Context      any stack; interrupts and preemption on or off; not from an NMI.
 */
#include "pmm.h"

#include <port.h>

/* On the stack of the caller, who has just written it: reading it cannot fault. */
struct request {
    uint64_t pa;
    uint64_t npages;
    unsigned order;
};

static void *
alloc_request(void *arg)
{
    const struct request *r = arg;

    return (void *)(uintptr_t)pmm_alloc(r->order);
}

static void *
free_request(void *arg)
{
    const struct request *r = arg;

    pmm_free(r->pa, r->order);
    return NULL;
}

static void *
trim_request(void *arg)
{
    const struct request *r = arg;

    pmm_trim(r->pa, r->npages);
    return NULL;
}

static void *
drain_request(void *arg)
{
    (void)arg;
    pmm_drain();
    return NULL;
}

uint64_t
page_alloc(unsigned order)
{
    struct request r = { .order = order };

    return (uintptr_t)call_on_core_stack(alloc_request, &r);
}

void
page_free(uint64_t pa, unsigned order)
{
    struct request r = { .pa = pa, .order = order };

    call_on_core_stack(free_request, &r);
}

void
page_trim(uint64_t pa, uint64_t npages)
{
    struct request r = { .pa = pa, .npages = npages };

    call_on_core_stack(trim_request, &r);
}

void
page_drain(void)
{
    call_on_core_stack(drain_request, NULL);
}
