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

/* The panics that led here, oldest first. */
static void
panic_print(const struct panic *p)
{
    if (p->first != NULL) {
        panic_print(p->first);
        arch_print("\t");
    }
    arch_print("panic: %s\n", p->info.message);
    if (p->info.fault) {
        size_t offset = 0;
        const char *symbol = arch_symbol(p->info.pc, &offset);
        arch_print("[fault: addr=0x%lx pc=0x%lx %s+0x%zx]\n", p->info.address, p->info.pc,
                   symbol != NULL ? symbol : "?", offset);
        arch_print_registers(p->registers);
    }
}

/* The end of a program whose panic nobody caught, its deferred calls done. */
void
panic_die(const struct panic *p)
{
    report_begin();
    panic_print(p);
    report_end();
    __builtin_unreachable();
}

void
panic(const char *fmt, ...)
{
    struct panic p = { .info.pc = (uintptr_t)__builtin_return_address(0) };
    va_list ap;
    va_start(ap, fmt);
    arch_format(p.info.message, sizeof(p.info.message), fmt, ap);
    va_end(ap);
    panic_raise(&p);
}

void
sched_fault(uintptr_t address, uintptr_t pc, const char *what, const void *registers)
{
    struct panic p = { .info = { .address = address, .pc = pc, .fault = true },
                       .registers = registers };
    for (size_t i = 0; what[i] != '\0' && i < sizeof(p.info.message) - 1; i++) {
        p.info.message[i] = what[i];
    }
    panic_raise(&p);
}

void
fatal(const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    arch_format(text, sizeof(text), fmt, ap);
    va_end(ap);
    report_begin();
    arch_print("fatal error: %s\n", text);
    report_end();
    __builtin_unreachable();
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
sched_stack_overflow(uintptr_t sp)
{
    struct g *gp = this_g();
    report_begin();
    arch_print("runtime: goroutine stack exceeds %zu-byte limit\n"
               "runtime: goroutine %lu (%s): sp=0x%lx stack=[0x%lx, 0x%lx]\n"
               "fatal error: stack overflow\n",
               gfree_window(gp->class), gp->id, g_name(gp), sp, gp->stack.lo, gp->stack.hi);
    report_end();
    __builtin_unreachable();
}
