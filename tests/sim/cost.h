/* SPDX-License-Identifier: MIT */
/*
 * cost.h -- what things cost on the simulated machine, in picoseconds; and what its parts share.
 *
 * The costs are round figures for a 3 GHz server, not measurements of one. What matters is their
 * proportion: a line that another core holds costs as much as two hundred instructions.
 * Left out: caches have no size, all cores are equally far from each other, misses of one core do
 * not overlap (only its stores do), and the heap and page tables of the metal have no locks.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NS = 1000,
    COST_ACCESS = NS / 2,    /* a plain load or store that hits, and the code around it */
    COST_CALL = NS,          /* entering a function and leaving it */
    COST_LOCKED = 6 * NS,    /* a locked instruction or a fence, the line being here */
    COST_TRANSFER = 70 * NS, /* a line that others hold; writers of one queue up for it */
    COST_READ_BUSY = 5 * NS, /* for so long a reader keeps others from it */
    COST_CLOCK = 8 * NS,
    COST_RELAX = 40 * NS,
    COST_SWITCH = 2 * NS,
    COST_TIMER_SET = 50 * NS,
    COST_IPI_SEND = 100 * NS,
    COST_IPI_WAY = 1000 * NS,  /* from sending to arriving */
    COST_INTERRUPT = 400 * NS, /* entry and return */
    COST_HALT = 200 * NS,      /* falling asleep and getting up */
    COST_ALLOC = 40 * NS,
    COST_STACK = 300 * NS, /* a page for a new window */
};

/* What a core did with its time. */
struct core_times {
    int64_t run, sched, idle; /* goroutines, g0, halted */
    int64_t waiting;          /* for lines: part of the first two */
    uint64_t ipis, halts, interrupts, transfers;
};

/* clock.c. Times in picoseconds, but for load_* */
int64_t clock_now(void);
void clock_charge(int64_t ps);
void clock_wait_until(int64_t ps); /* for a line */
struct core_times *clock_times(int core);
void clock_boot(void);
void clock_jump(int64_t ps);

/* lines.c */
enum access { LOAD, STORE, OWN, LOCKED }; /* OWN: a load for a store that follows */
void lines_init(void);
void lines_access(const volatile void *at, size_t size, enum access what, const void *pc);
void lines_fence(void);
void lines_made(const void *block, size_t size, bool chunk, const void *who);
void lines_private(const void *at, size_t size); /* of the simulation, not of the machine */
void lines_count(bool on);                       /* all cores */
void lines_watch(bool on);                       /* this core, from where it is */
uint64_t lines_seen(void);                       /* transfers counted */
void lines_report(int most, const char *indent);

/* memory.c */
extern const uintptr_t memory_heap, memory_stacks, memory_end;
void memory_init(void);

/* names.c */
void names_print_code(uintptr_t pc);
void names_print_data(uintptr_t at);                /* a variable */
void names_print_block(uintptr_t maker, size_t at); /* that which `maker` allocated */
