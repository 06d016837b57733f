/* SPDX-License-Identifier: MIT */
/*
 * select.c -- how a goroutine waits for the first of several channels.
 *
 * Invariants   1. of one select's waiters one wins at most: winner goes from NULL to it, once
 *              2. when the winner's effect can be seen by anybody, or its goroutine goes on, none
 *                 of the others is on any list, and nobody will touch their channels for it
 * Locks        all its channels' at once, in order of address; in select_take one more by lock_try
 * Context      the selecting goroutine; select_take also in a timer's fire
 * Protocol     waiting                                serving (select_take, c->lock held)
 *              1 lock all channels                    1 claim: winner NULL -> w (CAS). Lost: if the
 *              2 one is ready: unlock the others,       winner is another case, w is stale, look
 *                then do it; lost to another: from 1    at the next; if it is w itself, another
 *              3 none: a waiter on each list            core is at 2 with c->lock open: wait for it
 *              4 park; the commit unlocks all         2 take the others off their lists, each under
 *              5 woken: winner says which                its own lock, by lock_try; where one is
 *                                                        taken, open c->lock, wait for that one,
 *                                                        lock c again
 *                                                     3 take w off c's list, do the operation,
 *                                                       unlock c, ready the goroutine
 *              4 unlocks its last channel only after it has read all it needs: the goroutine may go
 *              on from then on, since 2 on the right needs every one of those locks. Two servers
 *              wait for each other nowhere: at 2 a lock is waited for with no other channel's held.
 * Cost         n locks to find out, n waiters on the stack, and one lock each for the n - 1 that
 *              did not win, paid by who serves; taking a loser off its list is O(1). One case is a
 *              plain operation.
 * Rejected     Go's way, where the woken goroutine locks all again to take its waiters off: another
 *              goroutine may have seen the choice by then, and freed a channel that lost.
 *              A permutation to look through (Go: pollorder): counting the ready ones and taking
 *              each with the right probability needs no table.
 * Go           select.go: selectgo, selparkcommit; here a partner claims and unlinks
 */
#include "chan.h"

enum {
    CASES_MAX = 65536,
    STACK_CASES = 64, /* more of them have their waiters on the heap */
};

/* ---- serving ---- */

static void
unqueue(struct chan *c, const struct select_case *k, struct waiter *w)
{
    waitq_remove(k->op == SELECT_OP_SEND ? &c->sendq : &c->recvq, w);
    w->queued = false;
}

/* Takes the losers off their lists; false: some locks were taken. */
static bool
losers_try(const struct select *s, const struct chan *c, const struct waiter *won)
{
    bool all = true;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct select_case *k = &s->cases[s->order[i]];
        struct waiter *w = &s->waiters[s->order[i]];
        if (w == won || !w->queued) {
            continue;
        }
        if (k->chan == c) {
            unqueue(k->chan, k, w);
        } else if (lock_try(&k->chan->lock, RANK_CHAN)) {
            unqueue(k->chan, k, w);
            lock_release(&k->chan->lock);
        } else {
            all = false;
        }
    }
    return all;
}

static void
losers_wait(const struct select *s, const struct waiter *won)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct select_case *k = &s->cases[s->order[i]];
        struct waiter *w = &s->waiters[s->order[i]];
        if (w != won && w->queued) {
            lock_acquire(&k->chan->lock, RANK_CHAN);
            unqueue(k->chan, k, w);
            lock_release(&k->chan->lock);
        }
    }
}

/* Protocol, right side, 2: won's select has no other waiter left; won is a plain one from now on.
 * Preemption stays off, so that who waits for this core waits for some hundred instructions. */
static void
reduce(struct chan *c, struct waiter *won)
{
    const struct select *s = won->sel;
    if (!losers_try(s, c, won)) {
        lock_open(&c->lock);
        losers_wait(s, won);
        lock_acquire(&c->lock, RANK_CHAN);
        arch_preempt_on(); /* lock_open left it off */
    }
    won->sel = NULL;
}

