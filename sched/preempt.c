/* SPDX-License-Identifier: MIT */
/*
 * preempt.c -- slices: how a core takes itself back from a goroutine that does not let go.
 *
 * The core's timer is armed when g0 hands out a slice and not again until it fires: a switch costs
 * no access to hardware and reads no clock. g0 notes when a slice begins that it hands out, and
 * such a slice ends after 10 ms. One that a goroutine handed over is first seen when the timer
 * fires, so it lasts for 10 to 20 ms, as under Go's monitor. A chain of goroutines that hand over
 * through runnext shares one slice.
 *
 * Context      sched_interrupt: in an interrupt, takes no lock, parks nobody.
 *              sched_preempt: on the goroutine, preemption off once; on when it returns.
 * Go           retake, preemptone in proc.go; preempt.go. There is no safe point here: stacks do
 *              not move, so any instruction outside a preempt-off section will do.
 */
#include "runtime.h"

static void
arm(struct m *mp, int64_t when)
{
    int64_t first = atomic_load_explicit(&mp->timers.first, memory_order_relaxed);
    mp->timer_armed = first < when ? first : when;
    arch_timer_set(mp->timer_armed);
}

/* At each dispatch by g0, just after it has read the clock. */
void
slice_arm(struct m *mp)
{
    ASSERT(mp == this_m());
    if (mp->pinned.n > 0) {
        atomic_fetch_or(&mp->attention, PINNED_HERE);
    }
    uint32_t tick = PEEK(mp->schedtick);
    if (mp->tick_seen != tick || mp->seen - mp->slice_seen_at >= sched.slice) {
        mp->tick_seen = tick;
        mp->slice_seen_at = mp->seen; /* the second: it ended while the core was idle */
    }
    if (mp->timer_armed == INT64_MAX) {
        arm(mp, mp->slice_seen_at + sched.slice);
    }
}

bool
sched_in_goroutine(void)
{
    return atomic_load_explicit(&this_m()->running, memory_order_relaxed) != NULL;
}

bool
sched_interrupt(void)
{
    struct m *mp = this_m();
    if (!sched_in_goroutine()) {
        mp->timer_armed =
            INT64_MAX; /* g0 looks at everything anyway and arms at its next dispatch */
        return false;
    }
    int64_t now = arch_nanotime();
    mp->seen = now;
    uint32_t tick = atomic_load_explicit(&mp->schedtick, memory_order_relaxed);
    if (tick != mp->tick_seen) {
        mp->tick_seen = tick;
        mp->slice_seen_at = now;
    } else if (now - mp->slice_seen_at >= sched.slice) {
        mp->slice_over = true;
        mp->slice_seen_at = now;
    }
    bool due = atomic_load_explicit(&mp->timers.first, memory_order_relaxed) <= now;
    if (due || mp->slice_over) {
        atomic_store(&mp->attention, WANTED);
    }
    if (due) {
        mp->timer_armed = INT64_MAX; /* the timers are run before the next dispatch arms again */
        arch_timer_set(now + sched.slice);
    } else {
        arm(mp, mp->slice_seen_at + sched.slice);
    }
    return (atomic_load(&mp->attention) & WANTED) != 0;
}

/* Nobody waits for this core: g0 would only hand it back. attention is down before the look, so
 * that what comes during it is either seen or raises it again. */
static bool
alone(struct m *mp)
{
    int pin = this_g()->pin, cores = atomic_load(&sched.gomaxprocs);
    atomic_store(&mp->attention, 0);
    return mp->pinned.n == 0 && (pin < 0 || pin == mp->id || pin >= cores) && runq_empty(mp)
           && atomic_load(&mp->inbox) == NULL && atomic_load(&sched.global_n) == 0
           && mp->id < atomic_load(&sched.gomaxprocs)
           && atomic_load(&mp->timers.first) > arch_nanotime();
}

/* The slice is over, or something wants g0. After a whole slice the goroutine queues behind all
 * others, else behind those of its core. Go: gopreempt_m */
void
sched_preempt(void)
{
    struct m *mp = this_m();
    if ((atomic_load(&mp->attention) & WANTED) == 0) {
        arch_preempt_on(); /* g0 has seen to it in the meantime */
        return;
    }
    if (alone(mp)) {
        mp->slice_over = false;
        COUNT(mp->schedtick, 1);
        arch_preempt_on();
        return;
    }
    bool over = mp->slice_over;
    if (over) {
        COUNT(mp->preemptions, 1);
    }
    atomic_store(&mp->attention, WANTED);
    g_yield_off(over);
}
