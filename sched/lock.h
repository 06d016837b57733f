/* SPDX-License-Identifier: MIT */
/*
 * lock.h -- the one lock sched/ has: test and test-and-set, preemption off while held.
 *
 * No ticket lock: virtual cores get descheduled, and a queue of waiters would stand behind each.
 * Interrupt handlers take no lock.
 *
 * Protocol     The word is odd while the lock is held, and grows by 2 each time that it was: who
 *              finds it even, looks at what it protects, and finds it the same, has seen one moment
 *              (select.c). Closing is one locked instruction that sets a bit; opening adds 1, by a
 *              plain one: those who try meanwhile write what is there already. 64 bits do not wrap.
 * Ranks        acquired in rising order only, checked in debug builds (lock.c); equal ranks only
 *              for channels, in rising order of address.
 */
#pragma once
#include <gamp.h>
#include <stdatomic.h>
#include "arch.h"
#include "plain.h"

#define LOCK_HELD ((uint64_t)1)

enum rank { RANK_TIMERS = 1, RANK_CHAN, RANK_SYNC, RANK_SCHED, RANK_COUNT };

void lock_slow(struct gamp_lock *l);
void lock_check_acquire(struct gamp_lock *l, enum rank rank);
void lock_check_take(struct gamp_lock *l, enum rank rank);
void lock_check_release(const struct gamp_lock *l);

/* One instruction, in the form that gcc knows: of which only the bit is wanted. */
static inline bool
lock_close(struct gamp_lock *l)
{
    if (atomic_fetch_or_explicit(&l->word, LOCK_HELD, memory_order_acquire) & LOCK_HELD) {
        return false;
    }
    return true;
}

/* The first half of lock_acquire: one locked instruction. False: lock_slow is to follow. */
static inline bool
lock_begin(struct gamp_lock *l, enum rank rank)
{
    arch_preempt_off();
#ifdef DEBUG
    lock_check_acquire(l, rank);
#else
    (void)rank;
#endif
    return __builtin_expect(lock_close(l), 1);
}

/* Pairs with the release in lock_release. */
static inline void
lock_acquire(struct gamp_lock *l, enum rank rank)
{
    if (!lock_begin(l, rank)) {
        lock_slow(l);
    }
}

/* Takes l if that needs no waiting: so in any order, while others are held. Preemption is off and
 * stays so: lock_open ends it. */
static inline bool
lock_try_off(struct gamp_lock *l, enum rank rank)
{
    if (!lock_close(l)) {
        return false;
    }
#ifdef DEBUG
    lock_check_take(l, rank);
#else
    (void)rank;
#endif
    return true;
}

/* The same, with lock_release. */
static inline bool
lock_try(struct gamp_lock *l, enum rank rank)
{
    arch_preempt_off();
    if (!lock_try_off(l, rank)) {
        arch_preempt_on();
        return false;
    }
    return true;
}

/* Opens l and leaves preemption off, for whoever has closed it twice. */
static inline void
lock_open(struct gamp_lock *l)
{
#ifdef DEBUG
    lock_check_release(l);
#endif
    COUNT_OPEN(l->word, 1);
}

static inline void
lock_release(struct gamp_lock *l)
{
    lock_open(l);
    arch_preempt_on();
}

static inline void
assert_held(const struct gamp_lock *l)
{
#ifdef DEBUG
    if (!(PEEK(l->word) & LOCK_HELD)) {
        arch_throw("lock %p should be held", (const void *)l);
    }
#else
    (void)l;
#endif
}