struct waiter *
select_take(struct chan *c, struct gamp_waitq *q)
{
    assert_held(&c->lock);
    struct waiter *w = q->first;
    while (w != NULL) {
        struct waiter *winner = NULL;
        if (w->sel == NULL) {
            break;
        }
        if (atomic_compare_exchange_strong(&w->sel->winner, &winner, w)) {
            reduce(c, w);
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

/* Does anybody wait there who could be had? */
bool
select_live(const struct gamp_waitq *q)
{
    const struct waiter *w = q->first;
    while (w != NULL && w->sel != NULL && atomic_load(&w->sel->winner) != NULL) {
        w = w->next;
    }
    return w != NULL;
}

/* ---- selecting ---- */

static bool
before(const struct select_case *cases, uint16_t a, uint16_t b)
{
    return (uintptr_t)cases[a].chan < (uintptr_t)cases[b].chan;
}

static void
sift_down(const struct select_case *cases, uint16_t *order, uint32_t i, uint32_t n)
{
    uint16_t moved = order[i];
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && before(cases, order[child], order[child + 1]);
        if (!before(cases, moved, order[child])) {
            break;
        }
        order[i] = order[child];
    }
    order[i] = moved;
}

/* The cases that have a channel, by its address: heapsort, as n may be large and the stack is not.
 * Returns how many there are. */
static uint32_t
sort_by_address(const struct select_case *cases, size_t n, uint16_t *order)
{
    uint32_t have = 0;
    for (size_t i = 0; i < n; i++) {
        if (cases[i].chan != NULL) {
            order[have++] = (uint16_t)i;
        }
    }
    for (uint32_t i = have / 2; i-- > 0;) {
        sift_down(cases, order, i, have);
    }
    for (uint32_t i = have; i-- > 1;) {
        uint16_t last = order[i];
        order[i] = order[0];
        order[0] = last;
        sift_down(cases, order, 0, i);
    }
    return have;
}

/* The channel at i of the order, or NULL where the next one is the same. */
static inline struct chan *
last_of(const struct select *s, uint32_t i)
{
    struct chan *c = s->cases[s->order[i]].chan;
    return i + 1 < s->n && s->cases[s->order[i + 1]].chan == c ? NULL : c;
}

static void
lock_all(const struct select *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct chan *c = last_of(s, i);
        if (c != NULL) {
            lock_acquire(&c->lock, RANK_CHAN);
        }
    }
}

/* All but `keep`. Reads nothing of s, or of what it points to, after the last one is open. */
static void
unlock_all(const struct select *s, const struct chan *keep)
{
    for (uint32_t i = 0, n = s->n; i < n; i++) {
        struct chan *c = last_of(s, i);
        if (c != NULL && c != keep) {
            lock_release(&c->lock);
        }
    }
}

static bool
unlock_commit(struct g *gp, void *s)
{
    (void)gp;
    unlock_all(s, NULL);
    return true;
}

static bool
case_ready(const struct select_case *k)
{
    struct chan *c = k->chan;
    size_t n = atomic_load_explicit(&c->count, memory_order_relaxed);
    bool room = k->op == SELECT_OP_SEND ? n < c->cap : n > 0;
    return room || atomic_load_explicit(&c->closed, memory_order_relaxed)
           || select_live(k->op == SELECT_OP_SEND ? &c->recvq : &c->sendq);
}

/* One of the cases that are ready, each as likely as any other; -1: none. All are locked. */
static int
pick(const struct select *s)
{
    int picked = -1;
    uint32_t ready = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        if (case_ready(&s->cases[s->order[i]])) {
            ready++;
            if (ready == 1 || m_rand(this_m()) % ready == 0) {
                picked = s->order[i];
            }
        }
    }
    return picked;
}

/* Case k with its channel locked alone. False: somebody else had the partner; it is open again. */
static bool
perform(struct select_case *k)
{
    struct chan *c = k->chan;
    if (k->op == SELECT_OP_SEND) {
        if (chan_send_now(c, k->elem)) {
            return true;
        }
    } else {
        enum chan_status got = chan_recv_now(c, k->elem);
        if (got != CHAN_EMPTY) {
            k->ok = got == CHAN_OK;
            return true;
        }
    }
    lock_release(&c->lock);
    return false;
}

