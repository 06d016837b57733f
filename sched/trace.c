/* SPDX-License-Identifier: MIT */
/*
 * trace.c -- what every core did when: a ring of events a core, printed when tracing stops.
 *
 * One hook, in g_set_status, sees every change of every goroutine; idle.c adds when a core halts
 * and goes on, runq.c when it has stolen. While tracing is off a hook costs a load, a test and a
 * branch.
 *
 * Invariants   1. a core writes its own ring only, interrupts off (one may ready a goroutine)
 *              2. an event is complete before `n` says so
 *              3. sched.tracing == wanted || followers > 0, but while rings are emptied
 * Locks        none; `running` is taken by who starts or stops, for wanted and followers
 * Context      anywhere; trace_start, trace_stop, trace_follow: goroutines
 * Protocol     Reading along, while the core goes on:
 *              the core                          who follows, at event i
 *              1 n says k: k + 1 is not begun    1 i < n? else there is none yet
 *              2 -- release fence --             2 copy slot i % RING
 *              3 fill slot k % RING              3 -- acquire fence --
 *              4 n = k + 1   (release)           4 n - i < RING? then the copy is good
 *              If 2 on the right has met anything that 3 on the left wrote over it, for event
 *              i + RING, then 4 on the right sees 1 on the left: n >= i + RING.
 * Output       a line an event, core by core, oldest first, between `trace begin` and `trace end`:
 *                  trace CORE NANOSECONDS EVENT GOROUTINE [ARGUMENT]
 *              and `trace name GOROUTINE NAME` for goroutines still there.
 *              tools/trace-json makes of it what Perfetto and chrome://tracing show.
 * Go           runtime/trace; a ring keeps the last events where Go's buffers keep all
 */
#include "runtime.h"

enum { RING = 1 << 14 };

enum event { CREATE, START, BLOCK, YIELD, UNBLOCK, END, HALT, RESUME, STEAL, PREEMPT };

struct event_slot {
    _Atomic(int64_t) when;
    _Atomic(uint64_t) g;
    _Atomic(uintptr_t) fn;
    _Atomic(uint32_t) kind, arg;
};

/* What trace_next gives; demos/top.h has the same. */
struct trace_event {
    int64_t when;
    uint64_t g;
    uintptr_t fn; /* the goroutine's function; 0: the core's own event */
    char what;    /* a letter of `letters` */
};

struct ring {
    _Atomic(uint64_t) n; /* written so far; the last RING are there */
    struct event_slot slot[RING];
};

static _Atomic(struct ring *) rings[CORES_MAX]; /* made once, kept */
static struct mutex running;
static bool wanted;        /* by trace_start: to be printed */
static unsigned followers; /* of trace_follow */

#define GET(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

static void
record(enum event kind, const struct g *gp, unsigned arg)
{
    uint64_t flags = arch_irq_save();
    /* acquire, for what rings_make wrote: sched.tracing was read relaxed */
    struct ring *r = atomic_load_explicit(&rings[this_m()->id], memory_order_acquire);
    uint64_t n = GET(r->n);
    struct event_slot *e = &r->slot[n % RING];
    atomic_thread_fence(memory_order_release); /* Protocol, left, 2 */
    SET(e->when, arch_nanotime());
    SET(e->g, gp != NULL ? gp->id : 0);
    SET(e->fn, gp != NULL ? (uintptr_t)gp->fn : 0);
    SET(e->kind, kind);
    SET(e->arg, arg);
    atomic_store_explicit(&r->n, n + 1, memory_order_release);
    arch_irq_restore(flags);
}

/* g_set_status's hook. */
void
trace_status(const struct g *gp, enum g_status from, enum g_status to)
{
    if (gp->system) {
        return;
    }
    switch (to) {
    case G_RUNNING:
        record(START, gp, 0);
        break;
    case G_WAITING:
        record(BLOCK, gp, gp->wait_reason);
        break;
    case G_RUNNABLE:
        if (from == G_RUNNING) {
            record(this_m()->slice_over ? PREEMPT : YIELD, gp, 0);
        } else {
            if (from == G_DEAD) {
                record(CREATE, gp, 0);
            }
            record(UNBLOCK, gp, 0);
        }
        break;
    case G_DEAD:
        record(END, gp, 0);
        break;
    }
}

