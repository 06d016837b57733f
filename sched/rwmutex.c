/* SPDX-License-Identifier: MIT */
/*
 * rwmutex.c -- many readers or one writer.
 *
 *      state:  number of readers << 3 | WRITER | STATE_WAITERS | STATE_BUSY
 *
 * Invariants   1. never a writer and readers
 *              2. while anybody waits, nobody gets in but by being let in; so it is never free then
 *              3. readers wait only behind a writer, who has it or waits for it
 * Locks        the state's BUSY
 * Protocol     The last reader out lets in the first writer; a writer lets in all readers that
 *              wait, and only if there is none the next writer. So neither starves, and a writer
 *              that waits holds newcomers back.
 * Cost         instructions with the call, where nobody waits: rlock 10, runlock 12, lock and
 *              unlock 6 each; one CAS in, one out. Readers share its line.
 * Go           sync/rwmutex.go. Writers are handed the lock, where Go's compete for a mutex.
 */
#include "statelock.h"
#include "waitq.h"

enum { WRITER = 1 << STATE_BITS, READER = WRITER << 1 };

/* The state without BUSY: waits while that is set. */
static uint64_t
settled(struct rwmutex *m)
{
    for (;;) {
        uint64_t s = atomic_load_explicit(&m->state, memory_order_relaxed);
        if (!(s & STATE_BUSY)) {
            return s;
        }
        arch_relax();
    }
}

static bool
change(struct rwmutex *m, uint64_t from, uint64_t to, memory_order order)
{
    return atomic_compare_exchange_strong_explicit(&m->state, &from, to, order,
                                                   memory_order_relaxed);
}

static void
wait(struct gamp_waitq *q, struct rwmutex *m, uint64_t s, enum wait_reason why)
{
    struct waiter w = { .g = this_g() };
    waitq_push(q, &w);
    state_park(&m->state, s | STATE_WAITERS, why);
}

/* Nobody is in, BUSY is held: lets in who is next, and opens. */
static void
let_in(struct rwmutex *m, bool readers_first)
{
    struct waiter *w, *next;
    struct gamp_waitq in = { .last = NULL };
    uint64_t s = 0;
    if (m->writers.first != NULL && !(readers_first && m->readers.first != NULL)) {
        waitq_push(&in, waitq_pop(&m->writers));
        s = WRITER;
    } else {
        while ((w = waitq_pop(&m->readers)) != NULL) {
            waitq_push(&in, w);
            s += READER;
        }
    }
    if (m->writers.first != NULL || m->readers.first != NULL) {
        s |= STATE_WAITERS;
    }
    state_unlock(&m->state, s);
    for (w = in.first; w != NULL; w = next) {
        next = w->next; /* before it is readied: w is on its stack */
        g_ready(w->g);
    }
}

bool
rwmutex_tryrlock(struct rwmutex *m)
{
    for (;;) {
        uint64_t s = settled(m);
        if (s & (WRITER | STATE_WAITERS)) {
            return false;
        }
        if (change(m, s, s + READER, memory_order_acquire)) {
            return true;
        }
    }
}

static __attribute__((noinline)) void
rlock_slow(struct rwmutex *m)
{
    uint64_t s = state_lock(&m->state);
    if (s & (WRITER | STATE_WAITERS)) {
        wait(&m->readers, m, s, WAIT_RWMUTEX_RLOCK);
    } else {
        state_unlock(&m->state, s + READER);
    }
}

void
rwmutex_rlock(struct rwmutex *m)
{
    if (!rwmutex_tryrlock(m)) {
        rlock_slow(m);
    }
}

/* The last reader, with a writer waiting: nobody else changes that. */
static __attribute__((noinline)) void
runlock_last(struct rwmutex *m)
{
    uint64_t s = state_lock(&m->state);
    ASSERT((s & ~(uint64_t)STATE_BUSY) == (READER | STATE_WAITERS));
    (void)s;
    let_in(m, false);
}

void
rwmutex_runlock(struct rwmutex *m)
{
    for (;;) {
        uint64_t s = settled(m);
        if (s < READER) {
            fatal("sync: RUnlock of unlocked RWMutex");
        }
        if ((s & STATE_WAITERS) && s < 2 * READER) {
            runlock_last(m);
            return;
        }
        if (change(m, s, s - READER, memory_order_release)) {
            return;
        }
    }
}

bool
rwmutex_trylock(struct rwmutex *m)
{
    return settled(m) == 0 && change(m, 0, WRITER, memory_order_acquire);
}

static __attribute__((noinline)) void
wlock_slow(struct rwmutex *m)
{
    uint64_t s = state_lock(&m->state);
    if (s != 0) {
        wait(&m->writers, m, s, WAIT_RWMUTEX_LOCK);
    } else {
        state_unlock(&m->state, WRITER);
    }
}

void
rwmutex_lock(struct rwmutex *m)
{
    if (!change(m, 0, WRITER, memory_order_acquire)) {
        wlock_slow(m);
    }
}

static __attribute__((noinline)) void
unlock_slow(struct rwmutex *m)
{
    uint64_t s = state_lock(&m->state);
    if (!(s & WRITER)) {
        state_unlock(&m->state, s);
        fatal("sync: Unlock of unlocked RWMutex");
    }
    let_in(m, true);
}

void
rwmutex_unlock(struct rwmutex *m)
{
    if (!change(m, WRITER, 0, memory_order_release)) {
        unlock_slow(m);
    }
}
