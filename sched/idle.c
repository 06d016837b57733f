/* SPDX-License-Identifier: MIT */
/*
 * idle.c -- what a core does between goroutines: find one, steal one, or halt.
 *
 * Invariants   1. a core's idle bit is set only while it neither runs a g nor looks for one, or is
 *                 about to look once more
 *              2. sched.nspinning counts the cores with m.spinning, and those that a waker has
 *                 claimed and that do not know it yet; not a thief's first round
 * Context      on g0, preemption off throughout
 *
 * Protocol     Why no wake-up is lost.
 *              who has made work                     who has found none
 *              1 publish the g                       1 stop spinning   (locked, only if it did)
 *              2 -- StoreLoad (a locked instr.) --   2 set own idle bit, nidle + 1    (locked)
 *              3 if nidle > 0 and nspinning == 0:    3 -- StoreLoad (2 is one) --
 *              4   nspinning + 1         (locked)    4 nspinning == 0: look at every queue again
 *              5   clear one idle bit    (locked)    5 found: clear own bit, go on spinning
 *                  won: IPI; none there:             6 interrupts off; bit still set? sti; hlt
 *              6   nspinning - 1, from 3 again
 *              If 3 reads nidle == 0, the other's 2 comes after, so its 4 sees the g. If 3 reads
 *              nspinning > 0, either a spinner has yet to do its 1, and then its 4 sees the g, or a
 *              waker stands between 4 and 6, and then it will look at nidle once more, as if the g
 *              were its own. Between the last look and hlt no interrupt is taken, so the IPI of a
 *              winner ends the halt.
 *              Whoever reads nspinning > 0 at 4 sleeps unseeing: the last spinner looks for it, by
 *              its 4, or by 3 when it spins no more. Else cores that may not spin would go round
 *              from 2 to 5; so who finds some at 4 spins, however many do.
 *              The count goes up before the claim: a claimed core may be awake already, and counts
 *              itself down as soon as it finds work.
 *              A spinner that finds work and was the last wakes another first: a burst of n g's
 *              wakes cores one after the other, as many as there is work for.
 *
 * Rejected     Spinning until work comes: takes the host's cores from those who work. Waking a core
 *              for every g: a stampede. A needspinning flag as in Go: it repairs a P dropped after
 *              the look, and here a P is never dropped.
 * Go           findRunnable, stealWork, wakep, resetspinning, checkdead in proc.go
 */
#include "proc.h"
#include "timerheap.h"

struct sched sched;
struct m *allm[CORES_MAX];

static bool
idle_bit_clear(int id)
{
    uint64_t bit = 1ull << (id % 64);
    if ((atomic_fetch_and(&sched.idle[id / 64], ~bit) & bit) == 0) {
        return false;
    }
    atomic_fetch_sub(&sched.nidle, 1);
    return true;
}

static bool
idle_bit_test(int id)
{
    return atomic_load(&sched.idle[id / 64]) >> (id % 64) & 1;
}

/* An idle core that gomaxprocs lets run, or -1: any, as many may look at the same time. */
static int
find_idle(struct m *mp)
{
    uint32_t limit = (uint32_t)atomic_load(&sched.gomaxprocs), words = (limit + 63) / 64;
    uint32_t at = m_rand(mp), turn = at % 64;
    for (uint32_t i = 0; i < words; i++) {
        uint32_t word = (at / 64 + i) % words;
        uint64_t bits = atomic_load(&sched.idle[word]);
        if (limit - word * 64 < 64) {
            bits &= (1ull << (limit - word * 64)) - 1;
        }
        if (bits != 0) {
            bits = bits >> turn | bits << (64 - turn) % 64;
            return (int)(word * 64 + ((uint32_t)__builtin_ctzll(bits) + turn) % 64);
        }
    }
    return -1;
}

/* Wakes one idle core, if there is one. Protocol, left side, 4 to 6. */
void
wake_one(void)
{
    assert_pinned();
    struct m *mp = this_m();
    do {
        int id;
        atomic_fetch_add(&sched.nspinning, 1);
        while ((id = find_idle(mp)) >= 0) {
            if (idle_bit_clear(id)) {
                COUNT(mp->wakes, 1);
                arch_wake(id);
                return;
            }
        }
    } while (atomic_fetch_sub(&sched.nspinning, 1) == 1 && find_idle(mp) >= 0);
}

/* Sorts what came from outside into this core's queues, oldest first. */
static void
inbox_drain(struct m *mp)
{
    if (atomic_load_explicit(&mp->inbox, memory_order_relaxed) == NULL) {
        return;
    }
    struct g *gp = atomic_exchange(&mp->inbox, NULL), *oldest = NULL;
    while (gp != NULL) {
        struct g *rest = gp->next;
        gp->next = oldest;
        oldest = gp;
        gp = rest;
    }
    bool for_all = false;
    while ((gp = oldest) != NULL) {
        oldest = gp->next;
        if (gp->pin >= 0) {
            g_list_push(&mp->pinned, gp);
        } else {
            runq_put(mp, gp);
            for_all = true;
        }
    }
    if (for_all) {
        atomic_thread_fence(memory_order_seq_cst);
        wake_if_idle();
    }
}

