/* SPDX-License-Identifier: MIT */
/*
 * select.c -- how a goroutine waits for the first of several channels.
 *
 * Invariants   1. of one select's waiters one wins at most: winner goes from NULL to it, once
 *              2. when the winner's effect can be seen by anybody, or its goroutine goes on, none
 *                 of the others is on any list, and nobody will touch their channels for it
 * Locks        to wait, all its channels' at once: two by trying, else in order of address
 *              (selmany.c); in select_take one more by trying
 * Context      the selecting goroutine; select_take also in a timer's fire
 * Protocol     waiting                                serving (select_take, c->lock held)
 *              1 look at all without locks            1 claim: winner NULL -> w (CAS). Lost: if the
 *                (select.h). One is ready: do it,       winner is another case, w is stale, look
 *                under its lock; lost to another:       at the next; if it is w itself, another
 *                the way of selmany.c                   core is at 2 with c->lock open: wait for it
 *              2 none, and it may not park: none      2 take the others off their lists, each under
 *                it is, if nobody was there             its own lock, by lock_try; where one is
 *                meanwhile                              taken, open c->lock, wait for that one,
 *              3 lock all channels; somebody was        lock c again
 *                there since 1: selmany.c             3 take w off c's list, do the operation,
 *              4 a waiter on each list                  unlock c, ready the goroutine
 *              5 park; the commit unlocks all
 *              6 woken: winner says which
 *              5 unlocks its last channel only after it has read all it needs: the goroutine may go
 *              on from then on, since 2 on the right needs every one of those locks. Two servers
 *              wait for each other nowhere: at 2 a lock is waited for with no other channel's held.
 * Cost         Of two cases: none ready, 35 instructions and nothing written; one ready, what it
 *              takes by itself and 60. To wait: n locks, n waiters on the stack, and one lock each
 *              for the n - 1 that did not win, paid by who serves; taking a loser off its list is
 *              O(1). One case is a plain operation.
 * Rejected     Go's way, where the woken goroutine locks all again to take its waiters off: another
 *              goroutine may have seen the choice by then, and freed a channel that lost.
 *              A permutation to look through (Go: pollorder): counting the ready ones and taking
 *              each with the right probability needs no table.
 * Go           select.go: selectgo, selparkcommit; here a partner claims and unlinks
 */
#include "select.h"

/* ---- serving ---- */

static inline void
unqueue(struct waiter *w, struct chan *c)
{
    waitq_remove(own_queue(w->of, c), w);
    w->queued = false;
}

/* Takes the losers off their lists; false: some locks were taken. */
static inline bool
losers_try(const struct chan *c, const struct waiter *won)
{
    bool all = true;
    for (struct waiter *w = won->mate; w != won; w = w->mate) {
        struct chan *other = w->of->chan;
        if (other == c) {
            unqueue(w, other);
        } else if (lock_try_off(&other->lock, RANK_CHAN)) {
            unqueue(w, other);
            lock_open(&other->lock);
        } else {
            all = false;
        }
    }
    return all;
}

/* Preemption stays off, so that who waits for this core waits for some hundred instructions. */
static void
losers_wait(struct chan *c, const struct waiter *won)
{
    lock_open(&c->lock);
    for (struct waiter *w = won->mate; w != won; w = w->mate) {
        if (w->queued) {
            struct chan *other = w->of->chan;
            lock_acquire(&other->lock, RANK_CHAN);
            unqueue(w, other);
            lock_release(&other->lock);
        }
    }
    lock_acquire(&c->lock, RANK_CHAN);
    arch_preempt_on(); /* lock_open left it off */
}

/* w is claimed, its losers not all gone. */
static COLD struct waiter *
take_late(struct chan *c, struct gamp_waitq *q, struct waiter *w)
{
    losers_wait(c, w);
    waitq_remove(q, w);
    return w;
}

