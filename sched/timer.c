/* SPDX-License-Identifier: MIT */
/*
 * timer.c -- sleeping, timers and tickers.
 *
 * Invariants   1. a timer stays in the heap of the core that made it, its home, where a place is
 *                 kept for it until it is freed
 *              2. a timer's channel has one slot, which chan_len and chan_cap do not show
 * Locks        home's timers.lock, then the channel's
 * Context      public calls: goroutines; fire functions: a g0, home's timers.lock held
 * Protocol     Firing, stopping and resetting happen under home's lock, and a value that has been
 *              sent and not received is taken back under the channel's: so nothing that fired
 *              before a stop or reset returned is received after it.
 *              A sleeper is armed by its park's commit, when it is off its stack: it cannot be
 *              readied before it waits.
 * Go           time.go, with the rules of 1.23. Never early; a ticker keeps its phase and skips
 *              what it missed.
 */
#include "chan.h"
#include "timerheap.h"

struct timer {
    struct timer_entry entry; /* home's timers.lock */

    /* constant, but for period (home's timers.lock) */
    struct m *home;
    struct chan *chan; /* NULL: fn is called */
    void (*fn)(void *);
    void *arg;
    duration period; /* of a ticker; else 0 */
};

struct ticker {
    struct timer timer;
};

static int64_t
after(duration d)
{
    int64_t now = arch_nanotime();
    if (d < 0) {
        return now;
    }
    return d < INT64_MAX - now ? now + d : INT64_MAX - 1;
}

/* ---- sleeping ---- */

struct sleeper {
    struct timer_entry entry;
    struct g *g;
};

/* One place less is spoken for in mp's heap. Under its lock. */
static void
place_give_up(struct m *mp)
{
    atomic_fetch_sub_explicit(&mp->timers.spoken_for, 1, memory_order_relaxed);
}

static void
sleep_fire(struct m *mp, struct timer_entry *t, int64_t now)
{
    (void)now;
    place_give_up(mp);
    g_ready(((struct sleeper *)t)->g); /* t is on its stack: not to be touched any more */
}

static bool
sleep_commit(struct g *gp, void *sleeper)
{
    struct m *mp = this_m();
    ASSERT(gp == ((struct sleeper *)sleeper)->g);
    (void)gp;
    lock_acquire(&mp->timers.lock, RANK_TIMERS);
    atomic_fetch_add_explicit(&mp->timers.spoken_for, 1, memory_order_relaxed);
    timers_insert(mp, sleeper);
    lock_release(&mp->timers.lock);
    arch_preempt_on(); /* gosleep's: since it made room, the core has not changed */
    return true;
}

void
gosleep(duration d)
{
    if (d <= 0) {
        return;
    }
    struct sleeper s = { .entry = { .when = after(d), .fire = sleep_fire, .index = TIMER_STAYS },
                         .g = this_g() };
    arch_preempt_off();
    if (!timers_room(this_m())) {
        sched_out_of_memory("gosleep: no memory for a timer");
    }
    g_park(sleep_commit, &s, WAIT_SLEEP);
}

/* ---- timers ---- */

static bool
chan_awaited(const struct timer_entry *t)
{
    struct chan *c = ((const struct timer *)t)->chan;
    lock_acquire(&c->lock, RANK_CHAN);
    bool awaited = c->recvq.first != NULL;
    lock_release(&c->lock);
    return awaited;
}

static void
chan_fire(struct m *mp, struct timer_entry *t, int64_t now)
{
    struct timer *timer = (struct timer *)t;
    if (timer->period > 0) {
        int64_t late = now - t->when;
        t->when += timer->period * (1 + late / timer->period);
        timers_insert(mp, t);
    }
    int64_t value = arch_nanotime();
    chan_post(timer->chan, &value);
}

static void
func_fire(struct m *mp, struct timer_entry *t, int64_t now)
{
    const struct timer *timer = (struct timer *)t;
    (void)mp;
    (void)now;
    if (g_spawn(NULL, timer->fn, timer->arg, 0) != 0) {
        sched_out_of_memory("timer_after_func: no memory for a goroutine");
    }
}

