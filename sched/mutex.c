/* SPDX-License-Identifier: MIT */
/*
 * mutex.c -- mutexes that know their owner, and circles of them.
 *
 *      state:  owner's mark | WOKEN | STATE_WAITERS | STATE_BUSY
 *
 * Invariants   1. the mark is 0 exactly while the mutex is not locked
 *              2. WOKEN: one waiter, no longer listed, is on its way to take the mutex or to queue
 *                 again, and clears it then; until that, unlock wakes nobody else
 *              3. g->waits_on is the mutex a goroutine is inside mutex_lock's slow path for, and
 *                 that mutex is there as long as a walker may look at it
 * Locks        the state's BUSY, on slow paths only
 * Protocol     walking a chain of owners              leaving mutex_lock
 *              1 walkers + 1            (locked)      1 waits_on = NULL           (exchange)
 *              2 read waits_on, the owner there,      2 wait until walkers == 0
 *                its waits_on, ...                    The mutex may be freed after that.
 *              3 walkers - 1
 *              Who closes a circle has stored its own waits_on before it walks; of two that close
 *              one at once the later store sees the other's, and both may: the second is silent.
 *              A goroutine that waits cannot give a mutex up, so a circle seen twice with nobody's
 *              wait renewed in between (wait_seq) was there at one moment. An owner that has ended
 *              is no part of it, whoever has its struct g now: the mark has bits of its number.
 *              A mark is stored by a release: a walker reads the owner's g, however new that is.
 *              With the kernel word `quiet` it is told when the program has come to a halt.
 * Cost         uncontended: 4 instructions to lock, 3 to unlock, where the compiler makes them a
 *              part of the caller at the link, and a call more where not; one CAS each. Contended:
 *              an unlock reads the clock only where it wakes somebody.
 * Rejected     The address of struct g alone as owner: 12 instructions, but a goroutine that ends
 *              with a mutex locked would leave it to the next one in its struct g.
 *              Spinning before parking: nothing is gained where cores are virtual, and here that
 *              could be measured on no others.
 * Go           internal/sync/mutex.go. A circle is told at the call that closes it; it is no error
 *              by itself, since any goroutine may unlock a mutex.
 */
#include "statelock.h"
#include "waitq.h"

#define STARVE_NS  MILLISECOND
#define CIRCLE_MAX 32

enum { WOKEN = 1 << STATE_BITS };
#define FLAGS ((uint64_t)WOKEN | STATE_WAITERS | STATE_BUSY)

static uint64_t
owner_mark(uint64_t state)
{
    return state & ~FLAGS;
}

/* NULL: not locked, or by a goroutine that has ended. */
static struct g *
owner_of(uint64_t state)
{
    uint64_t mark = owner_mark(state);
    struct g *gp = g_of_mark(mark);
    return gp != NULL && atomic_load_explicit(&gp->mark, memory_order_relaxed) == mark ? gp : NULL;
}

/* ---- circles ---- */

struct circle {
    struct {
        struct g *g;
        struct mutex *mutex;
        uint32_t seq;
    } link[CIRCLE_MAX];
    uint32_t n;
};

static _Atomic(uint32_t) walkers;

/* From gp along owners until gp comes up again. False: it does not. */
static bool
walk(struct g *gp, struct circle *c)
{
    struct g *at = gp;
    for (c->n = 0; c->n < CIRCLE_MAX; c->n++) {
        struct mutex *m = atomic_load(&at->waits_on);
        if (m == NULL) {
            return false;
        }
        c->link[c->n].g = at;
        c->link[c->n].mutex = m;
        c->link[c->n].seq = atomic_load(&at->wait_seq);
        at = owner_of(atomic_load(&m->state));
        if (at == NULL) {
            return false;
        }
        if (at == gp) {
            c->n++;
            return true;
        }
    }
    return false;
}

