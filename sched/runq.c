/* SPDX-License-Identifier: MIT */
/*
 * runq.c -- where ready goroutines wait, and how they are stolen without a lock.
 *
 * Each core has a ring of 256 and one slot in front of it, `next`, for the goroutine it readied
 * last; behind all cores stands one global list under sched.lock.
 *
 * Invariants   1. tail - head <= RUNQ_CAP (checked in runq_put)
 *              2. a g is on one queue at most (its status is RUNNABLE exactly then)
 *              3. no g pinned to a core is in a ring, in `next`, or in the global list
 * Locks        sched.lock for the global list; the ring has none
 * Context      preemption off, so that "this core" stays true; never in an interrupt
 *
 * Protocol     owner adds                        owner or thief takes
 *              1 ring[tail % 256] = gp           1 h = head          (acquire)
 *              2 tail + 1         (release)      2 t = tail          (acquire: sees 1 of the adder)
 *                                                3 copy ring[h..h+n)
 *                                                4 head: h -> h + n  (CAS; fails if others took)
 *              A copied slot cannot have been overwritten if 4 succeeds: the owner reuses slot h
 *              only after it has seen a head beyond h.
 *              `next` goes from a g to NULL by CAS (owner or thief), from NULL or a g to a new g by
 *              exchange (owner only).
 *
 * Cost         put: one locked exchange, which is also the fence between publishing and looking
 *              for idle cores (idle.c). Get: one locked CAS. No line that others write, unless
 *              they steal.
 *
 * Rejected     A Chase-Lev deque (owner takes the newest): stealing half needs a version in the
 *              index word, and order would differ from Go's.
 * Go           runqput, runqget, runqgrab, runqputslow in proc.go. Here a yielding
 *              goroutine goes to the tail of its own ring, not of the global list: no shared line.
 */
#include "runq.h"

enum {
    OVERFLOW_PARTS = RUNQ_CAP >= 8 ? 4 : 1, /* batches: what one core of many may be due */
    PART = RUNQ_CAP / 2 / OVERFLOW_PARTS,
};
_Static_assert(PART *OVERFLOW_PARTS == RUNQ_CAP / 2, "half the ring is whole parts");

/* n slots of the ring, from `at` on, as a list. They have left it: only the owner writes slots. */
static inline void
ring_list(struct runq *q, uint32_t at, uint32_t n, struct g_list *to)
{
    struct g *gp = PEEK(q->ring[at % RUNQ_CAP]);
    to->first = gp;
    to->n = n;
    for (uint32_t i = 1; i < n; i++) {
        gp->next = PEEK(q->ring[(at + i) % RUNQ_CAP]);
        gp = gp->next;
    }
    gp->next = NULL;
    to->last = gp;
}

/* The ring was full: half of it, and gp, to the global list. False: a thief was quicker, try again.
 * Go: runqputslow */
static bool
runq_overflow(struct m *mp, struct g *gp, uint32_t head)
{
    struct runq *q = &mp->runq;
    uint32_t first = head;
    if (!atomic_compare_exchange_strong_explicit(&q->head, &head, head + RUNQ_CAP / 2,
                                                 memory_order_release, memory_order_relaxed)) {
        return false;
    }
    struct g_list part[OVERFLOW_PARTS];
    for (uint32_t i = 0; i < OVERFLOW_PARTS; i++) {
        ring_list(q, first + i * PART, PART, &part[i]);
    }
    g_list_push(&part[OVERFLOW_PARTS - 1], gp);
    globq_put_lists(part, OVERFLOW_PARTS);
    return true;
}

/* runq_put where the ring looked full. */
void
runq_put_slow(struct m *mp, struct g *gp)
{
    struct runq *q = &mp->runq;
    uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
    uint32_t t = atomic_load_explicit(&q->tail, memory_order_relaxed);
    if (t - h > RUNQ_CAP) {
        throw("runq_put: core %d, head %u, tail %u", mp->id, h, t);
    }
    if (t - h < RUNQ_CAP || !runq_overflow(mp, gp, h)) {
        runq_put(mp, gp); /* thieves were here */
    }
}

__attribute__((noinline)) void
runq_add_slow(struct m *mp, struct g *gp)
{
    runq_put_slow(mp, gp);
    atomic_thread_fence(memory_order_seq_cst);
    wake_if_idle();
}

uint32_t
runq_len(struct m *mp)
{
    uint32_t h = atomic_load_explicit(&mp->runq.head, memory_order_acquire);
    uint32_t t = atomic_load_explicit(&mp->runq.tail, memory_order_acquire);
    uint32_t n = t - h > RUNQ_CAP ? RUNQ_CAP : t - h; /* read while others take: roughly */
    return n + (atomic_load(&mp->runq.next) != NULL);
}

