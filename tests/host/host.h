/* SPDX-License-Identifier: MIT */
/*
 * host.h -- what the parts of the host machine know of each other.
 */
#pragma once
#include <machine.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(__clang__)
#define NO_COVERAGE __attribute__((no_sanitize("coverage")))
#define UNINSTRUMENTED                                                                             \
    NO_COVERAGE                                                                                    \
    __attribute__((disable_sanitizer_instrumentation, no_sanitize("undefined"), noinline))
#else
#define NO_COVERAGE __attribute__((no_sanitize_coverage))
#define UNINSTRUMENTED                                                                             \
    NO_COVERAGE __attribute__((no_sanitize("thread", "address", "undefined"), noinline))
#endif

enum { HOST_CORES_MAX = 256, GUARD = 4096, RED_ZONE = 128 };
enum { MXCSR_DEFAULT = 0x1f80, FCW_DEFAULT = 0x37f }; /* of a new goroutine */

/* What other threads may see of a core. */
struct host_cell {
    /* constant once its thread runs */
    int id;
    int tid;
    timer_t timer;

    /* atomic; relaxed: a ring carries no data */
    _Alignas(64) _Atomic(uint32_t) doorbell; /* 1: arch_idle shall not sleep, or shall wake */
    _Atomic(uint32_t) up;                    /* its thread can be sent signals */
    _Atomic(bool) stopped;

    /* its own thread writes, anyone reads: statistics */
    _Atomic(uint64_t) ipis, interrupts;
};

/* A core's own; its thread and the signals of that thread touch it, no other. */
struct host_core {
    struct g *g;
    struct m *m;
    volatile uint32_t preempt; /* depth, and PREEMPT_NONE unless a reschedule is wanted */
    volatile uint32_t irq_off;
    struct host_cell *cell;
    volatile bool fired;     /* by the timer, not yet served */
    volatile bool poked;     /* by another core, not yet served */
    volatile int64_t wanted; /* arch_timer_set's; INT64_MAX: none */
    volatile int64_t armed;  /* what the kernel's timer is set to: at or before `wanted` */
};
_Static_assert(offsetof(struct host_core, g) == HOST_G && offsetof(struct host_core, m) == HOST_M
                   && offsetof(struct host_core, preempt) == HOST_PREEMPT
                   && offsetof(struct host_core, irq_off) == HOST_IRQ_OFF,
               "known to machine.h and switch_host.S");

extern __thread struct host_core host_core __attribute__((tls_model("local-exec")));
extern struct host_cell host_cells[HOST_CORES_MAX];
extern int host_ncores;
extern uint64_t host_xsave_size; /* 0: FXSAVE */
extern uint32_t host_xsave_mask;
extern int64_t host_errno_at; /* &errno, from the thread pointer */
extern char __executable_start[], etext[];

/* switch_host.S */
/* under a sanitizer, as are the next two */
struct arch_switched host_switch(struct g *from, struct g *to, uintptr_t after);
typedef void host_entry(struct g *prev, struct g *self, uintptr_t after);
void host_begin(struct g *prev, host_entry *entry, uintptr_t after);
void host_first(void);
void host_async_preempt(void);
void host_sigreturn(void);

/* arch_host.c, signal_host.c */
bool host_interrupt(struct host_core *c);
void host_signals_init(void);
void host_core_signals(struct host_cell *cell);
void host_poke(struct host_cell *cell);
void host_ring(struct host_cell *cell);
bool host_on_stack(const struct host_core *c, uintptr_t sp);
void host_context_init(void);
void host_core_begin(struct host_cell *cell, struct m *mp);

/* fatal_host.c */
void host_stop_if_asked(struct host_core *c);
extern _Atomic(bool) host_stopping;

/* input_host.c */
extern _Atomic(bool) host_input_ready; /* for core 0 to say */
extern bool host_terminal;
void host_input_wakeup(void);
