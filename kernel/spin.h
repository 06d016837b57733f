/* SPDX-License-Identifier: MIT */
/*
 * spin.h -- the lock of the layers below the scheduler.
 *
 * Context      The holder is never descheduled: it runs with preemption or interrupts off.
 *
 * Rejected     Ticket and queue locks: the host deschedules virtual CPUs, and then every waiter
 *              behind the one that sleeps waits for it too. A bare exchange: its writes keep
 *              taking the line away from the holder; the plain read in front of it does not.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct spin {
    _Atomic uint32_t held;
};

static inline bool
spin_trylock(struct spin *l)
{
    return !atomic_load_explicit(&l->held, memory_order_relaxed)
           && !atomic_exchange_explicit(&l->held, 1, memory_order_acquire);
}

/* Is this the core that reports a failure, all others stopped, one of them with the lock held? Then
 * what l protects may be in disorder, and the report is worth more (panic.c). */
bool spin_for_ever(void);

#define SPIN_LOOKS 20000000u /* some tenths of a second */

/* The acquire in spin_trylock meets the release in spin_unlock. */
static inline void
spin_lock(struct spin *l)
{
    for (uint32_t looks = 1; !spin_trylock(l); looks++) {
        __builtin_ia32_pause();
        if (looks % SPIN_LOOKS == 0 && spin_for_ever()) {
            return;
        }
    }
}

static inline void
spin_unlock(struct spin *l)
{
    atomic_store_explicit(&l->held, 0, memory_order_release);
}
