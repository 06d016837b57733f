/* SPDX-License-Identifier: MIT */
/*
 * gfree.c -- dead goroutines and their stacks, kept for those to come.
 *
 * Invariants   1. a g and its stack window belong together for ever; neither goes back to the heap
 *              2. a dead g is on one list: its last core's own (default windows), or one of
 *                 sched.gfree's, which 16 cores share: WARM ones keep a page of stack each, COLD
 *                 ones none; or sched.gfree_big, of other windows
 *              3. a core has some without a page, or without a window, or from far away, too:
 *                 gbare, for when nothing better is here; and a chunk that it alone makes new
 *                 ones from
 *              4. a core has a list of fewer than GFREE_BATCH and a spare of none or so many; those
 *                 in sched.gfree go and come by the batch: its first one's arg is the next
 * Locks        each of sched.gfree its own; sched.free_lock for gfree_big and the chunks
 * Context      preemption off
 * Cost         in steady state a spawn and a death touch this core's list only: no lock, no fault.
 * Rejected     One list for all: 64 cores waited for its lock half of the time (tests/sim, skynet).
 * Go           gfget, gfput in proc.go
 */
#include "proc.h"

/* Those with whom this core shares its dead. */
static struct gfree *
neighbours(const struct m *mp)
{
    return &sched.gfree[(uint32_t)mp->id / GFREE_CORES];
}

static bool
chunk_new(struct m *mp)
{
    struct g_chunk *c = arch_alloc(sizeof(*c) + CACHE_LINE);
    if (c == NULL) {
        return false;
    }
    c = (struct g_chunk *)(((uintptr_t)c + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1));
    memset(c, 0, sizeof(*c));
    lock_acquire(&sched.free_lock, RANK_SCHED);
    c->next = sched.chunks;
    sched.chunks = c;
    lock_release(&sched.free_lock);
    mp->chunk = c;
    return true;
}

static bool
chunk_spent(const struct m *mp)
{
    return mp->chunk == NULL || PEEK(mp->chunk->used) == CHUNK_GS;
}

/* A g that never lived, from this core's own chunk. NULL: no memory. */
static struct g *
carve(struct m *mp)
{
    if (unlikely(chunk_spent(mp)) && !chunk_new(mp)) {
        return NULL;
    }
    struct g *gp = &mp->chunk->g[PEEK(mp->chunk->used)];
    COUNT(mp->chunk->used, 1);
    return gp;
}

/* A batch from this list, or an empty one. */
static __attribute__((noinline)) struct g_batch
gfree_take(struct gfree *f, int temperature)
{
    lock_acquire(&f->lock, RANK_SCHED);
    struct g *gp = f->list[temperature];
    if (gp != NULL) {
        f->list[temperature] = gp->arg;
        COUNT(f->n[temperature], -1);
    }
    lock_release(&f->lock);
    return (struct g_batch){ gp, gp != NULL ? GFREE_BATCH : 0 };
}

/* The same from any list, before memory is asked for. */
static struct g_batch
gfree_take_far(void)
{
    struct g_batch got = { 0 };
    for (int i = 0; i / TEMPERATURES * GFREE_CORES < sched.ncores && got.n == 0; i++) {
        struct gfree *f = &sched.gfree[i / TEMPERATURES];
        if (PEEK(f->n[i % TEMPERATURES]) > 0) {
            got = gfree_take(f, i % TEMPERATURES);
        }
    }
    return got;
}

/* A g without a page of stack, or without a window, too. NULL: no memory. */
static struct g *
bare_get(struct m *mp)
{
    if (mp->gbare.n == 0 && PEEK(neighbours(mp)->n[COLD]) > 0) {
        mp->gbare = gfree_take(neighbours(mp), COLD);
    }
    if (unlikely(chunk_spent(mp)) && mp->gbare.n == 0) {
        mp->gbare = gfree_take_far();
    }
    struct g *gp = batch_pop(&mp->gbare);
    return gp != NULL ? gp : carve(mp);
}

/* The same for a window of another class: it must not have one. */
static struct g *
big_new(struct m *mp)
{
    struct g *failed = mp->gbare.first;
    return failed != NULL && failed->stack.hi == 0 ? batch_pop(&mp->gbare) : carve(mp);
}

/* A dead g with a window of this class, or NULL. */
static struct g *
gfree_big(unsigned class)
{
    lock_acquire(&sched.free_lock, RANK_SCHED);
    struct g *found = NULL;
    for (uint32_t n = sched.gfree_big.n; n > 0 && found == NULL; n--) {
        struct g *gp = g_list_pop(&sched.gfree_big);
        if (gp->class == class) {
            found = gp;
        } else {
            g_list_push(&sched.gfree_big, gp);
        }
    }
    lock_release(&sched.free_lock);
    return found;
}

