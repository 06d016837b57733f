/* SPDX-License-Identifier: MIT */
/*
 * sim.c -- simulated cores in one thread: which goes on at each point, what is seen when.
 *
 * Invariants   1. one core runs (sim_cpu); each of the others stands in sim_point, in sim_halt, or
 *                 at its beginning, its stack pointer in core[].sp
 *              2. all that happens follows from the seed: no clock, no address takes part
 * Strategies   a random walk (odd seeds): at each point another core goes on with a chance that the
 *              seed has set. Priorities (even seeds): the core with the highest goes on, and at a
 *              few random steps the one that runs falls to the lowest (Burckhardt, Kothari,
 *              Musuvathi, Nagarakatte: ASPLOS 2010). A core that spins or has run for very long
 *              falls behind under both: a spin is no schedule to explore.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"

enum {
    STACK = 1 << 16,
    EVENTS = 256,
    DROPS = 4, /* changes of priority at most */
    DEVICES = 16,
    LONG_RUN = 3000,
    STEP_NS = 40,
};

struct core {
    struct sim_cpu cpu;
    uintptr_t sp;
    bool started, halted, pending;
    int64_t timer; /* INT64_MAX: off */
    int64_t until; /* halted */
    int priority;
    const char *file; /* where it was last */
    int line;
};

struct sim_cpu *sim_cpu;
static struct core core[SIM_CORES_MAX];
static struct sim_options opt;
static int64_t now = 1000;
static uint64_t steps, in_a_row, random_state, drop_at[DROPS];
static int lowest, chance;
static struct {
    void (*fn)(void *);
    void *arg;
} device[DEVICES];
static int devices;
static struct {
    uint64_t step;
    const char *file;
    int line, core;
} event[EVENTS];

uint64_t
sim_random(void)
{
    random_state += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele, Lea, Flood 2014) */
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t
sim_now(void)
{
    return now;
}

static struct core *
me(void)
{
    return (struct core *)sim_cpu;
}

int
sim_core_id(void)
{
    return (int)(me() - core);
}

void
sim_init(const struct sim_options *options)
{
    opt = *options;
    random_state = opt.seed * 0x2545f4914f6cdd1du + 1;
    chance = (int[]){ 2, 3, 5, 10, 30 }[sim_random() % 5];
    sim_memory_init((int[]){ 2, 8, 40 }[sim_random() % 3]);
    for (int i = 0; i < DROPS; i++) {
        drop_at[i] = sim_random() % ((uint64_t)200 << (sim_random() % 6));
    }
    for (int i = 0; i < opt.cores; i++) {
        core[i].timer = core[i].until = INT64_MAX;
        core[i].priority = (int)(sim_random() % 1000);
    }
    sim_cpu = &core[0].cpu;
    core[0].started = true;
    core[0].cpu.preempt_off = 1;
}

/* ---- failing ---- */

void
sim_events_print(void)
{
    uint64_t from = steps > EVENTS ? steps - EVENTS : 0;
    printf("the last events (step, core, where):\n");
    for (uint64_t i = from; i < steps; i++) {
        const char *file = strrchr(event[i % EVENTS].file, '/');
        printf("  %6lu  %d  %s:%d\n", (unsigned long)event[i % EVENTS].step, event[i % EVENTS].core,
               file != NULL ? file + 1 : event[i % EVENTS].file, event[i % EVENTS].line);
    }
}

void
sim_failed(const char *fmt, ...)
{
    va_list ap;
    sim_events_print();
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    for (int i = 0; i < opt.cores; i++) {
        printf("core %d: %s%s at %s:%d, priority %d, interrupts %s, preemption off %d, "
               "%d stores on their way\n",
               i, core[i].halted ? "halted" : "running",
               core[i].pending ? ", interrupt pending" : "", core[i].file, core[i].line,
               core[i].priority, core[i].cpu.irq_off ? "off" : "on", core[i].cpu.preempt_off,
               sim_stored(i));
    }
    fflush(stdout);
    _exit(SIM_BROKEN);
}

/* ---- cores ---- */

static bool
can_go_on(const struct core *c)
{
    return c->started && (!c->halted || c->pending || now >= c->timer || now >= c->until);
}

/* Every core is halted: time goes on to the next timer. None: nothing will ever happen. */
static void
let_time_pass(void)
{
    int64_t next = INT64_MAX;
    for (int i = 0; i < opt.cores; i++) {
        int64_t t = core[i].timer < core[i].until ? core[i].timer : core[i].until;
        next = t < next ? t : next;
    }
    if (next == INT64_MAX && devices == 0) {
        sim_failed("every core is halted, for ever: a wake-up was lost, or a deadlock not told");
    }
    if (next == INT64_MAX) {
        core[sim_random() % (uint64_t)opt.cores].pending = true; /* the device at last */
    } else {
        now = next > now ? next : now;
    }
}

