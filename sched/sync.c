/* SPDX-License-Identifier: MIT */
/*
 * sync.c -- wait groups, once, conditions, semaphores.
 *
 * Invariants   1. a semaphore with waiters has fewer permits than the first of them wants
 * Locks        wait group and condition: the object's own lock (RANK_SYNC); semaphore: its state's
 *              BUSY; all on slow paths only
 * Protocol     condition: waiting                     signalling
 *              1 lock c->lock, queue a waiter         1 lock c->lock, take the first waiter, open
 *              2 park; the commit unlocks the         2 ready its goroutine
 *                mutex, then opens c->lock
 *              Queued before the mutex is open, so a signal by who locks it next finds the waiter;
 *              and c->lock, the last thing touched, keeps the waiter from going on before that.
 * Rejected     The commit opens c->lock first: the waiter may be back, and wait for a mutex that it
 *              still owns itself. A once of a flag and a mutex: who sees the flag may free both.
 * Cost         instructions with the call, where nobody waits: once, done before: 5. Semaphore: 13
 *              each way, one CAS. waitgroup_done: 7, one locked addition.
 * Go           sync/waitgroup.go, once.go, cond.go; x/sync/semaphore. That a wait group is used
 *              again before its waiters have returned is not found out: they do not look at it.
 */
#include "statelock.h"
#include "waitq.h"

/* ---- wait groups: the counter in the upper half of one word, the number of waiters below ---- */

static int32_t
wg_count(uint64_t state)
{
    return (int32_t)(uint32_t)(state >> 32);
}

/* The counter is zero and somebody waits: all of them go on. */
static __attribute__((noinline)) void
waitgroup_release(struct waitgroup *wg)
{
    ASSERT(wg_count(atomic_load(&wg->state)) == 0);
    lock_acquire(&wg->lock, RANK_SYNC);
    struct waiter *w = wg->waitq.first, *next;
    wg->waitq = (struct gamp_waitq){ .last = NULL };
    atomic_store(&wg->state, 0);
    lock_release(&wg->lock);
    for (; w != NULL; w = next) {
        next = w->next;
        g_ready(w->g);
    }
}

void
waitgroup_add(struct waitgroup *wg, int n)
{
    uint64_t delta = (uint64_t)(uint32_t)n << 32;
    uint64_t now = atomic_fetch_add(&wg->state, delta) + delta;
    if (wg_count(now) < 0) {
        panic("sync: negative WaitGroup counter");
    }
    if (n > 0 && wg_count(now) == n && (uint32_t)now != 0) {
        panic("sync: WaitGroup misuse: Add called concurrently with Wait");
    }
    if (wg_count(now) == 0 && (uint32_t)now != 0) {
        waitgroup_release(wg);
    }
}

static __attribute__((noinline)) void
waitgroup_done_last(struct waitgroup *wg, uint64_t now)
{
    if (wg_count(now) < 0) {
        panic("sync: negative WaitGroup counter");
    }
    if (wg_count(now) == 0 && (uint32_t)now != 0) {
        waitgroup_release(wg);
    }
}

/* waitgroup_add(wg, -1) */
void
waitgroup_done(struct waitgroup *wg)
{
    const uint64_t one = (uint64_t)1 << 32;
    uint64_t was = atomic_fetch_add(&wg->state, -one);
    if (unlikely(wg_count(was) <= 1)) {
        waitgroup_done_last(wg, was - one);
    }
}

/* The waiter is counted while the counter is above zero, under the lock that the last done must
 * take: so that one finds it queued. */
void
waitgroup_wait(struct waitgroup *wg)
{
    if (wg_count(atomic_load(&wg->state)) == 0) {
        return;
    }
    lock_acquire(&wg->lock, RANK_SYNC);
    uint64_t s = atomic_load(&wg->state);
    do {
        if (wg_count(s) == 0) {
            lock_release(&wg->lock);
            return;
        }
    } while (!atomic_compare_exchange_weak(&wg->state, &s, s + 1));
    struct waiter w = { .g = this_g() };
    waitq_push(&wg->waitq, &w);
    g_park_unlock(&wg->lock, WAIT_WAITGROUP);
}

