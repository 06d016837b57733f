/* SPDX-License-Identifier: MIT */
/*
 * timerheap.c -- each core's timers: a 4-ary heap by deadline, and how they come to fire.
 *
 * Invariants   1. heap[(i - 1) / 4].when <= heap[i].when, and heap[i]'s entry has index i, if one
 *                 that may be stopped
 *              2. whenever the lock is open, first == (n > 0 ? heap[0].when : INT64_MAX), and
 *                 strong == how many entries are not weak
 *              3. n <= spoken_for <= cap: arming a timer never needs memory. spoken_for counts
 *                 sleepers in the heap and timers that have this one as their home, armed or not;
 *                 the owner alone adds to it, so its own look without the lock errs on the safe
 *                 side
 * Locks        timers.lock of the core, held while a timer fires: so that stopping one, under the
 *              same lock, is before or after its firing, never during
 * Context      preemption off; fire() runs on a g0 and may not block
 * Protocol     arming on an idle core's heap          that core
 *              1 lock, insert, `first`, unlock        1 interrupts off
 *              2 it became the first: interrupt it    2 read `first`, halt until then
 *              An interrupt between 1 and 2 stays pending and ends the halt, and the core reads
 *              `first` anew. A core that runs a goroutine arms its timer in that interrupt.
 * Cost         O(log4 n) compares, within one array: the first of 10,000 is out after 250
 *              instructions, and sleepers moved for it are not touched. The lock is another core's
 *              business only where it stops or resets a timer made here, or steals.
 * Go           time.go: adjust, run, siftUp, siftDown. There is no lazy removal: here memory may be
 *              freed when a timer has been stopped.
 */
#include "timerheap.h"

enum { ARITY = 4, FIRST_CAP = 16 };

struct timer_slot {
    int64_t when;
    uintptr_t of; /* its entry, and STAYS */
};
#define STAYS 1u

static struct timer_entry *
entry_of(struct timer_slot s)
{
    return (struct timer_entry *)(s.of & ~(uintptr_t)STAYS);
}

/* A sleeper lies on a stack that nobody has looked at since: it is not touched to move it. */
static inline void
place(struct m *mp, uint32_t i, struct timer_slot s)
{
    mp->timers.heap[i] = s;
    if (!(s.of & STAYS)) {
        entry_of(s)->index = i;
    }
}

static void
first_update(struct m *mp)
{
    assert_held(&mp->timers.lock);
    int64_t first = mp->timers.n > 0 ? mp->timers.heap[0].when : INT64_MAX;
    atomic_store_explicit(&mp->timers.first, first, memory_order_seq_cst);
}

static void
sift_up(struct m *mp, uint32_t i, struct timer_slot s)
{
    for (; i > 0 && s.when < mp->timers.heap[(i - 1) / ARITY].when; i = (i - 1) / ARITY) {
        place(mp, i, mp->timers.heap[(i - 1) / ARITY]);
    }
    place(mp, i, s);
}

/* s goes where i is, or below it. */
static void
sift_down(struct m *mp, uint32_t i, struct timer_slot s)
{
    const struct timer_slot *heap = mp->timers.heap, *end = heap + mp->timers.n;
    const struct timer_slot *least;
    for (uint32_t full = (mp->timers.n - 1) / ARITY; i < full; i = (uint32_t)(least - heap)) {
        const struct timer_slot *k = heap + ARITY * (size_t)i + 1; /* all four are there */
        const struct timer_slot *a = k[1].when < k[0].when ? k + 1 : k;
        const struct timer_slot *b = k[3].when < k[2].when ? k + 3 : k + 2;
        least = b->when < a->when ? b : a;
        if (s.when <= least->when) {
            place(mp, i, s);
            return;
        }
        place(mp, i, *least);
    }
    least = heap + ARITY * (size_t)i + 1;
    for (const struct timer_slot *k = least; k < end; k++) {
        least = k->when < least->when ? k : least;
    }
    if (least < end && least->when < s.when) {
        place(mp, i, *least);
        i = (uint32_t)(least - heap);
    }
    place(mp, i, s);
}

