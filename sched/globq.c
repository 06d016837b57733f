/* SPDX-License-Identifier: MIT */
/*
 * globq.c -- the global list: where goroutines wait that no core has to itself.
 *
 * It is a ring of batches, each a stretch linked by g->next, so that who takes many does not walk
 * them while the lock is held: each step is a cache line from another core, and all other cores
 * wait meanwhile. A batch is walked only to be cut, when it is larger than what is due.
 *
 * Invariants   1. the goroutines' order is that in which they came, but for globq_put_head's
 *              2. no batch is empty; used == 0 exactly if n == 0
 *              3. where there is no place for another batch, the newest one grows
 * Locks        sched.lock
 * Context      preemption off; never in an interrupt
 * Rejected     One linked list: with 32 cores or more, moving 128 goroutines from it took longer
 *              than running them (tests/sim, skynet).
 * Go           globrunqput, globrunqputbatch, globrunqget in proc.go
 */
#include "globq.h"

#include "runq.h"

enum { PIECES = 8 }; /* batches, or parts of one, that one visit takes at most */

void
g_list_push(struct g_list *l, struct g *gp)
{
    ASSERT(gp != NULL && gp != l->last);
    gp->next = NULL;
    if (l->last != NULL) {
        l->last->next = gp;
    } else {
        l->first = gp;
    }
    l->last = gp;
    l->n++;
}

struct g *
g_list_pop(struct g_list *l)
{
    struct g *gp = l->first;
    if (gp != NULL) {
        l->first = gp->next;
        if (l->first == NULL) {
            l->last = NULL;
        }
        gp->next = NULL;
        l->n--;
    }
    return gp;
}

/* The i-th batch, oldest first. */
static struct g_batch *
batch_at(struct globq *q, uint32_t i)
{
    return &q->batch[(q->oldest + i) % GLOBQ_BATCHES];
}

/* The count is read without the lock, as a hint. */
static void
count_set(struct globq *q, uint32_t n)
{
    q->n = n;
    atomic_store_explicit(&sched.global_n, n, memory_order_release);
}

/* Behind all others: a batch of its own, unless it fits into the newest. */
static inline void
put(struct globq *q, const struct g_list *l)
{
    assert_held(&sched.lock);
    ASSERT(l->n > 0 && l->last->next == NULL);
    struct g_batch *newest = q->used > 0 ? batch_at(q, q->used - 1) : NULL;
    if (newest != NULL && (newest->n + l->n <= GLOBQ_BATCH || q->used == GLOBQ_BATCHES)) {
        q->last->next = l->first;
        newest->n += l->n;
    } else {
        *batch_at(q, q->used++) = (struct g_batch){ l->first, l->n };
    }
    q->last = l->last;
}

void
globq_put_lists(struct g_list *lists, uint32_t n)
{
    struct globq *q = &sched.global;
    uint32_t sum = 0;
    lock_acquire(&sched.lock, RANK_SCHED);
    for (uint32_t i = 0; i < n; i++) {
        put(q, &lists[i]);
        sum += lists[i].n;
    }
    count_set(q, q->n + sum);
    lock_release(&sched.lock);
}

void
globq_put(struct g *gp)
{
    struct globq *q = &sched.global;
    gp->next = NULL;
    lock_acquire(&sched.lock, RANK_SCHED);
    put(q, &(struct g_list){ gp, gp, 1 });
    count_set(q, q->n + 1);
    lock_release(&sched.lock);
}

/* In front of all others: the work of a core switched off. */
void
globq_put_head(struct g_list *list)
{
    struct globq *q = &sched.global;
    if (list->n == 0) {
        return;
    }
    lock_acquire(&sched.lock, RANK_SCHED);
    if (q->used == 0) {
        put(q, list);
    } else if (q->used < GLOBQ_BATCHES) {
        q->oldest = (q->oldest + GLOBQ_BATCHES - 1) % GLOBQ_BATCHES;
        q->used++;
        *batch_at(q, 0) = (struct g_batch){ list->first, list->n };
    } else {
        struct g_batch *b = batch_at(q, 0);
        list->last->next = b->first;
        *b = (struct g_batch){ list->first, b->n + list->n };
    }
    count_set(q, q->n + list->n);
    lock_release(&sched.lock);
    *list = (struct g_list){ 0 };
}

/* The oldest n, or, rather than cut it, all of a batch that has at most `most`. */
static struct g_batch
take(struct globq *q, uint32_t n, uint32_t most)
{
    assert_held(&sched.lock);
    struct g_batch *b = batch_at(q, 0), got = *b;
    if (b->n <= n || b->n <= most) {
        q->oldest = (q->oldest + 1) % GLOBQ_BATCHES;
        q->used--;
        return got;
    }
    got.n = n;
    for (uint32_t i = 0; i < n; i++) {
        b->first = b->first->next;
    }
    b->n -= n;
    return got;
}

/* All but the first of all pieces to mp's ring, which has room; the first is returned. */
static inline struct g *
hand_out(struct m *mp, const struct g_batch *piece, uint32_t pieces)
{
    struct runq *q = &mp->runq;
    struct g *first = piece->first;
    uint32_t began = PEEK(q->tail) - 1, tail = began; /* the first has no place */
    for (; pieces > 0; pieces--, piece++) {
        struct g *gp = piece->first;
        for (uint32_t n = piece->n; n > 0; n--, gp = gp->next, tail++) {
            if (tail != began) {
                atomic_store_explicit(&q->ring[tail % RUNQ_CAP], gp, memory_order_relaxed);
            }
        }
    }
    if (tail != began + 1) { /* a core that saw the list empty has not seen the ring */
        atomic_store_explicit(&q->tail, tail, memory_order_release);
        atomic_thread_fence(memory_order_seq_cst);
        wake_if_idle();
    }
    return first;
}

/* A fair share of the list, `max` at most: the first to run now, the rest to mp's ring. Where that
 * saves cutting a batch, and more than one was asked for, up to twice that. */
struct g *
globq_get(struct m *mp, uint32_t max)
{
    assert_pinned();
    ASSERT(max > 0);
    struct globq *q = &sched.global;
    if (PEEK(sched.global_n) == 0) {
        return NULL;
    }
    uint32_t room = RUNQ_CAP - (PEEK(mp->runq.tail) - PEEK(mp->runq.head)); /* thieves make more */
    struct g_batch piece[PIECES];
    uint32_t pieces = 0, got = 0;
    lock_acquire(&sched.lock, RANK_SCHED);
    uint32_t n = q->n / (uint32_t)atomic_load(&sched.gomaxprocs) + 1;
    n = n > max ? max : n;
    n = n > room + 1 ? room + 1 : n;
    if (likely(q->used == 1 && q->n <= n)) { /* all there is, as after most preemptions */
        piece[pieces++] = *batch_at(q, 0);
        got = q->n;
        q->used = 0;
    }
    while (got < n && q->used > 0 && pieces < PIECES) {
        uint32_t due = n - got, most = max > 1 && 2 * due <= room + 1 - got ? 2 * due : due;
        piece[pieces] = take(q, due, most);
        got += piece[pieces++].n;
    }
    count_set(q, q->n - got);
    lock_release(&sched.lock);
    return got > 0 ? hand_out(mp, piece, pieces) : NULL;
}