/* For any core. The tail is read twice because a g on its way from `next` into the ring is in
 * neither for a moment that the owner ends by moving the tail. Go: runqempty */
bool
runq_empty(struct m *mp)
{
    struct runq *q = &mp->runq;
    for (;;) {
        uint32_t h = atomic_load(&q->head), t = atomic_load(&q->tail);
        struct g *next = atomic_load(&q->next);
        if (t == atomic_load(&q->tail)) {
            return h == t && next == NULL;
        }
    }
}

/* The last resort of a thief: the victim's `next`, after leaving it a moment to run it itself. */
static struct g *
steal_next(struct m *victim)
{
    struct g *gp = atomic_load(&victim->runq.next);
    if (gp == NULL) {
        return NULL;
    }
    if (atomic_load(&victim->running) != NULL) {
        int64_t until = arch_nanotime() + RUNNEXT_GRACE_NS;
        while (arch_nanotime() < until && atomic_load(&victim->runq.next) == gp) {
            arch_relax();
        }
    }
    return atomic_compare_exchange_strong(&victim->runq.next, &gp, NULL) ? gp : NULL;
}

static inline struct g *
traced(struct g *gp, const struct m *victim)
{
    if (gp != NULL && unlikely(PEEK(sched.tracing))) {
        trace_steal(gp, victim->id);
    }
    return gp;
}

/* Takes the older half of victim's ring: the last of it is returned, the rest goes to the thief's
 * ring, which is empty. Go: runqsteal, runqgrab */
struct g *
runq_steal(struct m *thief, struct m *victim, bool take_next)
{
    assert_pinned();
    ASSERT(thief == this_m() && victim != thief);
    ASSERT(runq_len(thief) == 0);
    struct runq *from = &victim->runq, *to = &thief->runq;
    uint32_t tail = atomic_load_explicit(&to->tail, memory_order_relaxed);
    for (;;) {
        uint32_t h = atomic_load_explicit(&from->head, memory_order_acquire);
        uint32_t t = atomic_load_explicit(&from->tail, memory_order_acquire);
        uint32_t n = t - h - (t - h) / 2;
        if (n == 0) {
            struct g *gp = take_next ? steal_next(victim) : NULL;
            COUNT(thief->stolen, gp != NULL);
            return traced(gp, victim);
        }
        if (n > RUNQ_CAP / 2) {
            continue; /* head and tail are of different moments */
        }
        for (uint32_t i = 0; i < n; i++) {
            struct g *gp =
                atomic_load_explicit(&from->ring[(h + i) % RUNQ_CAP], memory_order_relaxed);
            atomic_store_explicit(&to->ring[(tail + i) % RUNQ_CAP], gp, memory_order_relaxed);
        }
        if (atomic_compare_exchange_strong_explicit(&from->head, &h, h + n, memory_order_acq_rel,
                                                    memory_order_relaxed)) {
            COUNT(thief->stolen, n);
            atomic_store_explicit(&to->tail, tail + n - 1, memory_order_release);
            return traced(
                atomic_load_explicit(&to->ring[(tail + n - 1) % RUNQ_CAP], memory_order_relaxed),
                victim);
        }
    }
}

/* Empties this core's queue: for a core that gomaxprocs switches off. */
void
runq_drain(struct m *mp, struct g_list *into)
{
    ASSERT(mp == this_m());
    struct g *gp;
    while ((gp = runq_get_next(mp)) != NULL || (gp = runq_get_ring(mp)) != NULL) {
        g_list_push(into, gp);
    }
}

/* Hands gp to mp's core alone. From anywhere, interrupts included. */
void
inbox_put(struct m *mp, struct g *gp)
{
    ASSERT(atomic_load(&gp->status) == G_RUNNABLE);
    struct g *old = atomic_load_explicit(&mp->inbox, memory_order_relaxed);
    do {
        gp->next = old;
    } while (!atomic_compare_exchange_weak_explicit(&mp->inbox, &old, gp, memory_order_seq_cst,
                                                    memory_order_relaxed));
    atomic_store(&mp->attention, WANTED);
    if (mp != this_m()) {
        arch_preempt(mp->id);
    }
}

/* Hands gp to the core it is pinned to, or to core 0 while that one is switched off. */
void
pinned_put(struct g *gp)
{
    inbox_put(allm[gp->pin < atomic_load(&sched.gomaxprocs) ? gp->pin : 0], gp);
}
