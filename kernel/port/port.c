/* SPDX-License-Identifier: MIT */
/*
 * port.c -- the metal's half of sched/arch.h.
 *
 * Context      as arch.h says of each; what a function does beyond its name is said at it
 * Protocol     preempting a goroutine
 *              1 the timer's handler (or another's) asks sched_interrupt(): should it go?
 *              2 it runs with preemption on: the handler pushes the interrupted rip on its stack,
 *                128 bytes down, marks preemption off once, and returns into async_preempt, which
 *                saves everything on that stack and calls sched_preempt()
 *                else: the wish is noted in cpu->preempt, and the arch_preempt_on that brings the
 *                depth to 0 calls sched_preempt() itself
 */
#include "port.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "arch.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "gstack.h"
#include "heap.h"
#include "lapic.h"
#include "memlayout.h"
#include "panic.h"
#include "pmm.h"
#include "power.h"
#include "print.h"
#include "screen.h"
#include "symbols.h"
#include "trap.h"
#include "x86.h"

#include <gamp.h>

enum { RED_ZONE = 128 };

void *call_on_stack(void *(*fn)(void *), void *arg, uintptr_t top);

static struct arch_g *
running_g(const struct cpu *c)
{
    return (struct arch_g *)c->g;
}

static bool
on_stack_of(const struct arch_g *g, uintptr_t sp)
{
    return g != NULL && sp >= g->stack.lo && sp < g->stack.hi;
}

/* Below a switched-out g0 its stack is free; 256 bytes are left between. */
void *
call_on_core_stack(void *(*fn)(void *), void *arg)
{
    uint64_t flags = irq_save();
    const struct cpu *c = this_cpu();
    void *r;
    if (on_stack_of(running_g(c), (uintptr_t)__builtin_frame_address(0))) {
        uintptr_t top = ((struct arch_g *)c->m)->context.sp - 256;
        r = call_on_stack(fn, arg, top & ~15ul);
    } else {
        r = fn(arg);
    }
    irq_restore(flags);
    return r;
}

/* ---- contexts and stacks ---- */

bool
arch_stack_alloc(struct g *gp, size_t max)
{
    struct arch_stack *s = &((struct arch_g *)gp)->stack;
    return s->hi != 0 ? gstack_warm(s) : gstack_alloc(s, max);
}

/* ---- preemption ---- */

void
arch_preempt_pending(void)
{
    if (irq_enabled()) {
        __asm__ volatile("movl %0, %%gs:%c1"
                         :
                         : "i"(PREEMPT_NONE | 1), "i"(CPU_PREEMPT)
                         : "memory");
        sched_preempt();
    }
}

static void
push(struct trap_frame *f, uint64_t value)
{
    f->rsp -= sizeof(value);
    *(uint64_t *)f->rsp = value; /* may fault a page in: page faults have a stack of their own */
}

void
port_after_interrupt(struct trap_frame *f)
{
    struct cpu *c = this_cpu();
    if (c->m == NULL || !sched_interrupt()) {
        return;
    }
    if ((c->preempt & ~PREEMPT_NONE) != 0 || !on_stack_of(running_g(c), f->rsp)) {
        c->preempt &= ~PREEMPT_NONE;
        return;
    }
    f->rsp -= RED_ZONE;
    push(f, f->rip);
    f->rip = (uintptr_t)async_preempt;
    c->preempt = PREEMPT_NONE | 1;
}

/* The call needs room on the goroutine's stack. A page fault's handler must not fault itself (its
 * stack would be begun anew), so the pages are brought in first. */
static bool
room_below(struct arch_g *g, uintptr_t sp, size_t bytes)
{
    return on_stack_of(g, sp) && on_stack_of(g, sp - bytes)
           && gstack_fault(sp, &g->stack, true) == GSTACK_GROWN
           && gstack_fault(sp - bytes, &g->stack, true) == GSTACK_GROWN;
}

/* The code that faulted never goes on: what it had in the x87 registers is dropped, its control
 * word stays. */
static void
x87_empty(void)
{
    uint16_t fcw;
    __asm__ volatile("fnstcw %0\n\tfninit\n\tfldcw %0" : "=m"(fcw));
}

bool
port_inject_fault(struct trap_frame *f, uintptr_t address, bool call, const char *what)
{
    struct cpu *c = this_cpu();
    if (c->m == NULL || !sched_in_goroutine() || (c->preempt & ~PREEMPT_NONE) != 0
        || !(f->rflags & RFLAGS_IF)
        || !room_below(running_g(c), f->rsp, RED_ZONE + sizeof(*f) + 64)) {
        return false;
    }
    uintptr_t from = call ? *(const uintptr_t *)f->rsp : f->rip + 1; /* traces print from - 1 */
    struct trap_frame *kept = (struct trap_frame *)((f->rsp - RED_ZONE - sizeof(*f)) & ~15ul);
    *kept = *f;
    f->rsp = (uintptr_t)kept;
    push(f, from);
    f->rdi = address;
    f->rsi = kept->rip;
    f->rdx = (uintptr_t)what;
    f->rcx = (uintptr_t)kept;
    f->rip = (uintptr_t)sched_fault;
    f->rflags &= ~(RFLAGS_DF | RFLAGS_AC);
    x87_empty();
    return true;
}

