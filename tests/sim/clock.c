/* SPDX-License-Identifier: MIT */
/*
 * clock.c -- simulated cores, each with a clock: the one that is furthest behind goes on.
 *
 * The other half of tests/explore/sim.h's machine: there another core goes on at random, here by
 * time. All that happens follows from the program.
 *
 * Invariants   1. one core runs (sim_cpu); the others stand in sim_point, in sim_halt, or at their
 *                 beginning, and in `waiting`, a heap by the time at which they can go on
 *              2. at a point, no core that could go on is behind the one that does
 * Precision    Plain memory is not a point: the accesses between two points happen at the time of
 *              the first. A load sees what stands in memory, as if it had no store buffer to pass.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "cost.h"
#include "runtime.h"
#include "sim.h"

enum { CORE_STACK = 1 << 16 };
#define NEVER INT64_MAX

struct core {
    _Alignas(CACHE_LINE) struct sim_cpu cpu;
    uintptr_t sp;
    int64_t clock;
    int64_t ready;   /* when it can go on; NEVER while only an interrupt can do that */
    int64_t arrival; /* of an interrupt from another core, or NEVER */
    int64_t timer;
    int at; /* in `waiting` */
    bool halted;
    struct core_times times;
};

struct sim_cpu *sim_cpu;
static struct core core[CORES_MAX];
static struct core *waiting[CORES_MAX];
static int nwaiting;

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

int64_t
clock_now(void)
{
    return me()->clock;
}

struct core_times *
clock_times(int id)
{
    return &core[id].times;
}

static int64_t
ps(int64_t ns)
{
    return ns > INT64_MAX / NS ? NEVER : ns * NS;
}

/* ---- time ---- */

void
clock_charge(int64_t cost)
{
    struct core *c = me();
    c->clock += cost;
    if (c->cpu.g == (struct g *)c->cpu.m) {
        c->times.sched += cost;
    } else {
        c->times.run += cost;
    }
}

void
clock_wait_until(int64_t when)
{
    struct core *c = me();
    if (when > c->clock) {
        c->times.waiting += when - c->clock;
        clock_charge(when - c->clock);
    }
}

int64_t
sim_now(void)
{
    clock_charge(COST_CLOCK);
    return me()->clock / NS;
}

/* ---- those that wait: a binary heap ---- */

static bool
before(const struct core *a, const struct core *b)
{
    return a->ready < b->ready || (a->ready == b->ready && a < b);
}

static void
place(struct core *c, int i)
{
    waiting[i] = c;
    c->at = i;
}

static void
rise(struct core *c, int i)
{
    for (; i > 0 && before(c, waiting[(i - 1) / 2]); i = (i - 1) / 2) {
        place(waiting[(i - 1) / 2], i);
    }
    place(c, i);
}

static void
sink(struct core *c, int i)
{
    for (int child; (child = 2 * i + 1) < nwaiting; i = child) {
        if (child + 1 < nwaiting && before(waiting[child + 1], waiting[child])) {
            child++;
        }
        if (!before(waiting[child], c)) {
            break;
        }
        place(waiting[child], i);
    }
    place(c, i);
}

/* Lets all that are behind this core go on until none is. */
static void
give_way(void)
{
    struct core *c = me();
    if (nwaiting > 0 && waiting[0]->ready < c->ready) {
        struct core *next = waiting[0];
        sink(c, 0);
        sim_cpu = &next->cpu;
        sim_switch_core(&c->sp, next->sp);
    }
}

/* ---- cores ---- */

void
clock_boot(void)
{
    for (int i = 0; i < CORES_MAX; i++) {
        core[i].arrival = core[i].timer = NEVER;
    }
    sim_cpu = &core[0].cpu;
    core[0].cpu.preempt_off = 1;
    lines_private(core, sizeof(core));
    lines_private(&sim_cpu, sizeof(sim_cpu));
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
    struct core *c = &core[id];
    char *stack =
        mmap(NULL, CORE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) {
        sim_failed("no memory for a core's stack");
    }
    uintptr_t *sp = (uintptr_t *)(stack + CORE_STACK);
    *--sp = 0;
    *--sp = (uintptr_t)core_begin;
    sp -= 6;
    memset(sp, 0, 6 * sizeof(*sp));
    c->sp = (uintptr_t)sp;
    c->cpu.preempt_off = 1;
    c->cpu.g = (struct g *)mp; /* its g0 */
    c->cpu.m = mp;
    c->clock = c->ready = me()->clock;
    rise(c, nwaiting++);
}

