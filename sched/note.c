/* SPDX-License-Identifier: MIT */
/*
 * note.c -- how an interrupt wakes a goroutine.
 *
 * Invariants   1. a note holds 0, NOTE_SET, or the one g that waits
 * Context      note_wakeup: anywhere; note_sleep: a goroutine, one at a time
 * Protocol     sleeping                               waking
 *              1 exchange 0; was it SET? done         1 exchange SET; was it a g? ready it, through
 *              2 park; the commit: 0 -> g (CAS);        this core's inbox: no lock is taken
 *                fails where SET came in between:
 *                goes on, from 1
 * Go           note, lock_futex.go
 */
#include "proc.h"

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
