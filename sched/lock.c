/* SPDX-License-Identifier: MIT */
/*
 * lock.c -- the slow half of lock.h: waiting, complaining, and checking the order of ranks.
 *
 * Context      preemption off; may not be used in an interrupt
 */
#include "statelock.h"

#ifndef GAMP_LOCK_PAUSES
#define GAMP_LOCK_PAUSES 128 /* some 5 us; 1 in explored schedules */
#endif

#define COMPLAIN_NS (10 * SECOND)

/* Waits for l by reading until it looks open, with growing pauses: each look takes the line from
 * the holder, and of those who wait all look. After ten seconds says so, once: a lock is held for
 * some hundred instructions, so this is a lost holder or a host that stopped its core. */
void
lock_slow(struct gamp_lock *l)
{
    int64_t deadline = 0;
    uint32_t spins = 0, pauses = 1;

    do {
        while (PEEK(l->word) & LOCK_HELD) {
            for (uint32_t i = 0; i < pauses; i++) {
                arch_relax();
            }
            pauses = pauses < GAMP_LOCK_PAUSES ? 2 * pauses : pauses;
            if ((++spins & 0xfff) != 0) {
                continue;
            }
            int64_t now = arch_nanotime();
            if (deadline == 0) {
                deadline = now + COMPLAIN_NS;
            } else if (now > deadline) {
                arch_print("lock %p: core %d waits since 10 s\n", (void *)l, this_m()->id);
                deadline = INT64_MAX;
            }
        }
    } while (!lock_close(l));
}

/* The same for a state's BUSY, set for some hundred instructions at a time. */
uint64_t
state_lock_slow(_Atomic(uint64_t) *word)
{
    int64_t deadline = 0;
    for (uint32_t spins = 1;; spins++) {
        uint64_t s = atomic_load_explicit(word, memory_order_relaxed);
        if (!(s & STATE_BUSY)
            && atomic_compare_exchange_strong_explicit(
                word, &s, s | STATE_BUSY, memory_order_acquire, memory_order_relaxed)) {
            return s;
        }
        arch_relax();
        if ((spins & 0xffff) != 0) {
            continue;
        }
        int64_t now = arch_nanotime();
        if (deadline == 0) {
            deadline = now + COMPLAIN_NS;
        } else if (now > deadline) {
            arch_print("state at %p is 0x%lx: core %d waits since 10 s\n", (void *)word,
                       (unsigned long)s, this_m()->id);
            deadline = INT64_MAX;
        }
    }
}

static bool
state_commit(struct g *gp, void *word)
{
    (void)gp;
    _Atomic(uint64_t) *state = word;
    uint64_t s = atomic_load_explicit(state, memory_order_relaxed);
    state_unlock(state, s & ~(uint64_t)STATE_BUSY);
    return true;
}

void
state_park(_Atomic(uint64_t) *word, uint64_t s, enum wait_reason why)
{
    atomic_store_explicit(word, s | STATE_BUSY, memory_order_relaxed);
    g_park(state_commit, word, why);
}

#ifdef DEBUG
enum { HELD_MAX = 16 };
static struct {
    struct {
        const struct gamp_lock *lock;
        enum rank rank;
    } at[HELD_MAX];
    uint32_t n, beyond; /* a large select holds more than are listed */
} held[CORES_MAX];

void
lock_check_acquire(struct gamp_lock *l, enum rank rank)
{
    int id = this_m()->id;
    uint32_t n = held[id].n;
    if (n > 0) {
        const struct gamp_lock *top = held[id].at[n - 1].lock;
        enum rank above = held[id].at[n - 1].rank;
        if (above > rank || (above == rank && (rank != RANK_CHAN || top >= l))) {
            throw("lock order: core %d takes %p (rank %d) holding %p (rank %d)", id, (void *)l,
                  rank, (const void *)top, above);
        }
    }
    lock_check_take(l, rank);
}

void
lock_check_take(struct gamp_lock *l, enum rank rank)
{
    int id = this_m()->id;
    if (held[id].n == HELD_MAX) {
        held[id].beyond++;
    } else {
        held[id].at[held[id].n].lock = l;
        held[id].at[held[id].n++].rank = rank;
    }
}

void
lock_check_release(const struct gamp_lock *l)
{
    int id = this_m()->id;
    for (uint32_t i = held[id].n; i-- > 0;) {
        if (held[id].at[i].lock == l) {
            held[id].at[i] = held[id].at[--held[id].n];
            return;
        }
    }
    if (held[id].beyond == 0) {
        throw("core %d releases lock %p that it does not hold", id, (const void *)l);
    }
    held[id].beyond--;
}
#endif