struct wg_call {
    struct waitgroup *wg;
    void (*fn)(void *);
    void *arg;
};

static void
wg_done(void *wg)
{
    waitgroup_done(wg);
}

/* However fn ends. The node stays on this frame to the last, so this does not return. */
static void
wg_run(void *p)
{
    struct wg_call *call = p;
    struct deferred done;
    defer_push(&done, wg_done, call->wg);
    call->fn(call->arg);
    goexit();
}

void
waitgroup_go(struct waitgroup *wg, void (*fn)(void *), void *arg)
{
    struct wg_call call = { wg, fn, arg };
    struct go_attr attr = { .arg_size = sizeof(call) };
    if (fn == NULL) {
        fatal("go of nil func value");
    }
    waitgroup_add(wg, 1);
    if (go_with(&attr, wg_run, &call) != 0) {
        sched_out_of_memory("waitgroup_go: no memory for another goroutine");
    }
}

/* ---- once: the state is a mutex's, locked while fn runs; then DONE for ever ---- */

#define DONE ((uint64_t)1 << MARK_FREE_BITS) /* nobody's mark */

/* The store of DONE is the last touch: who sees it may free the once. */
static void
once_end(void *p)
{
    struct once *o = p;
    state_lock(&o->mutex.state);
    struct waiter *w = o->mutex.waitq.first, *next;
    state_unlock(&o->mutex.state, DONE);
    for (; w != NULL; w = next) {
        next = w->next; /* before it is readied: w is on its stack */
        g_ready(w->g);
    }
}

static __attribute__((noinline)) void
once_wait(struct once *o)
{
    struct waiter w = { .g = this_g() };
    mutex_wait_begin(w.g, &o->mutex); /* a once_do inside its own fn is a circle */
    uint64_t s = state_lock(&o->mutex.state);
    if (s == DONE) {
        state_unlock(&o->mutex.state, s);
    } else {
        waitq_push(&o->mutex.waitq, &w);
        state_park(&o->mutex.state, s | STATE_WAITERS, WAIT_MUTEX);
    }
    mutex_wait_end(w.g);
}

void
once_do(struct once *o, void (*fn)(void *), void *arg)
{
    uint64_t fresh = 0;
    if (atomic_load_explicit(&o->mutex.state, memory_order_acquire) == DONE) {
        return;
    }
    if (!atomic_compare_exchange_strong_explicit(
            &o->mutex.state, &fresh, atomic_load_explicit(&this_g()->mark, memory_order_relaxed),
            memory_order_release, memory_order_relaxed)) {
        once_wait(o);
        return;
    }
    struct deferred end; /* a panic or a goexit comes by here, too */
    defer_push(&end, once_end, o);
    fn(arg);
    defer_run(&end);
}

/* ---- conditions ---- */

struct cond_wait {
    struct cond *cond;
    struct mutex *mutex;
};

static bool
cond_commit(struct g *gp, void *arg)
{
    const struct cond_wait *wait = arg;
    struct gamp_lock *lock = &wait->cond->lock; /* wait is gone once this is open */
    mutex_unlock_for(wait->mutex, gp);
    lock_release(lock);
    return true;
}

void
cond_wait(struct cond *c, struct mutex *m)
{
    struct waiter w = { .g = this_g() };
    struct cond_wait wait = { c, m };
    if (!mutex_locked(m)) {
        fatal("sync: unlock of unlocked mutex");
    }
    lock_acquire(&c->lock, RANK_SYNC);
    waitq_push(&c->waitq, &w);
    g_park(cond_commit, &wait, WAIT_COND);
    mutex_lock(m);
}

void
cond_signal(struct cond *c)
{
    lock_acquire(&c->lock, RANK_SYNC);
    struct waiter *w = waitq_pop(&c->waitq);
    lock_release(&c->lock);
    if (w != NULL) {
        g_ready(w->g);
    }
}