static bool
same_circle(const struct circle *a, const struct circle *b)
{
    bool same = a->n == b->n;
    for (uint32_t i = 0; same && i < a->n; i++) {
        same = a->link[i].g == b->link[i].g && a->link[i].mutex == b->link[i].mutex
               && a->link[i].seq == b->link[i].seq;
    }
    return same;
}

/* Those in it wait, so names and numbers stay. */
static void
circle_print(const struct circle *c)
{
    arch_print("sync: mutexes locked in a circle:\n");
    for (uint32_t i = 0; i < c->n; i++) {
        const struct g *gp = c->link[i].g, *next = c->link[(i + 1) % c->n].g;
        arch_print("\tgoroutine %lu (%s) waits for mutex %p, held by goroutine %lu\n",
                   (unsigned long)gp->id, g_name(gp), (void *)c->link[i].mutex,
                   (unsigned long)next->id);
    }
}

/* Of two goroutines that close it at once, both may find it. */
static void
circle_report(const struct circle *c)
{
    static _Atomic(uint64_t) last;
    uint64_t key = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        key += (c->link[i].g->id + 1) * 0x9e3779b97f4a7c15u + c->link[i].seq;
    }
    if (atomic_exchange(&last, key) != key) {
        circle_print(c);
    }
}

/* Nothing runs any more: all circles, if they have not been told when they were closed. Each is
 * found from every goroutine in it, and told from the one with the lowest number. */
void
mutex_circles_print(void)
{
    struct circle c;
    for (struct g_chunk *k = sched.chunks; sched.quiet && k != NULL; k = k->next) {
        for (uint32_t i = 0; i < k->used; i++) {
            bool lowest = walk(&k->g[i], &c);
            for (uint32_t n = 1; lowest && n < c.n; n++) {
                lowest = c.link[0].g->id < c.link[n].g->id;
            }
            if (lowest) {
                circle_print(&c);
            }
        }
    }
}

/* The caller is about to wait for m: does that close a circle? Mostly the owner does not wait. */
static void
circle_check(struct g *gp, struct mutex *m)
{
    struct circle once, again;
    const struct g *owner = owner_of(atomic_load(&m->state));
    if (owner == NULL || atomic_load(&owner->waits_on) == NULL) {
        return; /* a struct g is never freed, and m is the caller's: no need to be a walker */
    }
    arch_preempt_off();
    atomic_fetch_add(&walkers, 1);
    bool found = walk(gp, &once) && walk(gp, &again) && same_circle(&once, &again);
    atomic_fetch_sub(&walkers, 1);
    arch_preempt_on();
    if (found && !sched.quiet) {
        circle_report(&once);
    }
}

void
mutex_wait_begin(struct g *gp, struct mutex *m)
{
    ASSERT(gp == this_g() && atomic_load(&gp->waits_on) == NULL);
    atomic_fetch_add_explicit(&gp->wait_seq, 1, memory_order_relaxed);
    atomic_store(&gp->waits_on, m);
    circle_check(gp, m);
}

void
mutex_wait_end(struct g *gp)
{
    ASSERT(gp == this_g());
    atomic_store(&gp->waits_on, NULL);
    while (atomic_load(&walkers) != 0) {
        arch_relax();
    }
}

/* ---- locking ---- */

/* woken: WOKEN if the caller is who it stands for, else 0. */
static bool
mutex_take(struct mutex *m, uint64_t mark, uint64_t woken)
{
    uint64_t s = atomic_load_explicit(&m->state, memory_order_relaxed);
    for (;;) {
        if (owner_mark(s) != 0) {
            return false;
        }
        if (s & STATE_BUSY) {
            arch_relax();
            s = atomic_load_explicit(&m->state, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&m->state, &s, (s & ~woken) | mark,
                                                         memory_order_acq_rel,
                                                         memory_order_relaxed)) {
            return true;
        }
    }
}

