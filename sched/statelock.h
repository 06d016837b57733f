/* SPDX-License-Identifier: MIT */
/*
 * statelock.h -- one word that is an object's state and the lock of its list of waiters.
 *
 * Invariants   1. while STATE_BUSY is set nobody but who set it writes the word
 *              2. STATE_WAITERS is set whenever the lists are not empty and BUSY is not
 * Context      preemption off while BUSY; nothing else is locked, nobody readied
 * Protocol     fast                                   slow
 *              1 read the word                        1 set BUSY                      (CAS)
 *              2 neither BUSY nor WAITERS: to the     2 change the lists; work out the new state
 *                new state                  (CAS)     3 store it, without BUSY      (release)
 *              3 is the last touch of the object: whoever the new state lets in may free it.
 *              Whoever parks leaves 3 to the commit, and is readied after some later 3.
 * Rejected     A lock beside the state: after the state has let somebody in, the lock is still to
 *              be opened, and the object may be gone.
 */
#pragma once
#include "runtime.h"

enum { STATE_BUSY = 1, STATE_WAITERS = 2, STATE_BITS = 2 };

uint64_t state_lock_slow(_Atomic(uint64_t) *word);

/* Sets BUSY; returns the state without it. */
static inline uint64_t
state_lock(_Atomic(uint64_t) *word)
{
    arch_preempt_off();
    uint64_t s = atomic_load_explicit(word, memory_order_relaxed);
    if (!(s & STATE_BUSY)
        && atomic_compare_exchange_strong_explicit(word, &s, s | STATE_BUSY, memory_order_acquire,
                                                   memory_order_relaxed)) {
        return s;
    }
    return state_lock_slow(word);
}

static inline void
state_unlock(_Atomic(uint64_t) *word, uint64_t s)
{
    atomic_store_explicit(word, s, memory_order_release);
    arch_preempt_on();
}

/* Parks the caller, whose waiter is on a list by now; the commit stores s. */
void state_park(_Atomic(uint64_t) *word, uint64_t s, enum wait_reason why);
