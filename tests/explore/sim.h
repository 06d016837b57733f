/* SPDX-License-Identifier: MIT */
/*
 * sim.h -- the simulated machine, for its own parts and for scenarios.
 */
#pragma once
#include "machine.h"

enum { SIM_CORES_MAX = 8 };

struct sim_options {
    uint64_t seed; /* everything follows from it */
    int cores;
    uint64_t max_steps; /* more of them: no end is in sight */
};

/* sim.c */
void sim_init(const struct sim_options *options);
uint64_t sim_random(void);
int64_t sim_now(void);
int sim_core_id(void);
void sim_interrupt(int core); /* pending on that core */
void sim_timer(int64_t when); /* of this core */
void sim_halt(int64_t until); /* arch_idle */
void sim_start(int core, struct m *mp);
void sim_leave(struct g *from, struct g *to);   /* this core, from stack to stack */
void sim_device(void (*fn)(void *), void *arg); /* fn(arg) in some core's interrupt, sometime */
void sim_events_print(void);
void sim_failed(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* arch_sim.c */
extern int sim_circles; /* circles of mutexes told so far */

/* simmem.c; sim_store, sim_load and sim_fence: stdatomic.h */
void sim_memory_init(int drain_chance);
void sim_buffered(const void *from, size_t size); /* stores there may be late */
void sim_memory_step(int cores);
int sim_stored(int core);
void sim_store(volatile void *at, uint64_t value, int size);
uint64_t sim_load(const volatile void *at, uint64_t in_memory, int size);
void sim_fence(void);

/* switch_sim.S */
struct arch_switched sim_switch_g(struct g *from, struct g *to, uintptr_t after);
void sim_switch_core(uintptr_t *save, uintptr_t load);

/* A scenario: an ordinary main. Status other than `status`, a throw, or no end is a failure. */
struct scenario {
    const char *name;
    int (*run)(int argc, char **argv);
    int cores;     /* 0: 2 to 4 */
    int64_t slice; /* ns; 0: 20 us of simulated time */
    int status;
};
extern const struct scenario scenarios[];

enum { SIM_BROKEN = 99 }; /* the status of sim_failed */