/* Room for one more. False: no memory. On this core, before it parks or takes a lock. */
bool
timers_room(struct m *mp)
{
    assert_pinned();
    ASSERT(mp == this_m());
    uint32_t cap = mp->timers.cap;
    if (atomic_load_explicit(&mp->timers.spoken_for, memory_order_relaxed) < cap) {
        return true;
    }
    uint32_t bigger = cap == 0 ? FIRST_CAP : 2 * cap;
    struct timer_slot *heap = arch_alloc(bigger * sizeof(*heap)), *old = mp->timers.heap;
    if (heap == NULL) {
        return false;
    }
    lock_acquire(&mp->timers.lock, RANK_TIMERS);
    if (mp->timers.n > 0) {
        memcpy(heap, old, mp->timers.n * sizeof(*heap));
    }
    mp->timers.heap = heap;
    mp->timers.cap = bigger;
    lock_release(&mp->timers.lock);
    arch_free(old);
    return true;
}

/* Under the lock. An entry that is in no heap has index TIMER_OUT. */
void
timers_insert(struct m *mp, struct timer_entry *t)
{
    assert_held(&mp->timers.lock);
    int64_t was = atomic_load_explicit(&mp->timers.first, memory_order_relaxed);
    if (mp->timers.n == mp->timers.cap) {
        throw("timers_insert: core %d has %u timers and room for %u", mp->id, mp->timers.n,
              mp->timers.cap);
    }
    uintptr_t stays = t->index == TIMER_STAYS ? STAYS : 0;
    sift_up(mp, mp->timers.n++, (struct timer_slot){ t->when, (uintptr_t)t | stays });
    COUNT(mp->timers.strong, !t->weak);
    first_update(mp);
    if (t->when >= was) {
        return;
    }
    if (mp != this_m()) {
        arch_preempt(mp->id);
    } else if (t->when < mp->timer_armed && mp->timer_armed != INT64_MAX) {
        mp->timer_armed = t->when;
        arch_timer_set(t->when);
    }
}

/* Under the lock. */
static struct timer_entry *
take_out(struct m *mp, uint32_t i)
{
    struct timer_slot s = mp->timers.heap[i], last = mp->timers.heap[--mp->timers.n];
    struct timer_entry *t = entry_of(s);
    if (last.of != s.of) {
        if (last.when < s.when) {
            sift_up(mp, i, last);
        } else {
            sift_down(mp, i, last);
        }
    }
    t->index = TIMER_OUT;
    COUNT(mp->timers.strong, t->weak ? 0 : UINT32_MAX); /* one less */
    first_update(mp);
    return t;
}

/* Under the lock. */
void
timers_remove(struct m *mp, struct timer_entry *t)
{
    assert_held(&mp->timers.lock);
    ASSERT(t->index < mp->timers.n && entry_of(mp->timers.heap[t->index]) == t);
    take_out(mp, t->index);
}

/* Under the lock; on this core's g0, whoever's heap it is. */
static void
fire_due(struct m *mp, int64_t now)
{
    while (mp->timers.n > 0 && mp->timers.heap[0].when <= now) {
        struct timer_entry *t = take_out(mp, 0);
        COUNT(this_m()->timers_fired, 1);
        t->fire(mp, t, now);
    }
}

/* Fires what is due on this core. On g0. */
void
timers_run(struct m *mp)
{
    ASSERT(mp == this_m());
    int64_t first = atomic_load_explicit(&mp->timers.first, memory_order_relaxed), now;
    if (first == INT64_MAX || first > (now = arch_nanotime())) {
        return;
    }
    lock_acquire(&mp->timers.lock, RANK_TIMERS);
    fire_due(mp, now);
    lock_release(&mp->timers.lock);
}

/* The same for a busy core by one that has nothing to do; not if that core sees to it just now. */
void
timers_steal(struct m *victim)
{
    ASSERT(victim != this_m());
    int64_t first = atomic_load_explicit(&victim->timers.first, memory_order_relaxed), now;
    if (first == INT64_MAX || first > (now = arch_nanotime())
        || !lock_try(&victim->timers.lock, RANK_TIMERS)) {
        return;
    }
    fire_due(victim, now);
    lock_release(&victim->timers.lock);
}

/* Is there one that somebody waits for? A channel's timer counts while a goroutine is parked on the
 * channel: for the deadlock report, when nothing runs. */
bool
timers_awaited(struct m *mp)
{
    if (atomic_load(&mp->timers.strong) != 0) {
        return true;
    }
    if (atomic_load(&mp->timers.first) == INT64_MAX) {
        return false;
    }
    bool awaited = false;
    lock_acquire(&mp->timers.lock, RANK_TIMERS);
    for (uint32_t i = 0; i < mp->timers.n && !awaited; i++) {
        const struct timer_entry *t = entry_of(mp->timers.heap[i]);
        awaited = t->awaited != NULL && t->awaited(t);
    }
    lock_release(&mp->timers.lock);
    return awaited;
}
