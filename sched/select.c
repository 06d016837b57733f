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
    FEW_CASES = 64, /* on the stack without asking whether there is room */
    SORT_FEW = 8,   /* sorted as they come */
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
        const struct select_case *k = s->order[i];
        struct waiter *w = &s->waiters[i];
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
        const struct select_case *k = s->order[i];
        struct waiter *w = &s->waiters[i];
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

static inline bool
before(const struct select_case *a, const struct select_case *b)
{
    return (uintptr_t)a->chan < (uintptr_t)b->chan;
}

static void
sift_down(struct select_case **order, uint32_t i, uint32_t n)
{
    struct select_case *moved = order[i];
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && before(order[child], order[child + 1]);
        if (!before(moved, order[child])) {
            break;
        }
        order[i] = order[child];
    }
    order[i] = moved;
}

/* As n may be large and the stack is not. */
static void
heapsort(struct select_case **order, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;) {
        sift_down(order, i, n);
    }
    for (uint32_t i = n; i-- > 1;) {
        struct select_case *last = order[i];
        order[i] = order[0];
        order[0] = last;
        sift_down(order, 0, i);
    }
}

/* Finds the cases that have a channel, by its address. A program's own bad pointer is found out
 * here, before anything is locked. */
static inline void
order_cases(struct select *s, struct select_case *cases, size_t n)
{
    s->n = 0;
    for (struct select_case *k = cases; k < cases + n; k++) {
        if (k->chan == NULL) {
            continue;
        }
        if (k->elem != NULL || k->op == SELECT_OP_SEND) {
            elem_probe(k->chan, k->elem);
        }
        uint32_t at = s->n++;
        while (n <= SORT_FEW && at > 0 && before(k, s->order[at - 1])) {
            s->order[at] = s->order[at - 1];
            at--;
        }
        s->order[at] = k;
    }
    if (n > SORT_FEW) {
        heapsort(s->order, s->n);
    }
}

/* All but `keep`. Reads nothing of s, or of what it points to, after the last one is open. */
static inline void
unlock_all(const struct select *s, const struct chan *keep)
{
    struct select_case **order = s->order;
    for (uint32_t i = 0, n = s->n; i < n; i++) {
        struct chan *c = order[i]->chan;
        if (c != keep && (i + 1 == n || order[i + 1]->chan != c)) {
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

static inline bool
case_ready(const struct select_case *k)
{
    struct chan *c = k->chan;
    size_t n = PEEK(c->count);
    bool send = k->op == SELECT_OP_SEND;
    if ((send ? n < c->cap : n > 0) || PEEK(c->closed)) {
        return true;
    }
    const struct gamp_waitq *q = send ? &c->recvq : &c->sendq;
    return q->first != NULL && select_live(q);
}

/* Locks all, and finds one of the cases that are ready, each as likely as any other; NULL: none. */
static inline struct select_case *
lock_and_pick(const struct select *s)
{
    struct select_case *picked = NULL;
    const struct chan *locked = NULL;
    uint32_t ready = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        struct select_case *k = s->order[i];
        if (k->chan != locked) {
            lock_acquire(&k->chan->lock, RANK_CHAN);
            locked = k->chan;
        }
        if (case_ready(k) && (ready++ == 0 || m_rand(this_m()) % ready == 0)) {
            picked = k;
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
static struct select_case *
wait(struct select *s)
{
    atomic_store_explicit(&s->winner, NULL, memory_order_relaxed);
    for (uint32_t i = 0; i < s->n; i++) {
        struct select_case *k = s->order[i];
        struct waiter *w = &s->waiters[i];
        w->g = this_g();
        w->elem = k->elem;
        w->sel = s;
        w->ok = false;
        w->queued = true;
        waitq_push(k->op == SELECT_OP_SEND ? &k->chan->sendq : &k->chan->recvq, w);
    }
    g_park(unlock_commit, s, WAIT_SELECT);
    const struct waiter *w = atomic_load_explicit(&s->winner, memory_order_relaxed);
    struct select_case *k = s->order[w - s->waiters];
    if (k->op == SELECT_OP_SEND && !w->ok) {
        panic("send on closed channel");
    }
    k->ok = w->ok;
    return k;
}

/* NULL: none is ready, and it may not park. */
static inline struct select_case *
select_among(struct select *s, bool may_park)
{
    for (;;) {
        struct select_case *k = lock_and_pick(s);
        if (k == NULL && may_park) {
            return wait(s);
        }
        unlock_all(s, k != NULL ? k->chan : NULL);
        if (k == NULL || perform(k)) {
            return k;
        }
    }
}

static inline struct select_case *
select_ordered(struct select *s, struct select_case *cases, size_t n, bool may_park)
{
    order_cases(s, cases, n);
    if (s->n == 0 && may_park) {
        g_park_for_ever(WAIT_SELECT_NONE);
    }
    return select_among(s, may_park);
}

static struct select_case *
select_few(struct select_case *cases, size_t n, bool may_park)
{
    struct select_case *order[FEW_CASES];
    struct waiter waiters[may_park ? n + 1 : 1]; /* 0 of them may not be */
    struct select s = { .order = order, .waiters = waiters };
    return select_ordered(&s, cases, n, may_park);
}

static void
keep(void *on_stack)
{
    (void)on_stack;
}

/* On the heap where they would take more than half of what is left of the window. */
static struct select_case *
select_many(struct select_case *cases, size_t n, bool may_park)
{
    if (n > CASES_MAX) {
        panic("select: %zu cases, at most %d", n, CASES_MAX);
    }
    size_t size = n * (sizeof(struct waiter) + sizeof(cases));
    bool fits = size < ((uintptr_t)__builtin_frame_address(0) - this_g()->stack.lo) / 2;
    struct waiter *waiters = fits ? __builtin_alloca(size) : arch_alloc(size);
    if (waiters == NULL) {
        sched_out_of_memory("chan_select: no memory for so many waiters");
    }
    struct select s = { .order = (struct select_case **)(waiters + n), .waiters = waiters };
    struct deferred done;
    defer_push(&done, fits ? keep : arch_free, waiters); /* a panic comes by here, too */
    struct select_case *k = select_ordered(&s, cases, n, may_park);
    defer_run(&done);
    return k;
}

static inline int
select_any(struct select_case *cases, size_t n, bool may_park)
{
    struct select_case *k =
        likely(n <= FEW_CASES) ? select_few(cases, n, may_park) : select_many(cases, n, may_park);
    return k != NULL ? (int)(k - cases) : -1;
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
