/* SPDX-License-Identifier: MIT */
/*
 * arch_sim.c -- sched/arch.h for simulated cores.
 *
 * Shared with tests/sim: all but memory, which is in alloc_sim.c here.
 *
 * A throw, a fault and the end of main end the process: each seed runs in one of its own.
 */
#include "arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

#include <gamp.h>

int sim_ncores, sim_circles;

void
arch_context_init(struct g *gp, uintptr_t top,
                  void (*entry)(struct g *prev, struct g *self, uintptr_t after))
{
    uintptr_t *sp = (uintptr_t *)top;
    *--sp = 0;
    *--sp = (uintptr_t)entry;
    sp -= 6;
    memset(sp, 0, 6 * sizeof(*sp));
    ((struct arch_g *)gp)->context.sp = (uintptr_t)sp;
}

struct arch_switched
arch_context_switch(struct g *from, struct g *to, uintptr_t after)
{
    sim_leave(from, to);
    sim_cpu->g = to;
    return sim_switch_g(from, to, after);
}

int
arch_cpu_count(void)
{
    return sim_ncores;
}

void
arch_cpu_start(int cpu, struct m *mp)
{
    struct sim_cpu *c = sim_cpu;
    if (cpu == sim_core_id()) {
        c->g = (struct g *)mp;
        c->m = mp;
        return;
    }
    sim_start(cpu, mp);
}

void
arch_idle(int64_t until)
{
    SIM_POINT();
    sim_halt(until);
}

void
arch_wake(int cpu)
{
    sim_interrupt(cpu);
}

void
arch_preempt(int cpu)
{
    sim_interrupt(cpu);
}

void
arch_preempt_pending(void)
{
    if (!sim_cpu->irq_off) {
        sim_cpu->wanted = false;
        sim_cpu->preempt_off = 1;
        sched_preempt();
    }
}

void
arch_stop_others(void)
{
}

int64_t
arch_nanotime(void)
{
    SIM_POINT();
    return sim_now();
}

int64_t
arch_walltime(void)
{
    return sim_now();
}

void
arch_timer_set(int64_t when)
{
    sim_timer(when);
}

void
arch_print(const char *fmt, ...)
{
    sim_circles += strncmp(fmt, "sync: mutexes", 13) == 0;
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}

void
arch_format(char *buf, size_t n, const char *fmt, va_list ap)
{
    vsnprintf(buf, n, fmt, ap);
}

const char *
arch_symbol(uintptr_t pc, size_t *offset)
{
    (void)pc;
    *offset = 0;
    return NULL;
}

void
arch_backtrace(const struct g *gp)
{
    (void)gp;
}

void
arch_print_registers(const void *registers)
{
    (void)registers;
}

void
arch_throw(const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    sim_failed("fatal error: gamp: %s", text);
}

void
arch_exit(int status)
{
    fflush(stdout);
    _exit(status);
}

void
arch_stats(int cpu, struct sched_stats *s)
{
    (void)cpu;
    (void)s;
}