void
trace_halt(bool resumed)
{
    record(resumed ? RESUME : HALT, NULL, 0);
}

/* gp is the first that comes to run of what this core has taken from `victim`. */
void
trace_steal(const struct g *gp, int victim)
{
    record(STEAL, gp, (unsigned)victim);
}

static bool
rings_make(bool anew)
{
    for (int i = 0; i < sched.ncores; i++) {
        struct ring *r = atomic_load(&rings[i]);
        bool made = r == NULL;
        if (made && (r = arch_alloc(sizeof(*r))) == NULL) {
            arch_print("trace: no memory for %zu bytes a core; nothing is recorded\n",
                       sizeof(struct ring));
            return false;
        }
        if (made || anew) {
            atomic_store(&r->n, 0);
        }
        atomic_store_explicit(&rings[i], r, memory_order_release);
    }
    return true;
}

/* Records from now on; anew where it did already. */
void
trace_start(void)
{
    mutex_lock(&running);
    atomic_store(&sched.tracing, false);
    wanted = rings_make(true);
    atomic_store(&sched.tracing, wanted || followers > 0);
    mutex_unlock(&running);
}

/* Records, for trace_next, until as many calls with false; nothing is printed. False: no memory. */
bool
trace_follow(bool on)
{
    mutex_lock(&running);
    bool ok = !on || rings_make(followers == 0 && !wanted);
    if (ok) {
        followers += on ? 1 : -1u;
        atomic_store(&sched.tracing, wanted || followers > 0);
    }
    mutex_unlock(&running);
    return ok;
}

/* Event *at of a core, by a follower; moves *at on, beyond what has been written over. False: it
 * has not happened yet. */
bool
trace_next(int core, uint64_t *at, struct trace_event *to)
{
    static const char letters[] = "csbyuehrtp";
    struct ring *r = rings[core];
    for (;;) {
        uint64_t n = atomic_load_explicit(&r->n, memory_order_acquire);
        if (*at >= n) {
            *at = n; /* trace_start may have begun anew */
            return false;
        }
        if (n - *at >= RING) {
            *at = n - RING / 2; /* far enough not to lose the next ones, too */
        }
        struct event_slot *e = &r->slot[*at % RING];
        *to = (struct trace_event){
            .when = GET(e->when), .g = GET(e->g), .fn = GET(e->fn), .what = letters[GET(e->kind)]
        };
        atomic_thread_fence(memory_order_acquire);
        if (GET(r->n) - *at < RING) {
            ++*at;
            return true;
        }
    }
}

static void
event_print(int core, struct event_slot *e)
{
    static const char *const words[] = { "create", "start", "block",  "yield", "unblock",
                                         "end",    "halt",  "resume", "steal", "preempt" };
    uint32_t kind = GET(e->kind);
    long when = (long)GET(e->when);
    unsigned long g = (unsigned long)GET(e->g);
    if (kind == BLOCK) {
        arch_print("trace %d %ld block %lu %s\n", core, when, g, wait_reason_word(GET(e->arg)));
    } else if (kind == STEAL) {
        arch_print("trace %d %ld steal %lu from core %u\n", core, when, g, GET(e->arg));
    } else {
        arch_print("trace %d %ld %s %lu\n", core, when, words[kind], g);
    }
}

static void
ring_print(int core)
{
    struct ring *r = rings[core];
    uint64_t n = atomic_load_explicit(&r->n, memory_order_acquire);
    uint64_t lost = n > RING ? n - RING : 0;
    if (lost > 0) {
        arch_print("trace lost %d %lu\n", core, (unsigned long)lost);
    }
    for (uint64_t i = lost; i < n; i++) {
        event_print(core, &r->slot[i % RING]);
    }
}

/* Prints what was recorded; nothing, if nothing was. */
void
trace_stop(void)
{
    mutex_lock(&running);
    atomic_store(&sched.tracing, false);
    if (wanted) {
        wanted = false;
        arch_print("trace begin cores=%d\n", sched.ncores);
        for (int i = 0; i < sched.ncores; i++) {
            ring_print(i);
        }
        dump_names();
        arch_print("trace end\n");
    }
    atomic_store(&sched.tracing, followers > 0);
    mutex_unlock(&running);
}
