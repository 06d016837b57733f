/* SPDX-License-Identifier: MIT */
/*
 * sync.c -- mutexes, wait groups, and the note that interrupts wake goroutines by.
 *
 * Invariants   1. a mutex with waiters has MUTEX_WAITERS set (changed under its lock only)
 *              2. a note holds 0, NOTE_SET, or the one g that waits
 * Locks        the object's own lock (RANK_SYNC), on slow paths only
 * Protocol     mutex: unlocking                       locking, slow
 *              1 state LOCKED -> 0 by CAS             1 lock m->lock
 *                fails where WAITERS is set:          2 set WAITERS    (locked)
 *              2 lock m->lock, take a waiter, open    3 LOCKED clear? take it, done
 *              3 clear LOCKED, or hand it over        4 queue, park, commit opens m->lock
 *              On the right 2 comes before 3: an unlock either sees WAITERS or is seen by 3.
 * Cost         uncontended: one CAS to lock, one to unlock.
 * Go           internal/sync/mutex.go, sync/waitgroup.go; note: runtime2.go
 */
#include "runtime.h"

enum { MUTEX_LOCKED = 1, MUTEX_WAITERS = 2 };
#define STARVE_NS MILLISECOND

static void
sync_push(struct gamp_waitq *q, struct waiter *w, bool front)
{
    ASSERT(w->g == this_g());
    w->next = front ? q->first : NULL;
    if (front) {
        q->first = w;
        q->last = q->last == NULL ? w : q->last;
    } else {
        if (q->last != NULL) {
            ((struct waiter *)q->last)->next = w;
        } else {
            q->first = w;
        }
        q->last = w;
    }
}

static struct waiter *
sync_pop(struct gamp_waitq *q)
{
    struct waiter *w = q->first;
    if (w != NULL) {
        q->first = w->next;
        q->last = q->first == NULL ? NULL : q->last;
    }
    return w;
}

static bool
mutex_take(struct mutex *m)
{
    uint32_t s = atomic_load_explicit(&m->state, memory_order_relaxed);
    while (!(s & MUTEX_LOCKED)) {
        if (atomic_compare_exchange_weak_explicit(&m->state, &s, s | MUTEX_LOCKED,
                                                  memory_order_acquire, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

/* A waiter that was woken competes with newcomers; if it loses it waits at the front, and one that
 * has waited for over 1 ms is handed the mutex by the next unlock. */
static __attribute__((noinline)) void
mutex_lock_slow(struct mutex *m)
{
    struct waiter w = { .g = this_g(), .since = arch_nanotime() };
    for (bool again = false;; again = true) {
        lock_acquire(&m->lock, RANK_SYNC);
        atomic_fetch_or(&m->state, MUTEX_WAITERS);
        if (mutex_take(m)) {
            if (m->waitq.first == NULL) {
                atomic_fetch_and(&m->state, ~(uint32_t)MUTEX_WAITERS);
            }
            lock_release(&m->lock);
            return;
        }
        sync_push(&m->waitq, &w, again);
        g_park(g_unlock_commit, &m->lock, WAIT_MUTEX);
        if (w.handoff || mutex_take(m)) {
            return;
        }
    }
}

void
mutex_lock(struct mutex *m)
{
    uint32_t free = 0;
    if (!atomic_compare_exchange_strong_explicit(&m->state, &free, MUTEX_LOCKED,
                                                 memory_order_acquire, memory_order_relaxed)) {
        mutex_lock_slow(m);
    }
}

bool
mutex_trylock(struct mutex *m)
{
    return mutex_take(m);
}

/* Clearing LOCKED, or handing over, is the last touch: whoever locks next may free the mutex.
 * WAITERS may be set anew in between: the goroutine readied here competes and wakes them by its own
 * unlock. */
static __attribute__((noinline)) void
mutex_unlock_slow(struct mutex *m)
{
    if (!(atomic_load_explicit(&m->state, memory_order_relaxed) & MUTEX_LOCKED)) {
        fatal("sync: unlock of unlocked mutex");
    }
    lock_acquire(&m->lock, RANK_SYNC);
    struct waiter *w = sync_pop(&m->waitq);
    struct g *gp = w != NULL ? w->g : NULL;
    bool handoff = w != NULL && arch_nanotime() - w->since > STARVE_NS;
    if (handoff) {
        w->handoff = true;
    }
    if (m->waitq.first == NULL) {
        atomic_fetch_and(&m->state, ~(uint32_t)MUTEX_WAITERS);
    }
    lock_release(&m->lock);
    if (!handoff) {
        atomic_fetch_and_explicit(&m->state, ~(uint32_t)MUTEX_LOCKED, memory_order_release);
    }
    if (gp != NULL) {
        g_ready(gp);
    }
}

void
mutex_unlock(struct mutex *m)
{
    uint32_t locked = MUTEX_LOCKED;
    if (!atomic_compare_exchange_strong_explicit(&m->state, &locked, 0, memory_order_release,
                                                 memory_order_relaxed)) {
        mutex_unlock_slow(m);
    }
}

/* ---- wait groups: the counter in the upper half of one word, the number of waiters below ---- */

static int32_t
wg_count(uint64_t state)
{
    return (int32_t)(uint32_t)(state >> 32);
}

/* The counter is zero and somebody waits: all of them go on. */
static void
waitgroup_release(struct waitgroup *wg)
{
    ASSERT(wg_count(atomic_load(&wg->state)) == 0);
    lock_acquire(&wg->lock, RANK_SYNC);
    struct waiter *w = wg->waitq.first, *next;
    wg->waitq = (struct gamp_waitq){ 0 };
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

void
waitgroup_done(struct waitgroup *wg)
{
    waitgroup_add(wg, -1);
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
    sync_push(&wg->waitq, &w, false);
    g_park(g_unlock_commit, &wg->lock, WAIT_WAITGROUP);
}

struct wg_call {
    struct waitgroup *wg;
    void (*fn)(void *);
    void *arg;
};

static void
wg_run(void *p)
{
    struct wg_call *call = p;
    call->fn(call->arg);
    waitgroup_done(call->wg);
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

/* ---- notes ---- */

#define NOTE_SET ((uintptr_t)1)

static bool
note_commit(struct g *gp, void *arg)
{
    ASSERT(gp != this_g());
    struct note *n = arg;
    uintptr_t none = 0;
    return atomic_compare_exchange_strong(&n->waiter, &none, (uintptr_t)gp);
}

/* Parks until the note is set, and clears it. One waiter at a time. An early wake-up is kept. */
void
note_sleep(struct note *n, bool external)
{
    while (atomic_exchange(&n->waiter, 0) != NOTE_SET) {
        if (external) {
            atomic_fetch_add(&sched.external, 1);
        }
        g_park(note_commit, n, WAIT_IO);
        if (external) {
            atomic_fetch_sub(&sched.external, 1);
        }
    }
}

/* From anywhere, interrupts included: the goroutine goes through the inbox of this core. */
void
note_wakeup(struct note *n)
{
    uintptr_t was = atomic_exchange(&n->waiter, NOTE_SET);
    if (was > NOTE_SET) {
        arch_preempt_off();
        g_set_status((struct g *)was, G_WAITING, G_RUNNABLE);
        inbox_put(this_m(), (struct g *)was);
        arch_preempt_on();
    }
}