/* The first of q is another core's. */
static COLD struct waiter *
take_next(struct chan *c, struct gamp_waitq *q)
{
    struct waiter *w = q->first;
    while (w != NULL && w->sel != NULL) {
        struct waiter *winner = NULL;
        if (atomic_compare_exchange_strong(&w->sel->winner, &winner, w)) {
            if (!losers_try(c, w)) {
                return take_late(c, q, w);
            }
            break;
        }
        if (winner != w) {
            w = w->next;
            continue;
        }
        lock_open(&c->lock);
        arch_relax();
        lock_acquire(&c->lock, RANK_CHAN);
        arch_preempt_on(); /* lock_open left it off */
        w = q->first;
    }
    if (w != NULL) {
        waitq_remove(q, w);
    }
    return w;
}

/* The slow halves are functions of their own, so that this one saves no register. */
struct waiter *
select_take(struct chan *c, struct gamp_waitq *q)
{
    assert_held(&c->lock);
    struct waiter *w = PEEK(q->first), *winner = NULL;
    ASSERT(w != NULL && w->sel != NULL);
    if (unlikely(!atomic_compare_exchange_strong(&w->sel->winner, &winner, w))) {
        return take_next(c, q);
    }
    if (unlikely(!losers_try(c, w))) {
        return take_late(c, q, w);
    }
    waitq_remove_first(q, w);
    return w;
}

/* ---- selecting ---- */

COLD bool
select_one_in(uint32_t n)
{
    arch_preempt_off();
    bool it = m_rand(this_m()) % n == 0;
    arch_preempt_on();
    return it;
}

bool
select_attempt(struct select_case *k)
{
    if (k->op == SELECT_OP_SEND) {
        return chan_post(k->chan, k->elem);
    }
    enum chan_status got = chan_fetch(k->chan, k->elem);
    k->ok = got == CHAN_OK;
    return got != CHAN_EMPTY;
}

struct select_case *
select_served(const struct select *s)
{
    const struct waiter *w = PEEK(s->winner);
    struct select_case *k = w->of;
    if (k->op == SELECT_OP_SEND && !w->ok) {
        panic("send on closed channel");
    }
    k->ok = w->ok;
    return k;
}

/* Parks on two channels; the second was closed with preemption off. Reads nothing of w after the
 * last one is open. */
static bool
open_two(struct g *gp, void *w)
{
    (void)gp;
    struct chan *a = ((const struct waiter *)w)->of->chan;
    struct chan *b = ((const struct waiter *)w)->mate->of->chan;
    lock_open(&b->lock);
    lock_release(&a->lock);
    return true;
}

/* Nothing was ready when their locks' words were `words` in all. */
static COLD int
wait_two(struct select_case *cases, struct chan *a, struct chan *b, uint64_t words)
{
    case_probe(&cases[0]);
    case_probe(&cases[1]);
    if (!lock_try(&a->lock, RANK_CHAN)) {
        return select_locked(cases, 2, true);
    }
    bool both = lock_try_off(&b->lock, RANK_CHAN); /* not if they are one channel */
    if (unlikely(!both) || unlikely(PEEK(a->lock.word) + PEEK(b->lock.word) != words + 2)) {
        if (both) {
            lock_open(&b->lock);
        }
        lock_release(&a->lock);
        return select_locked(cases, 2, true);
    }
    struct select s;
    struct waiter w[2];
    atomic_store_explicit(&s.winner, NULL, memory_order_relaxed);
    case_queue(&s, this_g(), &cases[0], a, &w[0], &w[1]);
    case_queue(&s, this_g(), &cases[1], b, &w[1], &w[0]);
    g_park(open_two, &w[0], WAIT_SELECT);
    return (int)(select_served(&s) - cases);
}

/* k looked ready. */
static COLD int
select_ready(struct select_case *cases, size_t n, struct select_case *k, bool may_park)
{
    return likely(select_attempt(k)) ? (int)(k - cases) : select_locked(cases, n, may_park);
}

