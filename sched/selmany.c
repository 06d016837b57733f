/* SPDX-License-Identifier: MIT */
/*
 * selmany.c -- a select of any number of channels, all of them locked.
 *
 * Locks        all channels' at once, in order of address
 * Protocol     select.c's, from its step 3 on. What is ready when all are locked is still only
 *              tried after they are open, and if it is lost to another, all is done again.
 * Cost         n locks, and n log n to sort them; the order and the waiters are on the stack, or on
 *              the heap if they are many.
 * Go           select.go: selectgo, sellock, selunlock
 */
#include "select.h"

enum {
    FEW_CASES = 64, /* on the stack without asking whether there is room */
    SORT_FEW = 8,   /* sorted as they come */
};

/* The cases that have a channel, by its address. */
struct ordered {
    struct select_case **at;
    struct waiter *waiters; /* one for each */
    uint32_t n;
};

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

static inline void
order_cases(struct ordered *o, struct select_case *cases, size_t n)
{
    o->n = 0;
    for (struct select_case *k = cases; k < cases + n; k++) {
        if (k->chan == NULL) {
            continue;
        }
        case_probe(k);
        uint32_t at = o->n++;
        while (n <= SORT_FEW && at > 0 && before(k, o->at[at - 1])) {
            o->at[at] = o->at[at - 1];
            at--;
        }
        o->at[at] = k;
    }
    if (n > SORT_FEW) {
        heapsort(o->at, o->n);
    }
}

/* Reads nothing of o, or of what it points to, after the last one is open. */
static inline void
unlock_all(const struct ordered *o)
{
    struct select_case **at = o->at;
    for (uint32_t i = 0, n = o->n; i < n; i++) {
        struct chan *c = at[i]->chan;
        if (i + 1 == n || at[i + 1]->chan != c) {
            lock_release(&c->lock);
        }
    }
}

static bool
unlock_commit(struct g *gp, void *o)
{
    (void)gp;
    unlock_all(o);
    return true;
}

/* Does anybody wait there who could be had? The lock is held. */
static bool
any_live(const struct gamp_waitq *q)
{
    const struct waiter *w = q->first;
    while (w != NULL && w->sel != NULL && atomic_load(&w->sel->winner) != NULL) {
        w = w->next;
    }
    return w != NULL;
}

static inline bool
is_ready(const struct select_case *k)
{
    struct chan *c = k->chan;
    bool send = k->op == SELECT_OP_SEND;
    size_t n = PEEK(c->count);
    return (send ? n < c->cap : n > 0) || PEEK(c->closed) || any_live(send ? &c->recvq : &c->sendq);
}

/* Locks all, and finds one of the cases that are ready, each as likely as any other; NULL: none. */
static struct select_case *
lock_and_pick(const struct ordered *o)
{
    struct select_case *picked = NULL;
    const struct chan *locked = NULL;
    uint32_t ready = 0;
    for (uint32_t i = 0; i < o->n; i++) {
        struct select_case *k = o->at[i];
        if (k->chan != locked) {
            lock_acquire(&k->chan->lock, RANK_CHAN);
            locked = k->chan;
        }
        if (is_ready(k) && (ready++ == 0 || select_one_in(ready))) {
            picked = k;
        }
    }
    return picked;
}

/* Nothing was ready, all is locked. Returns the case that was served meanwhile. */
static struct select_case *
wait(struct ordered *o)
{
    struct select s;
    atomic_store_explicit(&s.winner, NULL, memory_order_relaxed);
    for (uint32_t i = 0; i < o->n; i++) {
        struct select_case *k = o->at[i];
        case_queue(&s, this_g(), k, k->chan, &o->waiters[i], &o->waiters[i + 1 < o->n ? i + 1 : 0]);
    }
    g_park(unlock_commit, o, WAIT_SELECT);
    return select_served(&s);
}

/* NULL: none is ready, and it may not park. */
static struct select_case *
select_ordered(struct ordered *o, struct select_case *cases, size_t n, bool may_park)
{
    order_cases(o, cases, n);
    if (o->n == 0 && may_park) {
        g_park_for_ever(WAIT_SELECT_NONE);
    }
    for (;;) {
        struct select_case *k = lock_and_pick(o);
        if (k == NULL && may_park) {
            return wait(o);
        }
        unlock_all(o);
        if (k == NULL || select_attempt(k)) {
            return k;
        }
    }
}

static struct select_case *
select_few(struct select_case *cases, size_t n, bool may_park)
{
    struct select_case *at[FEW_CASES];
    struct waiter waiters[may_park ? n + 1 : 1]; /* 0 of them may not be */
    struct ordered o = { .at = at, .waiters = waiters };
    return select_ordered(&o, cases, n, may_park);
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
    size_t size = n * (sizeof(struct waiter) + sizeof(cases));
    bool fits = size < ((uintptr_t)__builtin_frame_address(0) - this_g()->stack.lo) / 2;
    struct waiter *waiters = fits ? __builtin_alloca(size) : arch_alloc(size);
    if (waiters == NULL) {
        sched_out_of_memory("chan_select: no memory for so many waiters");
    }
    struct ordered o = { .at = (struct select_case **)(waiters + n), .waiters = waiters };
    struct deferred done;
    defer_push(&done, fits ? keep : arch_free, waiters); /* a panic comes by here, too */
    struct select_case *k = select_ordered(&o, cases, n, may_park);
    defer_run(&done);
    return k;
}

int
select_locked(struct select_case *cases, size_t n, bool may_park)
{
    struct select_case *k =
        likely(n <= FEW_CASES) ? select_few(cases, n, may_park) : select_many(cases, n, may_park);
    return k != NULL ? (int)(k - cases) : -1;
}