/* True: got it; false: woken, compete for it. */
static bool
mutex_wait(struct mutex *m, struct waiter *w, uint64_t mark, uint64_t woken)
{
    uint64_t s = state_lock(&m->state);
    ASSERT((s & woken) == woken);
    s &= ~woken;
    if (owner_mark(s) == 0) {
        state_unlock(&m->state, s | mark);
        return true;
    }
    if (woken) {
        waitq_push_front(&m->waitq, w);
    } else {
        waitq_push(&m->waitq, w);
    }
    state_park(&m->state, s | STATE_WAITERS, WAIT_MUTEX);
    return w->handoff;
}

/* A waiter that was woken competes with newcomers; if it loses it waits at the front, and one that
 * has waited for over 1 ms is handed the mutex by the next unlock. */
static __attribute__((noinline)) void
mutex_lock_slow(struct mutex *m, struct g *gp)
{
    uint64_t mark = atomic_load_explicit(&gp->mark, memory_order_relaxed), woken = 0;
    ASSERT(mark != 0);
    if (mutex_take(m, mark, 0)) {
        return;
    }
    struct waiter w = { .g = gp, .since = arch_nanotime() };
    mutex_wait_begin(gp, m);
    while (!mutex_wait(m, &w, mark, woken) && !mutex_take(m, mark, WOKEN)) {
        woken = WOKEN;
    }
    mutex_wait_end(gp);
}

void
mutex_lock(struct mutex *m)
{
    uint64_t unlocked = 0;
    struct g *gp = this_g();
    uint64_t mark = atomic_load_explicit(&gp->mark, memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(&m->state, &unlocked, mark, memory_order_acq_rel,
                                                 memory_order_relaxed)) {
        mutex_lock_slow(m, gp);
    }
}

bool
mutex_trylock(struct mutex *m)
{
    return mutex_take(m, atomic_load_explicit(&this_g()->mark, memory_order_relaxed), 0);
}

/* Nobody to wake, or somebody was woken before and has not come yet: true, and it is unlocked. */
static bool
mutex_open(struct mutex *m, uint64_t s)
{
    while (owner_mark(s) != 0 && !(s & STATE_BUSY) && ((s & WOKEN) || !(s & STATE_WAITERS))) {
        if (atomic_compare_exchange_weak_explicit(&m->state, &s, s & FLAGS, memory_order_release,
                                                  memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

static __attribute__((noinline)) void
mutex_unlock_slow(struct mutex *m, uint64_t s)
{
    if (mutex_open(m, s)) {
        return;
    }
    s = state_lock(&m->state);
    if (owner_mark(s) == 0) {
        state_unlock(&m->state, s);
        fatal("sync: unlock of unlocked mutex");
    }
    struct waiter *w = s & WOKEN ? NULL : waitq_pop(&m->waitq);
    if (w == NULL) {
        state_unlock(&m->state, s & FLAGS);
        return;
    }
    struct g *gp = w->g;
    w->handoff = arch_nanotime() - w->since > STARVE_NS;
    s = m->waitq.first != NULL ? STATE_WAITERS : 0;
    s |= w->handoff ? atomic_load_explicit(&gp->mark, memory_order_relaxed) : WOKEN;
    state_unlock(&m->state, s);
    g_ready(gp);
}

void
mutex_unlock_for(struct mutex *m, const struct g *owner)
{
    uint64_t s = atomic_load_explicit(&owner->mark, memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(&m->state, &s, 0, memory_order_release,
                                                 memory_order_relaxed)) {
        mutex_unlock_slow(m, s);
    }
}

void
mutex_unlock(struct mutex *m)
{
    mutex_unlock_for(m, this_g());
}

bool
mutex_locked(const struct mutex *m)
{
    _Atomic(uint64_t) *state = &((struct mutex *)(uintptr_t)m)->state;
    return owner_mark(atomic_load_explicit(state, memory_order_relaxed)) != 0;
}
