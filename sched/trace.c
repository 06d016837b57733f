/* SPDX-License-Identifier: MIT */
/*
 * trace.c -- what every core did when: a ring of events a core, printed when tracing stops.
 *
 * One hook, in g_set_status, sees every change of every goroutine; idle.c adds when a core halts
 * and goes on. While tracing is off the hook costs a load, a test and a branch.
 *
 * Invariants   1. a core writes its own ring only, interrupts off (one may ready a goroutine)
 *              2. an event is complete before `n` says so
 * Locks        none; `running` is taken by who starts or stops
 * Context      anywhere; trace_start and trace_stop: goroutines
 * Output       a line an event, core by core, oldest first, between `trace begin` and `trace end`:
 *                  trace CORE NANOSECONDS EVENT GOROUTINE [ARGUMENT]
 *              and `trace name GOROUTINE NAME` for goroutines still there.
 *              tools/trace-json makes of it what Perfetto and chrome://tracing show.
 * Go           runtime/trace; a ring keeps the last events where Go's buffers keep all
 */
#include "runtime.h"

enum { RING = 1 << 14 };

enum event { CREATE, START, BLOCK, YIELD, UNBLOCK, END, HALT, RESUME };

struct event_slot {
    int64_t when;
    uint64_t g;
    uint8_t kind, arg;
};

struct ring {
    _Atomic(uint64_t) n; /* written so far; the last RING are there */
    struct event_slot slot[RING];
};

static struct ring *rings[CORES_MAX]; /* made once, kept */
static struct mutex running;

static void
record(enum event kind, uint64_t g, unsigned arg)
{
    uint64_t flags = arch_irq_save();
    struct ring *r = rings[this_m()->id];
    uint64_t n = atomic_load_explicit(&r->n, memory_order_relaxed);
    r->slot[n % RING] = (struct event_slot){
        .when = arch_nanotime(),
        .g = g,
        .kind = (uint8_t)kind,
        .arg = (uint8_t)arg,
    };
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
        record(START, gp->id, 0);
        break;
    case G_WAITING:
        record(from == G_DEAD ? CREATE : BLOCK, gp->id, gp->wait_reason);
        break;
    case G_RUNNABLE:
        record(from == G_RUNNING ? YIELD : UNBLOCK, gp->id, this_m()->slice_over);
        break;
    case G_DEAD:
        record(END, gp->id, 0);
        break;
    }
}

void
trace_halt(bool resumed)
{
    record(resumed ? RESUME : HALT, 0, 0);
}

static bool
rings_make(void)
{
    for (int i = 0; i < sched.ncores; i++) {
        if (rings[i] == NULL && (rings[i] = arch_alloc(sizeof(struct ring))) == NULL) {
            return false;
        }
        atomic_store(&rings[i]->n, 0);
    }
    return true;
}

/* Records from now on; anew where it did already. */
void
trace_start(void)
{
    mutex_lock(&running);
    atomic_store(&sched.tracing, false);
    if (rings_make()) {
        atomic_store(&sched.tracing, true);
    } else {
        arch_print("trace: no memory for %zu bytes a core; nothing is recorded\n",
                   sizeof(struct ring));
    }
    mutex_unlock(&running);
}

static void
event_print(int core, const struct event_slot *e)
{
    static const char *const words[] = { "create",  "start", "block", "yield",
                                         "unblock", "end",   "halt",  "resume" };
    if (e->kind == BLOCK) {
        arch_print("trace %d %ld %s %lu %s\n", core, (long)e->when, words[e->kind],
                   (unsigned long)e->g, wait_reason_word(e->arg));
    } else if (e->kind == YIELD && e->arg) {
        arch_print("trace %d %ld preempt %lu\n", core, (long)e->when, (unsigned long)e->g);
    } else {
        arch_print("trace %d %ld %s %lu\n", core, (long)e->when, words[e->kind],
                   (unsigned long)e->g);
    }
}

static void
ring_print(int core)
{
    const struct ring *r = rings[core];
    uint64_t n = atomic_load_explicit((_Atomic(uint64_t) *)&r->n, memory_order_acquire);
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
    if (atomic_exchange(&sched.tracing, false)) {
        arch_print("trace begin cores=%d\n", sched.ncores);
        for (int i = 0; i < sched.ncores; i++) {
            ring_print(i);
        }
        dump_names();
        arch_print("trace end\n");
    }
    mutex_unlock(&running);
}