/* ---- cores ---- */

int
arch_cpu_count(void)
{
    return (int)ncpus;
}

/* Core `cpu` has waited for its m in port_core_entry since smp_start. */
void
arch_cpu_start(int cpu, struct m *mp)
{
    cpus[cpu]->g = (struct g *)mp; /* its g0 */
    __atomic_store_n(&cpus[cpu]->m, mp, __ATOMIC_SEQ_CST);
    if (cpus[cpu] != this_cpu()) {
        lapic_ipi(cpus[cpu]->apic_id, VECTOR_RESCHED);
    }
}

void
port_core_entry(void)
{
    while (__atomic_load_n(&this_cpu()->m, __ATOMIC_SEQ_CST) == NULL) {
        irq_enable_and_halt(); /* off since the look: the wake-up is not lost */
        irq_disable();
    }
    irq_enable();
    sched_core();
}

/* While halted this core counts as flushed (gstack.c): the exchange orders the flag before the look
 * at the generation. */
void
arch_idle(int64_t until)
{
    struct cpu *c = this_cpu();
    int64_t gap = clock_max_gap_ns();
    if (screen_draw_some()) {
        return; /* with interrupts off no longer than for a row; there may be work by now */
    }
    if (gap != INT64_MAX && until > clock_nanotime() + gap) {
        until = clock_nanotime() + gap;
    }
    gstack_settle(true);
    arch_timer_set(until);
    atomic_store(&c->tlb_idle, 1);
    c->idle_halts++;
    irq_enable_and_halt();
    irq_disable();
    atomic_exchange(&c->tlb_idle, 0);
    gstack_flush();
}

void
arch_wake(int cpu)
{
    lapic_ipi(cpus[cpu]->apic_id, VECTOR_RESCHED);
}

void
arch_preempt(int cpu)
{
    arch_wake(cpu);
}

void
arch_stop_others(void)
{
    panic_stop_others();
}

/* ---- time ---- */

int64_t
arch_nanotime(void)
{
    return clock_nanotime();
}

int64_t
arch_walltime(void)
{
    return clock_walltime();
}

void
arch_timer_set(int64_t when)
{
    if (when == INT64_MAX) {
        lapic_timer_off();
    } else {
        lapic_timer_set(clock_ns_to_tsc(when));
    }
}

/* ---- memory and words ---- */

void *
arch_alloc(size_t size)
{
    return malloc(size);
}

void
arch_free(void *p)
{
    free(p);
}

void
arch_print(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kvprintf_console(fmt, ap);
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
    return symbol_find(pc, offset);
}

/* A parked g: switch.S's picture. A new one has no frame to follow. */
void
arch_backtrace(const struct g *gp)
{
    const struct arch_g *g = (const struct arch_g *)gp;
    const struct trap_frame *f = this_cpu()->fault;
    if (gp == this_g() && f != NULL) {
        panic_backtrace(f->rip, f->rbp, DIRECT_BASE, UINTPTR_MAX - 16);
        return;
    }
    if (gp == this_g()) {
        panic_backtrace(0, (uintptr_t)__builtin_frame_address(0), DIRECT_BASE, UINTPTR_MAX - 16);
        return;
    }
    const uintptr_t *sp = (const uintptr_t *)g->context.sp;
    panic_backtrace(sp[0], sp[1], g->stack.lo, g->stack.hi);
}

void
arch_print_registers(const void *registers)
{
    panic_print_registers(registers);
}

void
arch_throw(const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    kvsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    panic_throw("%s", text);
}

void
arch_exit(int status)
{
    arch_preempt_off();
    console_flush();
    if (status == 2 && print_sink == console_write_sync) {
        panic_print_others();
    }
    panic_stop_others();
    console_flush();
    power_off(status);
}

void
arch_stats(int cpu, struct sched_stats *s)
{
    if (cpu >= 0) {
        const struct cpu *c = cpus[cpu];
        s->ipis_sent += c->ipis_sent;
        s->interrupts += c->interrupts;
        s->stack_faults += c->stack_faults;
    } else {
        s->stack_bytes = gstack_bytes();
        s->heap_bytes = heap_bytes();
        s->free_bytes = pmm_free_bytes();
    }
}
