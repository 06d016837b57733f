/* SPDX-License-Identifier: MIT */
/*
 * machine.h -- the inline half of the seam for simulated cores: all in one thread, one at a time.
 *
 * Every atomic operation (stdatomic.h here) and every call of the seam is a point where sim.c may
 * let another core go on, take an interrupt, or let a store reach memory.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct g;
struct m;

/* First member of struct g; switch_sim.S knows the offset. */
struct arch_context {
    uintptr_t sp;
};

struct arch_stack {
    uintptr_t hi, lo;
    uintptr_t mapped; /* one page below hi, as if no more were ever used */
    uintptr_t limit;  /* UINTPTR_MAX: nor at a switch */
};

struct arch_g {
    struct arch_context context;
    struct arch_stack stack;
};

/* What a core is to its own code. */
struct sim_cpu {
    struct g *g;
    struct m *m;
    int preempt_off;
    bool wanted; /* a reschedule, as soon as preempt_off is 0 */
    bool irq_off;
};
extern struct sim_cpu *sim_cpu;

void sim_point(const char *file, int line);
void sim_relax(const char *file, int line);
void arch_preempt_pending(void);

struct arch_switched {
    struct g *prev;
    uintptr_t after;
};
void arch_context_init(struct g *gp, uintptr_t top,
                       void (*entry)(struct g *prev, struct g *self, uintptr_t after));
struct arch_switched arch_context_switch(struct g *from, struct g *to, uintptr_t after);

/* Nothing is gained by not saving. */
static inline void
arch_context_leave(struct g *from, struct g *to, uintptr_t after)
{
    arch_context_switch(from, to, after);
}

#define SIM_POINT()  sim_point(__FILE__, __LINE__)
#define arch_relax() sim_relax(__FILE__, __LINE__)

static inline struct g *
this_g(void)
{
    return sim_cpu->g;
}

static inline struct m *
this_m(void)
{
    return sim_cpu->m;
}

static inline bool
arch_preemptible(void)
{
    return sim_cpu->preempt_off == 0;
}

static inline void
arch_preempt_off(void)
{
    SIM_POINT();
    sim_cpu->preempt_off++;
}

static inline void
arch_preempt_on(void)
{
    SIM_POINT();
    if (--sim_cpu->preempt_off == 0 && sim_cpu->wanted) {
        arch_preempt_pending();
    }
}

static inline uint64_t
arch_irq_save(void)
{
    SIM_POINT();
    uint64_t was = sim_cpu->irq_off;
    sim_cpu->irq_off = true;
    return was;
}

static inline void
arch_irq_restore(uint64_t was)
{
    sim_cpu->irq_off = was != 0;
    SIM_POINT();
}
