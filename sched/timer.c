/* SPDX-License-Identifier: MIT */
/*
 * timer.c -- each core's timers: a 4-ary heap by deadline.
 *
 * Invariants   1. heap[(i - 1) / 4]->when <= heap[i]->when
 *              2. first == (n > 0 ? heap[0]->when : INT64_MAX), and strong == the number of timers
 *                 that are not weak, whenever the lock is open
 * Locks        timers.lock of the core; dropped around fire()
 * Context      preemption off; fire() runs on g0 and may not block
 * Cost         adding: O(log4 n) compares. Room is reserved before the goroutine parks, so arming
 *              after it has parked cannot fail.
 * Go           time.go. A sleep is armed after the goroutine is off its stack (resetForSleep), so
 *              it cannot be readied before it waits. Never early.
 */
#include "runtime.h"

enum { ARITY = 4, FIRST_CAP = 16 };

/* Room for one more. False: no memory. */
bool
timer_reserve(struct m *mp)
{
    for (;;) {
        lock_acquire(&mp->timers.lock, RANK_TIMERS);
        uint32_t n = mp->timers.n, cap = mp->timers.cap;
        lock_release(&mp->timers.lock);
        if (n < cap) {
            return true;
        }
        uint32_t bigger = cap == 0 ? FIRST_CAP : 2 * cap;
        struct timer_entry **heap = arch_alloc(bigger * sizeof(struct timer_entry *)), **old = heap;
        if (heap == NULL) {
            return false;
        }
        lock_acquire(&mp->timers.lock, RANK_TIMERS);
        if (mp->timers.cap == cap) {
            old = mp->timers.heap;
            for (uint32_t i = 0; i < mp->timers.n; i++) {
                heap[i] = old[i];
            }
            mp->timers.heap = heap;
            mp->timers.cap = bigger;
        }
        lock_release(&mp->timers.lock);
        arch_free(old);
    }
}

static void
first_update(struct m *mp)
{
    assert_held(&mp->timers.lock);
    int64_t first = mp->timers.n > 0 ? mp->timers.heap[0]->when : INT64_MAX;
    atomic_store_explicit(&mp->timers.first, first, memory_order_seq_cst);
}

/* On this core, after timer_reserve and with preemption off since. */
void
timer_add(struct m *mp, struct timer_entry *t)
{
    assert_pinned();
    ASSERT(mp == this_m() && t->fire != NULL);
    lock_acquire(&mp->timers.lock, RANK_TIMERS);
    struct timer_entry **heap = mp->timers.heap;
    if (mp->timers.n == mp->timers.cap) {
        throw("timer_add: core %d has %u timers and room for %u", mp->id, mp->timers.n,
              mp->timers.cap);
    }
    uint32_t i = mp->timers.n++;
    for (; i > 0 && t->when < heap[(i - 1) / ARITY]->when; i = (i - 1) / ARITY) {
        heap[i] = heap[(i - 1) / ARITY];
    }
    heap[i] = t;
    COUNT(mp->timers.strong, !t->weak);
    first_update(mp);
    lock_release(&mp->timers.lock);
    if (t->when < mp->timer_armed && mp->timer_armed != INT64_MAX) {
        mp->timer_armed = t->when;
        arch_timer_set(t->when);
    }
}

static struct timer_entry *
heap_pop(struct m *mp)
{
    assert_held(&mp->timers.lock);
    ASSERT(mp->timers.n > 0);
    struct timer_entry **heap = mp->timers.heap, *top = heap[0], *last = heap[--mp->timers.n];
    uint32_t n = mp->timers.n, i = 0;
    for (;;) {
        uint32_t least = ARITY * i + 1;
        for (uint32_t k = least + 1; k < n && k <= ARITY * i + ARITY; k++) {
            least = heap[k]->when < heap[least]->when ? k : least;
        }
        if (least >= n || last->when <= heap[least]->when) {
            break;
        }
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = last;
    COUNT(mp->timers.strong, top->weak ? 0 : UINT32_MAX); /* one less */
    first_update(mp);
    return top;
}

/* Fires what is due on this core. On g0. */
void
timers_run(struct m *mp)
{
    ASSERT(mp == this_m());
    if (atomic_load_explicit(&mp->timers.first, memory_order_relaxed) == INT64_MAX) {
        return;
    }
    int64_t now = arch_nanotime();
    while (atomic_load_explicit(&mp->timers.first, memory_order_relaxed) <= now) {
        lock_acquire(&mp->timers.lock, RANK_TIMERS);
        struct timer_entry *t =
            mp->timers.n > 0 && mp->timers.heap[0]->when <= now ? heap_pop(mp) : NULL;
        lock_release(&mp->timers.lock);
        if (t != NULL) {
            COUNT(mp->timers_fired, 1);
            t->fire(t);
        }
    }
}

static void
sleep_fire(struct timer_entry *t)
{
    g_ready(t->g); /* t is on its stack: not to be touched any more */
}

static bool
sleep_commit(struct g *gp, void *t)
{
    ASSERT(gp == ((struct timer_entry *)t)->g);
    (void)gp;
    timer_add(this_m(), t);
    arch_preempt_on(); /* gosleep's: since it reserved the room, the core has not changed */
    return true;
}

void
gosleep(duration d)
{
    if (d <= 0) {
        return;
    }
    int64_t now = arch_nanotime();
    struct timer_entry t = {
        .when = d < INT64_MAX - now ? now + d : INT64_MAX - 1,
        .fire = sleep_fire,
        .g = this_g(),
    };
    arch_preempt_off();
    if (!timer_reserve(this_m())) {
        sched_out_of_memory("gosleep: no memory for a timer");
    }
    g_park(sleep_commit, &t, WAIT_SLEEP);
}