/* A place in this core's heap is its for life. */
static void
timer_settle(struct timer *t)
{
    arch_preempt_off();
    struct m *mp = this_m();
    if (!timers_room(mp)) {
        sched_out_of_memory("timer_new: no memory for a timer");
    }
    t->home = mp;
    atomic_fetch_add_explicit(&mp->timers.spoken_for, 1, memory_order_relaxed);
    arch_preempt_on();
}

/* Under home's lock: no longer armed, nothing left to receive. True: it was, or there was. */
static bool
timer_disarm(struct timer *t)
{
    bool was = t->entry.index != TIMER_OUT;
    if (was) {
        timers_remove(t->home, &t->entry);
    }
    bool unread = t->chan != NULL && chan_discard(t->chan);
    return was || unread;
}

static bool
timer_arm(struct timer *t, duration d, duration period)
{
    lock_acquire(&t->home->timers.lock, RANK_TIMERS);
    bool was = timer_disarm(t);
    t->entry.when = after(d);
    t->period = period;
    timers_insert(t->home, &t->entry);
    lock_release(&t->home->timers.lock);
    return was;
}

static struct timer *
timer_make(struct chan *c, void (*fn)(void *), void *arg)
{
    struct timer *t = arch_alloc(sizeof(*t));
    if (t == NULL) {
        sched_out_of_memory("timer_new: no memory for a timer");
    }
    *t = (struct timer){
        .entry = { .index = TIMER_OUT,
                   .weak = c != NULL,
                   .fire = c != NULL ? chan_fire : func_fire,
                   .awaited = c != NULL ? chan_awaited : NULL },
        .chan = c,
        .fn = fn,
        .arg = arg,
    };
    timer_settle(t);
    return t;
}

static struct timer *
timer_with_chan(void)
{
    struct chan *c = chan_make_owned(sizeof(int64_t), 1, CHAN_OF_TIMER);
    if (c == NULL) {
        sched_out_of_memory("timer_new: no memory for a channel");
    }
    return timer_make(c, NULL, NULL);
}

struct timer *
timer_new(duration d)
{
    struct timer *t = timer_with_chan();
    timer_arm(t, d, 0);
    return t;
}

struct timer *
timer_after_func(duration d, void (*fn)(void *), void *arg)
{
    if (fn == NULL) {
        fatal("go of nil func value");
    }
    struct timer *t = timer_make(NULL, fn, arg);
    timer_arm(t, d, 0);
    return t;
}

struct chan *
timer_chan(struct timer *t)
{
    return t->chan;
}

bool
timer_stop(struct timer *t)
{
    lock_acquire(&t->home->timers.lock, RANK_TIMERS);
    bool was = timer_disarm(t);
    lock_release(&t->home->timers.lock);
    return was;
}

bool
timer_reset(struct timer *t, duration d)
{
    return timer_arm(t, d, 0);
}

void
timer_free(struct timer *t)
{
    if (t == NULL) {
        return;
    }
    timer_stop(t);
    if (t->chan != NULL) {
        chan_free_owned(t->chan);
    }
    lock_acquire(&t->home->timers.lock, RANK_TIMERS);
    place_give_up(t->home);
    lock_release(&t->home->timers.lock);
    arch_free(t);
}

/* ---- tickers ---- */

struct ticker *
ticker_new(duration d)
{
    if (d <= 0) {
        panic("non-positive interval for NewTicker");
    }
    struct timer *t = timer_with_chan();
    timer_arm(t, d, d);
    return (struct ticker *)t;
}

struct chan *
ticker_chan(struct ticker *t)
{
    return t->timer.chan;
}

void
ticker_reset(struct ticker *t, duration d)
{
    if (d <= 0) {
        panic("non-positive interval for Ticker.Reset");
    }
    timer_arm(&t->timer, d, d);
}

void
ticker_stop(struct ticker *t)
{
    timer_stop(&t->timer);
}

void
ticker_free(struct ticker *t)
{
    timer_free((struct timer *)t);
}
