/* SPDX-License-Identifier: MIT */
/*
 * mutex.c -- mutexes that know their owner, and circles of them.
 *
 *      state:  owner's struct g | STATE_WAITERS | STATE_BUSY
 *
 * Invariants   1. the owner is NULL exactly while the mutex is not locked
 *              2. g->waits_on is the mutex a goroutine is inside mutex_lock's slow path for, and
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
 *              wait renewed in between (wait_seq) was there at one moment.
 *              With the kernel word `quiet` it is told when the program has come to a halt.
 * Cost         uncontended: one CAS to lock, one to unlock, both with the address of this g.
 * Go           internal/sync/mutex.go. A circle is told at the call that closes it; it is no error
 *              by itself, since any goroutine may unlock a mutex.
 */
#include "statelock.h"
#include "waitq.h"

#define STARVE_NS  MILLISECOND
#define CIRCLE_MAX 32
#define FLAGS      ((uint64_t)STATE_WAITERS | STATE_BUSY)

static struct g *
owner_of(uint64_t state)
{
    return (struct g *)(uintptr_t)(state & ~FLAGS);
}

static uint64_t
owned_by(const struct g *gp)
{
    return (uint64_t)(uintptr_t)gp;
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
    arch_preempt_off();
    atomic_fetch_add(&walkers, 1);
    const struct g *owner = owner_of(atomic_load(&m->state));
    bool found = owner != NULL && atomic_load(&owner->waits_on) != NULL && walk(gp, &once)
                 && walk(gp, &again) && same_circle(&once, &again);
    atomic_fetch_sub(&walkers, 1);
    arch_preempt_on();
    if (found && !sched.quiet) {
        circle_report(&once);
    }
}

static void
wait_begin(struct g *gp, struct mutex *m)
{
    atomic_fetch_add_explicit(&gp->wait_seq, 1, memory_order_relaxed);
    atomic_store(&gp->waits_on, m);
    circle_check(gp, m);
}

static void
wait_end(struct g *gp)
{
    atomic_store(&gp->waits_on, NULL);
    while (atomic_load(&walkers) != 0) {
        arch_relax();
    }
}

/* ---- locking ---- */

static bool
mutex_take(struct mutex *m, const struct g *gp)
{
    uint64_t s = atomic_load_explicit(&m->state, memory_order_relaxed);
    for (;;) {
        if (owner_of(s) != NULL) {
            return false;
        }
        if (s & STATE_BUSY) {
            arch_relax();
            s = atomic_load_explicit(&m->state, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&m->state, &s, s | owned_by(gp),
                                                         memory_order_acquire,
                                                         memory_order_relaxed)) {
            return true;
        }
    }
}

/* True: got it; false: woken, compete for it. */
static bool
mutex_wait(struct mutex *m, struct waiter *w, bool again)
{
    uint64_t s = state_lock(&m->state);
    if (owner_of(s) == NULL) {
        state_unlock(&m->state, s | owned_by(w->g));
        return true;
    }
    if (again) {
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
    if (mutex_take(m, gp)) {
        return;
    }
    struct waiter w = { .g = gp, .since = arch_nanotime() };
    wait_begin(gp, m);
    for (bool again = false; !mutex_wait(m, &w, again) && !mutex_take(m, gp); again = true) {
    }
    wait_end(gp);
}

void
mutex_lock(struct mutex *m)
{
    uint64_t unlocked = 0;
    struct g *gp = this_g();
    if (!atomic_compare_exchange_strong_explicit(&m->state, &unlocked, owned_by(gp),
                                                 memory_order_acquire, memory_order_relaxed)) {
        mutex_lock_slow(m, gp);
    }
}

bool
mutex_trylock(struct mutex *m)
{
    return mutex_take(m, this_g());
}

static __attribute__((noinline)) void
mutex_unlock_slow(struct mutex *m)
{
    uint64_t s = state_lock(&m->state);
    if (owner_of(s) == NULL) {
        state_unlock(&m->state, s);
        fatal("sync: unlock of unlocked mutex");
    }
    struct waiter *w = waitq_pop(&m->waitq);
    if (w == NULL) {
        state_unlock(&m->state, 0);
        return;
    }
    struct g *gp = w->g;
    w->handoff = arch_nanotime() - w->since > STARVE_NS;
    s = m->waitq.first != NULL ? STATE_WAITERS : 0;
    state_unlock(&m->state, s | (w->handoff ? owned_by(gp) : 0));
    g_ready(gp);
}

void
mutex_unlock_for(struct mutex *m, const struct g *owner)
{
    uint64_t s = owned_by(owner);
    if (!atomic_compare_exchange_strong_explicit(&m->state, &s, 0, memory_order_release,
                                                 memory_order_relaxed)) {
        mutex_unlock_slow(m);
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
    return owner_of(
               atomic_load_explicit(&((struct mutex *)(uintptr_t)m)->state, memory_order_relaxed))
           != NULL;
}