/* Whose turn it is by the strategy, among those that can go on. */
static struct core *
choose(bool give_way)
{
    struct core *best = NULL;
    int n = 0;
    for (int i = 0; i < opt.cores; i++) {
        struct core *c = &core[i];
        if (!can_go_on(c) || (give_way && c == me())) {
            continue;
        }
        n++;
        if (opt.seed % 2 == 0 ? best == NULL || c->priority > best->priority
                              : sim_random() % (uint64_t)n == 0) {
            best = c;
        }
    }
    return best;
}

static void
switch_to(struct core *next)
{
    struct core *c = me();
    if (next != c) {
        in_a_row = 0;
        sim_cpu = &next->cpu;
        sim_switch_core(&c->sp, next->sp);
    }
}

void
sim_leave(struct g *from, struct g *to)
{
    (void)from;
    (void)to;
    SIM_POINT();
}

static void
core_begin(void)
{
    sched_core();
}

/* Its first context: as if it had been switched away from at its beginning. */
void
sim_start(int id, struct m *mp)
{
    char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) {
        sim_failed("no memory for a core's stack");
    }
    uintptr_t *sp = (uintptr_t *)(stack + STACK);
    *--sp = 0;
    *--sp = (uintptr_t)core_begin;
    sp -= 6;
    memset(sp, 0, 6 * sizeof(*sp));
    core[id].sp = (uintptr_t)sp;
    core[id].cpu.preempt_off = 1;
    core[id].cpu.g = (struct g *)mp; /* its g0 */
    core[id].cpu.m = mp;
    core[id].started = true;
}

/* ---- interrupts ---- */

void
sim_interrupt(int id)
{
    SIM_POINT();
    core[id].pending = true;
}

void
sim_timer(int64_t when)
{
    me()->timer = when;
    SIM_POINT();
}

void
sim_device(void (*fn)(void *), void *arg)
{
    if (devices == DEVICES) {
        sim_failed("too many devices");
    }
    device[devices].fn = fn;
    device[devices++].arg = arg;
}

static void
run_devices(void)
{
    while (devices > 0 && sim_random() % 2 == 0) {
        devices--;
        device[devices].fn(device[devices].arg);
    }
}

/* As the metal does at the end of an interrupt: port_after_interrupt. */
static void
serve_interrupt(void)
{
    struct core *c = me();
    c->pending = false;
    if (now >= c->timer) {
        c->timer = INT64_MAX;
    }
    c->cpu.irq_off = true;
    c->cpu.preempt_off++;
    run_devices();
    c->cpu.preempt_off--;
    bool reschedule = c->cpu.m != NULL && sched_interrupt();
    bool at_once = reschedule && c->cpu.preempt_off == 0 && sched_in_goroutine();
    c->cpu.wanted = c->cpu.wanted || reschedule;
    c->cpu.irq_off = false; /* from here on another may come, and take the g elsewhere */
    if (at_once) {
        c->cpu.preempt_off = 1;
        c->cpu.wanted = false;
        sched_preempt();
    }
}

static void
interrupts(void)
{
    while (!sim_cpu->irq_off && (me()->pending || now >= me()->timer)) {
        serve_interrupt();
    }
}

/* ---- points ---- */

static void
note_event(const char *file, int line)
{
    event[steps % EVENTS].step = steps;
    event[steps % EVENTS].file = file;
    event[steps % EVENTS].line = line;
    event[steps % EVENTS].core = sim_core_id();
    me()->file = file;
    me()->line = line;
    steps++;
    now += (int64_t)(sim_random() % STEP_NS);
    if (steps > opt.max_steps) {
        sim_failed("no end after %lu steps", (unsigned long)steps);
    }
    sim_memory_step(opt.cores);
    if (devices > 0 && sim_random() % 64 == 0) {
        core[sim_random() % (uint64_t)opt.cores].pending = true;
    }
}

static void
fall_behind(void)
{
    me()->priority = --lowest;
}

void
sim_point(const char *file, int line)
{
    note_event(file, line);
    for (int i = 0; i < DROPS; i++) {
        if (steps == drop_at[i]) {
            fall_behind();
        }
    }
    bool give_way = ++in_a_row > LONG_RUN;
    if (give_way) {
        fall_behind();
    }
    if (give_way || opt.seed % 2 == 0 || sim_random() % (uint64_t)chance == 0) {
        struct core *next = choose(give_way);
        if (next != NULL) {
            switch_to(next);
        }
    }
    interrupts();
}

/* In a spin: somebody else must go on for it to end. */
void
sim_relax(const char *file, int line)
{
    note_event(file, line);
    fall_behind();
    struct core *next = choose(true);
    if (next != NULL) {
        switch_to(next);
    } else {
        now += 100;
    }
    interrupts();
}

/* arch_idle: interrupts are off before and after, on in between. */
void
sim_halt(int64_t until)
{
    struct core *c = me();
    sim_fence();
    c->halted = true;
    c->until = until;
    while (!c->pending && now < c->timer && now < c->until) {
        struct core *next = choose(false);
        if (next != NULL) {
            switch_to(next);
        } else {
            let_time_pass();
        }
    }
    c->halted = false;
    c->until = INT64_MAX;
    serve_interrupt();
    c->cpu.irq_off = true;
}