/* This core's list is empty: its spare becomes its list, or else a batch that another core gave.
 * Go: gfget */
static struct g *
gfree_own(struct m *mp)
{
    struct g *gp = gfree_pop(mp);
    if (gp != NULL) {
        return gp;
    }
    struct g_batch more = mp->gspare;
    mp->gspare = (struct g_batch){ 0 };
    if (more.n == 0 && PEEK(neighbours(mp)->n[WARM]) > 0) {
        more = gfree_take(neighbours(mp), WARM);
    }
    mp->gfree = more.first;
    mp->gfree_room = GFREE_BATCH - more.n;
    return gfree_pop(mp);
}

/* Windows come in few sizes, so that a dead one fits the next g that asks for one. Class 0 is the
 * default, each next one four times as large. */
size_t
gfree_window(unsigned class)
{
    size_t size = sched.stack_default << 2 * class;
    return size > STACK_MAX_SIZE ? STACK_MAX_SIZE : size;
}

static unsigned
class_of(size_t max)
{
    unsigned class = 0;
    while (gfree_window(class) < max) {
        class ++;
    }
    return class;
}

/* No memory for its stack: it waits for better times. */
static void
gfree_back(struct m *mp, struct g *gp)
{
    if (gp->stack.hi == 0 || gp->class == 0) {
        batch_push(&mp->gbare, gp);
        return;
    }
    lock_acquire(&sched.free_lock, RANK_SCHED);
    g_list_push(&sched.gfree_big, gp);
    lock_release(&sched.free_lock);
}

/* A dead g, or a new one, with a stack of at least `max`; NULL: no memory. Preemption off. */
struct g *
gfree_get(struct m *mp, size_t max)
{
    assert_pinned();
    unsigned class = class_of(max);
    bool big = class != 0;
    struct g *gp = big ? gfree_big(class) : gfree_own(mp);
    if (gp == NULL && (gp = big ? big_new(mp) : bare_get(mp)) == NULL) {
        return NULL;
    }
    gp->class = (uint8_t) class;
    if (gp->stack.mapped == gp->stack.hi && !arch_stack_alloc(gp, gfree_window(class))) {
        gfree_back(mp, gp);
        return NULL;
    }
    return gp;
}

static void
drop(struct g *first)
{
    struct g *gs[GFREE_BATCH];
    size_t n = 0;
    for (struct g *gp = first; gp != NULL; gp = gp->next) {
        gs[n++] = gp;
    }
    arch_stack_drop(gs, n);
}

/* One batch too many for this core: to its neighbours, without its pages where they have
 * GLOBAL_WARM. */
static void
gfree_give(struct m *mp, struct g_batch batch)
{
    struct gfree *f = neighbours(mp);
    int temperature = PEEK(f->n[WARM]) * GFREE_BATCH < GLOBAL_WARM ? WARM : COLD;
    if (temperature == COLD) {
        drop(batch.first);
    }
    lock_acquire(&f->lock, RANK_SCHED);
    batch.first->arg = f->list[temperature];
    f->list[temperature] = batch.first;
    COUNT(f->n[temperature], 1);
    lock_release(&f->lock);
}

/* The list becomes the spare, and a spare goes to the others. */
__attribute__((noinline)) void
gfree_full(struct m *mp)
{
    struct g_batch spare = mp->gspare;
    mp->gspare = (struct g_batch){ mp->gfree, GFREE_BATCH };
    mp->gfree = NULL;
    mp->gfree_room = GFREE_BATCH;
    if (spare.n > 0) {
        gfree_give(mp, spare);
    }
}

/* Where gfree_put would not: of another class, or with more than the page it keeps. The commit of a
 * g that has left its stack for good. */
bool
gfree_put_slow(struct g *gp, void *unused)
{
    struct m *mp = this_m();
    (void)unused;
    ASSERT(atomic_load(&gp->status) == G_DEAD);
    ASSERT(gp != this_g());
    arch_stack_trim(gp, gp->stack.hi - STACK_KEEP);
    if (gp->class != 0) {
        lock_acquire(&sched.free_lock, RANK_SCHED);
        g_list_push(&sched.gfree_big, gp);
        lock_release(&sched.free_lock);
        return true;
    }
    gfree_push(mp, gp);
    return true;
}
