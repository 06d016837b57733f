/* SPDX-License-Identifier: MIT */
/*
 * gfree.c -- dead goroutines and their stacks, kept for those to come.
 *
 * Invariants   1. a g and its stack window belong together for ever; neither goes back to the heap
 *              2. a dead g is on one list: its last core's own (default windows), or one of
 *                 sched's: gfree keeps a page of stack each, gcold none, gfree_big other windows
 * Locks        sched.lock for the global lists
 * Context      preemption off; gfree_put is the commit of a g that has left its stack for good
 * Cost         in steady state a spawn and a death touch this core's list only: no lock, no fault.
 * Go           gfget, gfput in proc.go
 */
#include "runtime.h"

static struct g *
g_carve(bool big)
{
    lock_acquire(&sched.lock, RANK_SCHED);
    struct g_chunk *c = sched.chunks;
    struct g *gp = big ? NULL : g_list_pop(&sched.gcold);
    gp = gp == NULL ? g_list_pop(&sched.gbare) : gp;
    if (gp == NULL && c != NULL && c->used < CHUNK_GS) {
        gp = &c->g[c->used++];
    }
    lock_release(&sched.lock);
    return gp;
}

/* A g without a page of stack, or without a window, too. NULL: no memory. */
static struct g *
g_alloc(bool big)
{
    struct g *gp;
    while ((gp = g_carve(big)) == NULL) {
        struct g_chunk *c = arch_alloc(sizeof(*c));
        if (c == NULL) {
            return NULL;
        }
        memset(c, 0, sizeof(*c));
        lock_acquire(&sched.lock, RANK_SCHED);
        c->next = sched.chunks;
        sched.chunks = c;
        lock_release(&sched.lock);
    }
    return gp;
}

/* A dead g with a stack of at least `max`, or NULL. */
static struct g *
gfree_big(size_t max)
{
    lock_acquire(&sched.lock, RANK_SCHED);
    struct g *found = NULL;
    for (uint32_t n = sched.gfree_big.n; n > 0 && found == NULL; n--) {
        struct g *gp = g_list_pop(&sched.gfree_big);
        if (gp->stack_max == max) {
            found = gp;
        } else {
            g_list_push(&sched.gfree_big, gp);
        }
    }
    lock_release(&sched.lock);
    return found;
}

/* The core's own free list is a stack (last used, warmest); empty, it takes a batch. Go: gfget */
static struct g *
gfree_own(struct m *mp)
{
    if (mp->gfree.n == 0 && atomic_load_explicit(&sched.gfree_n, memory_order_relaxed) > 0) {
        lock_acquire(&sched.lock, RANK_SCHED);
        for (int i = 0; i < GFREE_MAX / 2 && sched.gfree.n > 0; i++) {
            g_list_push(&mp->gfree, g_list_pop(&sched.gfree));
        }
        atomic_store_explicit(&sched.gfree_n, sched.gfree.n, memory_order_relaxed);
        lock_release(&sched.lock);
    }
    return g_list_pop(&mp->gfree);
}

/* Windows come in few sizes, so that a dead one fits the next g that asks for one. */
static size_t
stack_class(size_t max)
{
    size_t class = sched.stack_default;
    while (class < max) {
        class *= 4;
    }
    return class > STACK_MAX_SIZE ? STACK_MAX_SIZE : class;
}

/* No memory for its stack: it waits for better times. */
static void
gfree_back(struct g *gp)
{
    bool big = gp->stack_max != sched.stack_default;
    lock_acquire(&sched.lock, RANK_SCHED);
    g_list_push(gp->stack.hi == 0 ? &sched.gbare : big ? &sched.gfree_big : &sched.gcold, gp);
    lock_release(&sched.lock);
}

/* A dead g, or a new one, with a stack of at least `max`; NULL: no memory. Preemption off. */
struct g *
gfree_get(struct m *mp, size_t max)
{
    assert_pinned();
    size_t class = stack_class(max);
    bool big = class != sched.stack_default;
    struct g *gp = big ? gfree_big(class) : gfree_own(mp);
    if (gp == NULL && (gp = g_alloc(big)) == NULL) {
        return NULL;
    }
    gp->stack_max = class;
    if (gp->stack.mapped == gp->stack.hi && !arch_stack_alloc(gp, class)) {
        gfree_back(gp);
        return NULL;
    }
    return gp;
}

/* Half of a full list goes to the global ones: to gcold when gfree has GLOBAL_WARM. */
static void
gfree_spill(struct m *mp)
{
    struct g *gp;
    struct g_list half = { 0 };
    bool cold = atomic_load_explicit(&sched.gfree_n, memory_order_relaxed) >= GLOBAL_WARM;
    while (mp->gfree.n > GFREE_MAX / 2) {
        gp = g_list_pop(&mp->gfree);
        if (cold) {
            arch_stack_trim(gp, gp->stack.hi);
        }
        g_list_push(&half, gp);
    }
    lock_acquire(&sched.lock, RANK_SCHED);
    while ((gp = g_list_pop(&half)) != NULL) {
        g_list_push(cold ? &sched.gcold : &sched.gfree, gp);
    }
    atomic_store_explicit(&sched.gfree_n, sched.gfree.n, memory_order_relaxed);
    lock_release(&sched.lock);
}

/* Puts a dead g where the next spawn finds it; more than GFREE_MAX overflow to the global lists.
 * Go: gfput */
bool
gfree_put(struct g *gp, void *arg)
{
    struct m *mp = this_m();
    (void)arg;
    ASSERT(atomic_load(&gp->status) == G_DEAD);
    ASSERT(gp != this_g());
    arch_stack_trim(gp, gp->stack.hi - STACK_KEEP);
    if (gp->stack_max != sched.stack_default) {
        lock_acquire(&sched.lock, RANK_SCHED);
        g_list_push(&sched.gfree_big, gp);
        lock_release(&sched.lock);
        return true;
    }
    gp->next = mp->gfree.first;
    mp->gfree.first = gp;
    mp->gfree.last = mp->gfree.last == NULL ? gp : mp->gfree.last;
    if (++mp->gfree.n < GFREE_MAX) {
        return true;
    }
    gfree_spill(mp);
    return true;
}
