/* SPDX-License-Identifier: MIT */
/*
 * panic.c -- how a program ends that went wrong: panics and fatal errors, in Go's words.
 *
 * panic        the goroutine program is wrong
 * fatal        the program cannot go on, whatever it may want to recover from
 * throw        gamp is broken: arch_throw, the machine's
 * All end with status 2, the trace of the goroutine at fault first, the others' after it.
 *
 * Context      any goroutine; the first core to arrive stops the others for good and reports alone
 * Go           panic.go: fatalpanic, fatalthrow, printpanics
 */
#include "runtime.h"

static _Atomic(int) reporter; /* core + 1 of the one that reports */

/* True for the first to come. A second panic on the reporting core comes from the report itself. */
static void
report_begin(void)
{
    arch_preempt_off();
    int me = this_m()->id + 1, none = 0;
    if (!atomic_compare_exchange_strong(&reporter, &none, me)) {
        if (none == me) {
            throw("a failure while a failure was being reported");
        }
        for (;;) { /* the reporter will stop this core */
            arch_relax();
        }
    }
    arch_stop_others();
}

static void
report_end(void)
{
    dump_goroutines(sched_in_goroutine() ? this_g() : NULL);
    arch_exit(2);
}

static void die(const char *kind, const char *fmt, va_list ap) __attribute__((noreturn));
static void
die(const char *kind, const char *fmt, va_list ap)
{
    char text[256];
    arch_format(text, sizeof(text), fmt, ap);
    report_begin();
    arch_print("%s: %s\n", kind, text);
    report_end();
    __builtin_unreachable();
}

void
panic(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    die("panic", fmt, ap);
}

void
fatal(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    die("fatal error", fmt, ap);
}

void
sched_out_of_memory(const char *what)
{
    report_begin();
    arch_print("%s\nfatal error: out of memory\n", what);
    report_end();
    __builtin_unreachable();
}

void
sched_fault(uintptr_t address, uintptr_t pc, const char *what)
{
    size_t offset = 0;
    const char *symbol = arch_symbol(pc, &offset);
    report_begin();
    arch_print("panic: %s\n[fault: addr=0x%lx pc=0x%lx %s+0x%zx]\n", what, address, pc,
               symbol != NULL ? symbol : "?", offset);
    report_end();
    __builtin_unreachable();
}

void
sched_stack_overflow(uintptr_t sp)
{
    struct g *gp = this_g();
    report_begin();
    arch_print("runtime: goroutine stack exceeds %zu-byte limit\n"
               "runtime: goroutine %lu (%s): sp=0x%lx stack=[0x%lx, 0x%lx]\n"
               "fatal error: stack overflow\n",
               gp->stack_max, gp->id, g_name(gp), sp, gp->stack.lo, gp->stack.hi);
    report_end();
    __builtin_unreachable();
}