static void
stop_spinning(struct m *mp)
{
    ASSERT(mp == this_m());
    if (mp->spinning) {
        mp->spinning = false;
        if (atomic_fetch_sub(&sched.nspinning, 1) == 0) {
            throw("stop_spinning: core %d, nspinning was 0", mp->id);
        }
    }
}

/* Greatest common divisor: a stride coprime with n visits each of n cores once. */
static uint32_t
gcd(uint32_t a, uint32_t b)
{
    return b == 0 ? a : gcd(b, a % b);
}

/* Visits every other core in a random order; in the last round takes what is to run there next,
 * too. A random start and coprime stride: no table is needed. */
static struct g *
steal_round(struct m *mp, uint32_t n, bool last)
{
    uint32_t at = m_rand(mp) % n, stride = m_rand(mp) % n;
    while (gcd(stride, n) != 1) {
        stride++;
    }
    for (uint32_t i = 0; i < n; i++, at = (at + stride) % n) {
        struct m *victim = allm[at];
        if (victim == mp || idle_bit_test((int)at)) {
            continue;
        }
        struct g *gp;
        if (last) {
            timers_steal(victim); /* whom they ready is here now; a thief may have had `next` */
            if ((gp = runq_get_next(mp)) != NULL || (gp = runq_get_ring(mp)) != NULL) {
                return gp;
            }
        }
        gp = runq_steal(mp, victim, last);
        if (gp != NULL) {
            COUNT(mp->steals, 1);
            return gp;
        }
    }
    return NULL;
}

/* Four rounds, with growing pauses in between; at most half of the busy cores look at a time. The
 * first goes uncounted: most thieves find some at once, and who readies a g reads the count. Who is
 * not counted and moves several wakes another: one that fell asleep may have seen neither ring with
 * them. Go: findRunnable */
static struct g *
spin_and_steal(struct m *mp)
{
    uint32_t n = (uint32_t)atomic_load(&sched.gomaxprocs);
    if (!mp->spinning
        && 2 * atomic_load(&sched.nspinning) >= n - (uint32_t)atomic_load(&sched.nidle)) {
        return NULL;
    }
    struct g *gp = NULL;
    for (int round = 0; n > 1 && round < STEAL_ROUNDS && gp == NULL; round++) {
        for (int i = 0; i < round * GAMP_ROUND_PAUSES; i++) {
            arch_relax();
        }
        gp = steal_round(mp, n, round == STEAL_ROUNDS - 1);
        if (gp == NULL && !mp->spinning) {
            mp->spinning = true;
            atomic_fetch_add(&sched.nspinning, 1);
        }
    }
    if (gp != NULL && !mp->spinning && !runq_none(mp)) {
        atomic_thread_fence(memory_order_seq_cst);
        wake_if_idle();
    }
    return gp;
}

static bool
any_work(struct m *mp)
{
    if (atomic_load(&sched.global_n) > 0 || atomic_load(&mp->inbox) != NULL) {
        return true;
    }
    for (int i = 0; i < sched.ncores; i++) {
        if (allm[i] != NULL && !runq_empty(allm[i])) {
            return true;
        }
    }
    return false;
}

static bool
all_asleep(void)
{
    for (int i = 0; i < sched.ncores; i++) {
        struct m *mp = allm[i];
        if ((!idle_bit_test(i) && !atomic_load(&mp->off)) || !runq_empty(mp)
            || atomic_load(&mp->inbox) != NULL || timers_awaited(mp)) {
            return false;
        }
    }
    return atomic_load(&sched.global_n) == 0 && atomic_load(&sched.external) == 0;
}

/* Nothing runs, nothing can run, nothing outside can change that: the program has ended without
 * saying so. A core that leaves idleness counts sched.wakes up before it clears its bit, so two
 * equal readings around two looks mean that nobody left in between. Go: checkdead */
static void
check_deadlock(void)
{
    uint64_t wakes = atomic_load(&sched.wakes);
    if (!all_asleep() || !all_asleep() || atomic_load(&sched.wakes) != wakes) {
        return;
    }
    if (num_goroutine() == 0) {
        fatal("no goroutines (main called goexit) - deadlock!");
    }
    mutex_circles_print();
    fatal("all goroutines are asleep - deadlock!");
}

/* Interrupts are off from the last look to the halt: what a waker did before that look is seen, and
 * the interrupt of a later one ends the halt. */