/* A switch writes what it leaves and reads what it goes to: where that last ran on another core,
 * these lines have to come from there. */
void
sim_leave(struct g *from, struct g *to)
{
    const void *pc = __builtin_return_address(0);
    clock_charge(COST_SWITCH);
    lines_access(&from->context, sizeof(from->context), STORE, pc);
    lines_access(&to->context, sizeof(to->context), LOAD, pc);
    lines_access((void *)to->context.sp, CACHE_LINE, OWN, pc);
    lines_access((void *)(to->context.sp + CACHE_LINE), 1, STORE, pc);
    SIM_POINT();
}

/* ---- interrupts ---- */

void
sim_interrupt(int id)
{
    struct core *c = &core[id];
    clock_charge(COST_IPI_SEND);
    me()->times.ipis++;
    int64_t arrival = me()->clock + COST_IPI_WAY;
    c->arrival = arrival < c->arrival ? arrival : c->arrival;
    if (c->halted && c->arrival < c->ready) {
        c->ready = c->arrival;
        rise(c, c->at);
    }
    SIM_POINT();
}

void
sim_timer(int64_t when)
{
    clock_charge(COST_TIMER_SET);
    me()->timer = ps(when);
    SIM_POINT();
}

/* As tests/explore does, which see. */
static void
serve_interrupt(void)
{
    struct core *c = me();
    c->times.interrupts++;
    clock_charge(COST_INTERRUPT);
    if (c->clock >= c->arrival) {
        c->arrival = NEVER;
    }
    if (c->clock >= c->timer) {
        c->timer = NEVER;
    }
    c->cpu.irq_off = true;
    bool reschedule = c->cpu.m != NULL && sched_interrupt();
    c->cpu.irq_off = false;
    if (!reschedule) {
        return;
    }
    if (c->cpu.preempt_off == 0 && sched_in_goroutine()) {
        c->cpu.preempt_off = 1;
        c->cpu.wanted = false;
        sched_preempt();
    } else {
        c->cpu.wanted = true;
    }
}

/* ---- points ---- */

void
sim_point(const char *file, int line)
{
    (void)file;
    (void)line;
    me()->ready = me()->clock;
    give_way();
    while (!sim_cpu->irq_off && (me()->clock >= me()->arrival || me()->clock >= me()->timer)) {
        serve_interrupt();
    }
}

void
sim_relax(const char *file, int line)
{
    clock_charge(COST_RELAX);
    sim_point(file, line);
}

/* Work of the program: interrupts come in time. */
void
clock_jump(int64_t left)
{
    while (left > 0) {
        const struct core *c = me();
        int64_t event = c->arrival < c->timer ? c->arrival : c->timer, step = left;
        if (event > c->clock && event - c->clock < step) {
            step = event - c->clock;
        }
        clock_charge(step);
        left -= step;
        SIM_POINT();
    }
}

/* arch_idle: interrupts are off before and after, on in between. */
void
sim_halt(int64_t until)
{
    struct core *c = me();
    int64_t began = c->clock, end = ps(until) < c->timer ? ps(until) : c->timer;
    c->times.halts++;
    c->ready = c->arrival < end ? c->arrival : end;
    c->ready = c->ready < c->clock ? c->clock : c->ready;
    c->halted = true;
    give_way();
    c->halted = false;
    if (c->ready == NEVER) {
        sim_failed("every core is halted, for ever");
    }
    c->clock = c->ready + COST_HALT;
    c->times.idle += c->clock - began;
    serve_interrupt();
    c->cpu.irq_off = true;
}

void
sim_failed(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n(core %d at %ld ns)\n", sim_core_id(), (long)(me()->clock / NS));
    fflush(stdout);
    _exit(SIM_BROKEN);
}