static COLD int
select_either(struct select_case *cases, bool may_park)
{
    return select_ready(cases, 2, &cases[select_one_in(2)], may_park);
}

/* The first of two looked ready. */
static COLD int
select_first(struct select_case *cases, bool may_park)
{
    if (looks_ready(&cases[1], cases[1].chan)) {
        return select_either(cases, may_park);
    }
    return select_ready(cases, 2, cases, may_park);
}

/* Of all words' bits 0, `held` is 1 if any is. */
static uint64_t
words_of(const struct select_case *cases, size_t n, uint64_t *held)
{
    uint64_t words = 0;
    *held = 0;
    for (const struct select_case *k = cases; k < cases + n; k++) {
        if (k->chan != NULL) {
            uint64_t word = atomic_load_explicit(&k->chan->lock.word, memory_order_acquire);
            words += word;
            *held |= word & LOCK_HELD;
        }
    }
    return words;
}

/* Any number. */
static COLD int
select_any(struct select_case *cases, size_t n, bool may_park)
{
    if (n > SELECT_CASES_MAX) {
        panic("select: %zu cases, at most %d", n, SELECT_CASES_MAX);
    }
    struct select_case *ready = NULL;
    uint64_t held, words = words_of(cases, n, &held);
    uint32_t found = 0;
    for (struct select_case *k = cases; k < cases + n; k++) {
        if (k->chan != NULL && looks_ready(k, k->chan) && (found++ == 0 || select_one_in(found))) {
            ready = k;
        }
    }
    if (ready != NULL) {
        return select_ready(cases, n, ready, may_park);
    }
    atomic_thread_fence(memory_order_acquire);
    if (may_park || held || words_of(cases, n, &held) != words) {
        return select_locked(cases, n, may_park);
    }
    return -1;
}

/* Two channels, as most selects have. No register is saved: the rest is in other functions. */
HOT int
select_two(struct select_case *cases, bool may_park)
{
    struct chan *a = cases[0].chan, *b = cases[1].chan;
    if (unlikely(a == NULL) || unlikely(b == NULL)) {
        return select_any(cases, 2, may_park);
    }
    uint64_t of_a = atomic_load_explicit(&a->lock.word, memory_order_acquire);
    uint64_t of_b = atomic_load_explicit(&b->lock.word, memory_order_acquire);
    if (looks_ready(&cases[0], a)) {
        return select_first(cases, may_park);
    }
    if (looks_ready(&cases[1], b)) {
        return select_ready(cases, 2, &cases[1], may_park);
    }
    if (may_park) {
        return wait_two(cases, a, b, of_a + of_b);
    }
    atomic_thread_fence(memory_order_acquire);
    if (unlikely((of_a | of_b) & LOCK_HELD) || unlikely(PEEK(a->lock.word) != of_a)
        || unlikely(PEEK(b->lock.word) != of_b)) {
        return select_locked(cases, 2, false);
    }
    return -1;
}

static COLD int
select_one(struct select_case *k)
{
    if (k->op == SELECT_OP_SEND) {
        chan_send(k->chan, k->elem);
    } else {
        k->ok = chan_recv(k->chan, k->elem);
    }
    return 0;
}

static COLD int
try_select_one(struct select_case *k)
{
    if (k->op == SELECT_OP_SEND) {
        return chan_try_send(k->chan, k->elem) - 1;
    }
    enum chan_status got = chan_try_recv(k->chan, k->elem);
    k->ok = got == CHAN_OK;
    return got == CHAN_EMPTY ? -1 : 0;
}

int
chan_select(struct select_case *cases, size_t n)
{
    if (likely(n == 2)) {
        return select_two(cases, true);
    }
    return n == 1 ? select_one(cases) : select_any(cases, n, true);
}

int
chan_try_select(struct select_case *cases, size_t n)
{
    if (likely(n == 2)) {
        return select_two(cases, false);
    }
    return n == 1 ? try_select_one(cases) : select_any(cases, n, false);
}
