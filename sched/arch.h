/* SPDX-License-Identifier: MIT */
/*
 * arch.h -- what sched/ asks of a machine, and what a machine may ask of sched/.
 *
 * The whole seam: the names below and nothing else (`make lint` compares them with what the
 * objects of sched/ leave undefined). The metal implements it in kernel/port/, a Linux process
 * in tests/host/; which one is meant is decided by the include path that finds <machine.h>.
 *
 * <machine.h> holds what must be inline: struct arch_context, struct arch_switched,
 * arch_context_init(), arch_context_switch(), arch_context_leave(), this_g(), this_m(),
 * arch_preempt_off(), arch_preempt_on(), arch_irq_save(), arch_irq_restore(), arch_relax().
 *
 * arch_context_init(g, top, entry): the first switch to g calls entry(prev, g, after) on the stack
 * below top; entry never returns. arch_context_switch(from, to, after) returns, later and perhaps
 * on another core, the g that ran there just before, whose stack is no longer in use from that
 * moment, and what that one gave as `after`. Preemption is off across it. arch_context_leave() is
 * the same from a stack that is not needed any more.
 *
 * this_g() belongs to the running code and is right at any instant. this_m() belongs to the core:
 * ask only with preemption off, or the answer may name a core already left.
 */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <gamp.h>
#include <machine.h>

struct g;
struct m;
struct sched_stats;

/* ---- Down: the machine serves the scheduler. ---------------------------------------------- */

/* Cores. arch_cpu_start makes mp the m of a core, which, unless it is the caller, calls
 * sched_core(). */
int arch_cpu_count(void);
void arch_cpu_start(int cpu, struct m *mp);
/* Interrupts off: halt with interrupts on until one has been served or nanotime reaches `until`
 * (INT64_MAX: no timer at all), come back with them off. One that is already pending ends the
 * halt. */
void arch_idle(int64_t until);
void arch_wake(int cpu);     /* ends another core's arch_idle; harmless if it was not halted */
void arch_preempt(int cpu);  /* makes sched_interrupt() run on a core soon; preemption is off */
void arch_stop_others(void); /* for good: a fatal error is about to be reported */

/* Time, in ns since boot, the same on every core. The one timer of this core runs
 * sched_interrupt() at `when`; INT64_MAX disarms it. */
int64_t arch_nanotime(void);
int64_t arch_walltime(void);
void arch_timer_set(int64_t when);

/* Memory. A stack is a window of addresses that lives as long as its g; gp->stack is filled in: hi,
 * mapped (the lowest page in use), limit (an sp above it has dead pages worth giving back).
 * arch_stack_alloc gives a g a window if it has none, and the window a page if it has none; false:
 * no memory. arch_stack_trim gives back the whole pages below `below`; the g runs nowhere and is
 * not published. arch_stack_drop gives back all pages of n such. */
bool arch_stack_alloc(struct g *gp, size_t max);
void arch_stack_trim(struct g *gp, uintptr_t below);
void arch_stack_drop(struct g *const *gs, size_t n);
void *arch_alloc(size_t size); /* 16-aligned; NULL: no memory */
void arch_free(void *p);

/* Words. */
void arch_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void arch_format(char *buf, size_t n, const char *fmt, va_list ap);
const char *arch_symbol(uintptr_t pc, size_t *offset); /* NULL: unknown */
void arch_backtrace(const struct g *gp);          /* of a g that does not run, or of the caller */
void arch_print_registers(const void *registers); /* as given to sched_fault; NULL: none */
void arch_throw(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void arch_exit(int status) __attribute__((noreturn));
void arch_stats(int cpu, struct sched_stats *s); /* adds what the machine counts */

/* ---- Up: the scheduler serves the machine. ------------------------------------------------- */

struct sched_config {
    int gomaxprocs;     /* 0: all */
    size_t stack;       /* default window, bytes */
    int64_t slice;      /* ns */
    int64_t schedtrace; /* ns between lines; 0: none */
    uint64_t seed;
    bool trace; /* from main's start to its end */
    bool quiet; /* nothing is said before the program has failed */
};

/* On the boot core with preemption off, in this order; sched_start never returns. */
void sched_init(const struct sched_config *config);
void sched_start(int (*main_fn)(int, char **), int argc, char **argv) __attribute__((noreturn));
/* On every other core, on its core stack, preemption off. */
void sched_core(void) __attribute__((noreturn));
/* From any interrupt, interrupts off: true when the goroutine interrupted should call
 * sched_preempt() as soon as it may be preempted: with preemption off once, and on when it
 * returns. */
bool sched_interrupt(void);
void sched_preempt(void);
/* True when mp's core runs a goroutine (not the scheduler itself). */
bool sched_in_goroutine(void);
/* A fault in a goroutine's own code: called on its stack, preemption on. `registers`, there too,
 * are for arch_print_registers. */
void sched_fault(uintptr_t address, uintptr_t pc, const char *what, const void *registers)
    __attribute__((noreturn));
/* Prints which goroutine gp is, for a line about a core. NULL: none. */
void sched_print_g(const struct g *gp);
/* The goroutine that runs here has used its whole window. On an interrupt stack, interrupts off. */
void sched_stack_overflow(uintptr_t sp) __attribute__((noreturn));
void sched_out_of_memory(const char *what) __attribute__((noreturn));

/* One waiter, one signal kept. note_wakeup may be called from an interrupt. `external` waits hold
 * the deadlock report back. Go: note, runtime2.go */
struct note {
    _Atomic(uintptr_t) waiter; /* 0, NOTE_SET, or the g */
};
void note_sleep(struct note *n, bool external);
void note_wakeup(struct note *n);

/* The one way drivers block goroutines (poll.c has the contract). Zeroed is ready to use; there for
 * good. poll_wait parks; a deadline is a nanotime, 0: none. Go: pollDesc, netpoll.go */
struct poll {
    struct mutex one;
    struct note note;
    _Atomic(bool) ready, closed;
    _Atomic(int64_t) deadline;
    struct mutex setting;
    struct timer *timer; /* setting */
};
enum poll_status { POLL_READY, POLL_TIMED_OUT, POLL_CLOSED };
enum poll_status poll_wait(struct poll *p);
void poll_deadline(struct poll *p, int64_t when);
void poll_ready(struct poll *p); /* from anywhere, interrupts included; and so is this: */
void poll_close(struct poll *p);