/* Nothing was ready, all is locked. Returns the case that was served meanwhile. */
static int
wait(struct select *s)
{
    atomic_store_explicit(&s->winner, NULL, memory_order_relaxed);
    for (uint32_t i = 0; i < s->n; i++) {
        struct select_case *k = &s->cases[s->order[i]];
        struct waiter *w = &s->waiters[s->order[i]];
        *w = (struct waiter){ .g = this_g(), .elem = k->elem, .sel = s, .queued = true };
        waitq_push(k->op == SELECT_OP_SEND ? &k->chan->sendq : &k->chan->recvq, w);
    }
    g_park(unlock_commit, s, WAIT_SELECT);
    const struct waiter *w = atomic_load_explicit(&s->winner, memory_order_relaxed);
    int i = (int)(w - s->waiters);
    if (s->cases[i].op == SELECT_OP_SEND && !w->ok) {
        panic("send on closed channel");
    }
    s->cases[i].ok = w->ok;
    return i;
}

/* -1: none is ready, and it may not park. */
static int
select_among(struct select *s, bool may_park)
{
    for (;;) {
        lock_all(s);
        int i = pick(s);
        if (i >= 0) {
            unlock_all(s, s->cases[i].chan);
            if (perform(&s->cases[i])) {
                return i;
            }
        } else if (may_park) {
            return wait(s);
        } else {
            unlock_all(s, NULL);
            return -1;
        }
    }
}

static int
select_on_stack(struct select_case *cases, size_t n, bool may_park)
{
    uint16_t order[STACK_CASES];
    struct waiter waiters[may_park ? n : 1];
    struct select s = { .cases = cases, .waiters = waiters, .order = order };
    s.n = sort_by_address(cases, n, order);
    return select_among(&s, may_park);
}

/* The window of a goroutine may be smaller than what many waiters take. */
static int
select_on_heap(struct select_case *cases, size_t n, bool may_park)
{
    struct waiter *waiters = arch_alloc(n * (sizeof(*waiters) + sizeof(uint16_t)));
    if (waiters == NULL) {
        sched_out_of_memory("chan_select: no memory for so many waiters");
    }
    uint16_t *order = (uint16_t *)(waiters + n);
    struct select s = { .cases = cases, .waiters = waiters, .order = order };
    s.n = sort_by_address(cases, n, order);
    struct deferred done;
    defer_push(&done, arch_free, waiters); /* a panic comes by here, too */
    int i = select_among(&s, may_park);
    defer_run(&done);
    return i;
}

static int
select_any(struct select_case *cases, size_t n, bool may_park)
{
    size_t channels = 0;
    if (n > CASES_MAX) {
        panic("select: %zu cases, at most %d", n, CASES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        const struct select_case *k = &cases[i];
        if (k->chan != NULL) {
            channels++;
            if (k->elem != NULL || k->op == SELECT_OP_SEND) {
                elem_probe(k->chan, k->elem);
            }
        }
    }
    if (channels == 0) {
        if (may_park) {
            g_park_for_ever(WAIT_SELECT_NONE);
        }
        return -1;
    }
    return n <= STACK_CASES ? select_on_stack(cases, n, may_park)
                            : select_on_heap(cases, n, may_park);
}

int
chan_select(struct select_case *cases, size_t n)
{
    if (n == 1 && cases->op == SELECT_OP_SEND) {
        chan_send(cases->chan, cases->elem);
        return 0;
    }
    if (n == 1) {
        cases->ok = chan_recv(cases->chan, cases->elem);
        return 0;
    }
    return select_any(cases, n, true);
}

int
chan_try_select(struct select_case *cases, size_t n)
{
    if (n == 1 && cases->op == SELECT_OP_SEND) {
        return chan_try_send(cases->chan, cases->elem) - 1;
    }
    if (n == 1) {
        enum chan_status got = chan_try_recv(cases->chan, cases->elem);
        cases->ok = got == CHAN_OK;
        return got == CHAN_EMPTY ? -1 : 0;
    }
    return select_any(cases, n, false);
}