static void
halt(struct m *mp)
{
    int64_t began = arch_nanotime();
    bool tracing = atomic_load_explicit(&sched.tracing, memory_order_relaxed);
    if (tracing) {
        trace_halt(false);
    }
    uint64_t flags = arch_irq_save();
    bool on = mp->id < atomic_load(&sched.gomaxprocs);
    bool claimed = !idle_bit_test(mp->id), off = atomic_load(&mp->off);
    if ((off ? !on : on && !claimed) && !atomic_load(&mp->attention)) {
        mp->timer_armed = INT64_MAX;
        arch_idle(atomic_load(&mp->timers.first));
    }
    arch_irq_restore(flags);
    mp->seen = arch_nanotime();
    COUNT(mp->idle_ns, (uint64_t)(mp->seen - began));
    if (tracing) {
        trace_halt(true);
    }
}

/* Sleeps until there may be something to do. Protocol, right side. A core that a waker has claimed
 * finds its bit cleared, and counts as spinning already. */
static void
idle(struct m *mp)
{
    ASSERT(mp == this_m() && runq_empty(mp) && mp->pinned.n == 0);
    ASSERT(!idle_bit_test(mp->id));
    stop_spinning(mp);
    atomic_fetch_or(&sched.idle[mp->id / 64], 1ull << (mp->id % 64));
    atomic_fetch_add(&sched.nidle, 1);
    bool seen = atomic_load(&sched.nspinning) == 0 && any_work(mp);
    if (!seen) {
        check_deadlock();
        halt(mp);
    }
    atomic_fetch_add(&sched.wakes, 1);
    mp->spinning = !idle_bit_clear(mp->id);
    if (seen && !mp->spinning) {
        mp->spinning = true;
        atomic_fetch_add(&sched.nspinning, 1);
    }
}

/* A core that gomaxprocs has switched off gives all it has to the others: to the head of the global
 * list, and its pinned goroutines to core 0; likewise whatever its timers ready later. */
static void
switched_off(struct m *mp)
{
    ASSERT(mp == this_m() && !atomic_load(&mp->off));
    struct g_list mine = { 0 };
    struct g *gp;
    while ((gp = g_list_pop(&mp->pinned)) != NULL) {
        inbox_put(allm[0], gp);
    }
    runq_drain(mp, &mine);
    globq_put_head(&mine);
    stop_spinning(mp);
    atomic_store(&mp->off, true);
    wake_if_idle();
    check_deadlock();
    halt(mp);
    atomic_fetch_add(&sched.wakes, 1);
    atomic_store(&mp->off, false);
}

/* The order in which a core looks for its next goroutine. Go: findRunnable */
static struct g *
find_runnable(struct m *mp, bool *inherit)
{
    bool spent = false;
    for (;;) {
        atomic_store(&mp->attention, 0);
        spent = spent || mp->slice_over; /* its g parked just then: nobody inherits the slice */
        mp->slice_over = false;
        timers_run(mp); /* first: whom it readies may be pinned, and goes by way of the inbox */
        inbox_drain(mp);
        if (mp->id >= atomic_load(&sched.gomaxprocs)) {
            switched_off(mp);
            continue;
        }
        uint32_t tick = atomic_load_explicit(&mp->schedtick, memory_order_relaxed);
        struct g *gp = NULL;
        if ((int32_t)(tick - mp->fair_at) >= 0) {
            mp->fair_at = tick + FAIR_TICKS;
            gp = globq_get(mp, 1);
        }
        if (gp == NULL && tick % 2 == 0) {
            gp = g_list_pop(&mp->pinned);
        }
        *inherit = gp == NULL && (gp = runq_get_next(mp)) != NULL;
        if (gp == NULL && (gp = runq_get_ring(mp)) == NULL && (gp = g_list_pop(&mp->pinned)) == NULL
            && (gp = globq_get(mp, RUNQ_CAP / 2)) == NULL) {
            gp = spin_and_steal(mp);
        }
        if (gp != NULL) {
            *inherit = *inherit && !spent;
            return gp;
        }
        idle(mp);
    }
}

/* The life of g0. Each turn runs one goroutine, and what that hands over to directly, until one of
 * them finds nothing to hand over to. */
void
schedule(void)
{
    assert_pinned();
    struct m *mp = this_m();
    for (;;) {
        bool inherit;
        int64_t began = arch_nanotime();
        uint64_t idled = atomic_load_explicit(&mp->idle_ns, memory_order_relaxed);
        struct g *gp = find_runnable(mp, &inherit);
        mp->seen = arch_nanotime();
        idled = atomic_load_explicit(&mp->idle_ns, memory_order_relaxed) - idled;
        COUNT(mp->sched_ns, (uint64_t)(mp->seen - began) - idled);
        if (mp->spinning) {
            stop_spinning(mp);
            wake_if_idle();
        }
        if (!inherit) {
            COUNT(mp->schedtick, 1);
        }
        COUNT(mp->switches, 1);
        g_set_status(gp, G_RUNNABLE, G_RUNNING);
        atomic_store_explicit(&mp->running, gp, memory_order_relaxed);
        slice_arm(mp); /* after `running`: one that fires now is armed again by sched_interrupt */
        finish_switch(arch_context_switch(&mp->g0, gp, AFTER_NOTHING));
    }
}