void
cond_broadcast(struct cond *c)
{
    lock_acquire(&c->lock, RANK_SYNC);
    struct waiter *w = c->waitq.first, *next;
    c->waitq = (struct gamp_waitq){ .last = NULL };
    lock_release(&c->lock);
    for (; w != NULL; w = next) {
        next = w->next; /* before it is readied: w is on its stack */
        g_ready(w->g);
    }
}

/* ---- semaphores: the permits above the two bits of statelock.h ---- */

#define PERMITS_MAX (UINT64_MAX >> STATE_BITS)

void
sema_init(struct sema *s, size_t n)
{
    *s = (struct sema){ 0 };
    sema_release_n(s, n);
}

static inline bool
sema_take(struct sema *s, size_t n)
{
    uint64_t v = atomic_load_explicit(&s->state, memory_order_relaxed);
    for (;;) {
        if (v & STATE_BUSY) {
            arch_relax();
            v = atomic_load_explicit(&s->state, memory_order_relaxed);
        } else if ((v & STATE_WAITERS) || v >> STATE_BITS < n) {
            return false;
        } else if (atomic_compare_exchange_weak_explicit(
                       &s->state, &v, v - ((uint64_t)n << STATE_BITS), memory_order_acquire,
                       memory_order_relaxed)) {
            return true;
        }
    }
}

bool
sema_try_acquire_n(struct sema *s, size_t n)
{
    return sema_take(s, n);
}

static __attribute__((noinline)) void
sema_acquire_slow(struct sema *s, size_t n)
{
    uint64_t v = state_lock(&s->state);
    if (!(v & STATE_WAITERS) && v >> STATE_BITS >= n) {
        state_unlock(&s->state, v - ((uint64_t)n << STATE_BITS));
        return;
    }
    struct waiter w = { .g = this_g(), .n = n };
    waitq_push(&s->waitq, &w);
    state_park(&s->state, v | STATE_WAITERS, WAIT_SEMA);
}

void
sema_acquire_n(struct sema *s, size_t n)
{
    if (!sema_take(s, n)) {
        sema_acquire_slow(s, n);
    }
}

/* Permits go to who waits, in order; the first that wants more than there are holds the rest up. */
static __attribute__((noinline)) void
sema_release_slow(struct sema *s, size_t n)
{
    uint64_t permits = (state_lock(&s->state) >> STATE_BITS) + n;
    struct gamp_waitq served = { .last = NULL };
    struct waiter *w, *next;
    while ((w = s->waitq.first) != NULL && w->n <= permits) {
        permits -= w->n;
        waitq_remove(&s->waitq, w);
        waitq_push(&served, w);
    }
    state_unlock(&s->state, permits << STATE_BITS | (s->waitq.first != NULL ? STATE_WAITERS : 0));
    for (w = served.first; w != NULL; w = next) {
        next = w->next; /* before it is readied: w is on its stack */
        g_ready(w->g);
    }
}

void
sema_release_n(struct sema *s, size_t n)
{
    uint64_t v = atomic_load_explicit(&s->state, memory_order_relaxed);
    if (n > PERMITS_MAX - (v >> STATE_BITS)) {
        panic("sync: semaphore of %lu permits released %zu more", (unsigned long)(v >> STATE_BITS),
              n);
    }
    while (!(v & (STATE_BUSY | STATE_WAITERS))) {
        if (atomic_compare_exchange_weak_explicit(&s->state, &v, v + ((uint64_t)n << STATE_BITS),
                                                  memory_order_release, memory_order_relaxed)) {
            return;
        }
    }
    sema_release_slow(s, n);
}

bool
sema_try_acquire(struct sema *s)
{
    return sema_take(s, 1);
}

void
sema_acquire(struct sema *s)
{
    sema_acquire_n(s, 1);
}

void
sema_release(struct sema *s)
{
    sema_release_n(s, 1);
}
