/* SPDX-License-Identifier: MIT */
/*
 * panic.c -- the last words: registers, backtraces, where every core was.
 *
 * Context      any, an NMI included; trusts nothing: each frame is looked up in the page tables
 *              before it is read, and a second failure while reporting the first ends at once.
 */
#include "panic.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "arch.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "lapic.h"
#include "memlayout.h"
#include "power.h"
#include "print.h"
#include "spin.h"
#include "symbols.h"
#include "trap.h"
#include "vm.h"
#include "x86.h"

enum { FRAMES_MAX = 24, STOP_MS = 500 };

static _Atomic(uint32_t) stopping; /* core + 1 of the one that goes on */
static _Atomic(uint32_t) stopped;
static struct {
    uint64_t rip, rbp;
    struct g *g;
    bool stopped;
} last[MAX_CPUS];

static bool
readable(uintptr_t va)
{
    if (va >= DIRECT_BASE && va < GSTACK_BASE) {
        return false; /* no stack lies there */
    }
    pte *e = va >= DIRECT_BASE ? vm_pte_peek(va) : NULL;
    return e != NULL && (atomic_load(e) & PTE_P);
}

static void
print_address(uintptr_t pc)
{
    size_t offset;
    const char *name = symbol_find(pc, &offset);
    kprintf("\t%016lx %s+%#zx\n", pc, name != NULL ? name : "?", name != NULL ? offset : 0);
}

void
panic_backtrace(uintptr_t rip, uintptr_t rbp, uintptr_t lo, uintptr_t hi)
{
    if (rip != 0) {
        print_address(rip);
    }
    for (int n = 0; rbp >= lo && rbp < hi && rbp % 8 == 0; n++) {
        if (!readable(rbp) || !readable(rbp + 15)) {
            return;
        }
        const uintptr_t *frame = (const uintptr_t *)rbp;
        if (frame[1] == 0) {
            return;
        }
        if (n == FRAMES_MAX) {
            kprintf("\t...more frames\n");
            return;
        }
        print_address(frame[1] - 1); /* within the call, not after it */
        if (frame[0] <= rbp) {
            return;
        }
        rbp = frame[0];
    }
}

void
panic_print_registers(const struct trap_frame *f)
{
    kprintf("rip %016lx  rsp %016lx  rflags %lx  vector %lu  error %lx\n", f->rip, f->rsp,
            f->rflags, f->vector, f->error);
    kprintf("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    kprintf("rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    kprintf("r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    kprintf("r13 %016lx  r14 %016lx  r15 %016lx  cr3 %016lx\n", f->r13, f->r14, f->r15, read_cr3());
}

void
panic_nmi(const struct trap_frame *f)
{
    struct cpu *c = this_cpu();
    uint32_t stopper = atomic_load(&stopping);
    if (stopper == c->id + 1) {
        return; /* from outside, while this core ends it all */
    }
    last[c->id].rip = f->rip;
    last[c->id].rbp = f->rbp;
    last[c->id].g = c->g;
    if (stopper != 0) {
        last[c->id].stopped = true;
        atomic_fetch_add(&stopped, 1);
        cpu_halt_for_ever();
    }
    kprintf("cpu %u: NMI at\n", c->id); /* from outside: a watchdog asks, and this core goes on */
    panic_backtrace(f->rip, f->rbp, DIRECT_BASE, UINTPTR_MAX - 16);
}

void
panic_stop_others(void)
{
    print_sink = console_write_sync;
    uint32_t none = 0;
    if (!atomic_compare_exchange_strong(&stopping, &none, this_cpu()->id + 1)) {
        return;
    }
    for (unsigned i = 0; i < ncpus; i++) {
        if (cpus[i] != this_cpu()) {
            lapic_ipi_nmi(cpus[i]->apic_id);
        }
    }
    for (int i = 0; i < STOP_MS * 10 && atomic_load(&stopped) + 1 < ncpus; i++) {
        clock_delay_us(100);
    }
}

bool
spin_for_ever(void)
{
    return atomic_load(&stopping) == this_cpu()->id + 1;
}

void
panic_print_others(void)
{
    for (unsigned i = 0; atomic_load(&stopping) && i < ncpus; i++) {
        if (cpus[i] == this_cpu()) {
            continue;
        }
        size_t offset = 0;
        const char *name = last[i].stopped ? symbol_find(last[i].rip, &offset) : "no answer";
        kprintf("core %u: ", i);
        sched_print_g(last[i].g);
        kprintf(" at %s+%#zx\n", name != NULL ? name : "?", offset);
    }
}

/* Reports once; a failure in the report goes no further than one line. */
static void
begin(const char *what)
{
    static _Atomic(uint32_t) reporter; /* core + 1 */
    uint32_t none = 0, me = this_cpu()->id + 1;
    irq_disable();
    if (!atomic_compare_exchange_strong(&reporter, &none, me)) {
        while (none != me) {
            cpu_relax(); /* the reporter's NMI stops this core */
        }
        kprintf("\nfatal error: %s while reporting another failure\n", what);
        power_off(2);
    }
    print_sink = console_write_sync;
    panic_stop_others();
}

static _Noreturn void
end(uintptr_t rip, uintptr_t rbp)
{
    kprintf("core %u, ", this_cpu()->id);
    sched_print_g(this_cpu()->g);
    kprintf(":\n");
    panic_backtrace(rip, rbp, DIRECT_BASE, UINTPTR_MAX - 16);
    panic_print_others();
    power_off(2);
}

void
panic_throw(const char *fmt, ...)
{
    va_list ap;
    begin("throw");
    kprintf("\nfatal error: gamp: ");
    va_start(ap, fmt);
    kvprintf_console(fmt, ap);
    va_end(ap);
    kprintf("\n");
    end(0, (uintptr_t)__builtin_frame_address(0));
}

void
panic_trap(const struct trap_frame *f, const char *what)
{
    begin(what);
    kprintf("\nfatal error: gamp: %s (vector %lu, cr2 %#lx)\n", what, f->vector, read_cr2());
    panic_print_registers(f);
    end(f->rip, f->rbp);
}
