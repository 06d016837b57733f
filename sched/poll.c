/* SPDX-License-Identifier: MIT */
/*
 * poll.c -- how a driver makes goroutines wait for a device.
 *
 * The contract: what is ready before anybody waits is not lost; one goroutine waits at a time and
 * the others queue; a deadline may be set, changed or cleared while one waits and counts at once;
 * closing wakes all.
 *
 * Invariants   1. ready, closed and the deadline are set before the note is, and looked at after it
 * Context      poll_wait, poll_deadline: goroutines; poll_ready, poll_close: interrupts, too
 * Protocol     waiting                                telling
 *              1 closed, ready or late? done          1 set the flag
 *              2 sleep on the note; again from 1      2 set the note
 *              A note keeps one signal, so 2 on the left returns at once if 2 on the right came
 *              after 1 on the left. A signal too many costs a look.
 * Go           netpoll.go: pollDesc, poll_runtime_pollWait, pollSetDeadline
 */
#include "runtime.h"

enum poll_status
poll_wait(struct poll *p)
{
    enum poll_status s = POLL_READY;
    mutex_lock(&p->one);
    for (;;) {
        int64_t deadline = atomic_load(&p->deadline);
        if (atomic_load(&p->closed)) {
            s = POLL_CLOSED;
            break;
        }
        if (atomic_exchange(&p->ready, false)) {
            break;
        }
        if (deadline != 0 && arch_nanotime() >= deadline) {
            s = POLL_TIMED_OUT;
            break;
        }
        note_sleep(&p->note, true);
    }
    mutex_unlock(&p->one);
    return s;
}

void
poll_ready(struct poll *p)
{
    atomic_store(&p->ready, true);
    note_wakeup(&p->note);
}

void
poll_close(struct poll *p)
{
    atomic_store(&p->closed, true);
    note_wakeup(&p->note);
}

static void
poll_expire(void *p)
{
    note_wakeup(&((struct poll *)p)->note);
}

void
poll_deadline(struct poll *p, int64_t when)
{
    int64_t left = when - arch_nanotime();
    mutex_lock(&p->setting);
    atomic_store(&p->deadline, when);
    if (when == 0) {
        if (p->timer != NULL) {
            timer_stop(p->timer);
        }
    } else if (p->timer != NULL) {
        timer_reset(p->timer, left);
    } else {
        p->timer = timer_after_func(left, poll_expire, p);
    }
    mutex_unlock(&p->setting);
}
