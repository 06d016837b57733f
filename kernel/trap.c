/* SPDX-License-Identifier: MIT */
/*
 * trap.c -- what happens when the processor interrupts the program.
 *
 * Context      On an interrupt stack, interrupts off. Maskable interrupts share a stack, do not
 *              nest; a page fault has its own, and may come while an interrupt is handled (a push
 *              onto a goroutine's missing page). Nothing here takes a lock that normal code holds
 *              with interrupts on; an NMI takes none at all.
 */
#include "trap.h"

#include "arch.h"
#include "console.h"
#include "cpu.h"
#include "gstack.h"
#include "keyboard.h"
#include "lapic.h"
#include "memlayout.h"
#include "panic.h"
#include "port/port.h"
#include "print.h"
#include "screen.h"
#include "x86.h"

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, zero;
};
_Static_assert(sizeof(struct gate) == 16, "3A, figure 6-8");

enum {
    GATE_INTERRUPT = 0x8e, /* present, ring 0, clears IF */
    HLT = 0xf4,            /* the instruction */
    ERROR_PRESENT = 1,     /* of a page fault (3A, 4.7): the page was there */
    ERROR_FETCH = 16,
};

static struct gate idt[256];
extern const char trap_stubs[];

static uint8_t
ist_of(unsigned vector)
{
    switch (vector) {
    case TRAP_NMI:
        return IST_NMI;
    case TRAP_DOUBLE:
        return IST_DF;
    case TRAP_PAGE:
        return IST_PF;
    case TRAP_MACHINE_CHECK:
        return IST_MC;
    default:
        return IST_IRQ;
    }
}

void
idt_init(void)
{
    for (unsigned v = 0; v < 256; v++) {
        uint64_t at = (uint64_t)trap_stubs + 16 * v;
        idt[v] = (struct gate){
            .offset_low = (uint16_t)at,
            .selector = SEL_CODE,
            .ist = ist_of(v),
            .type = GATE_INTERRUPT,
            .offset_mid = (uint16_t)(at >> 16),
            .offset_high = (uint32_t)(at >> 32),
        };
    }
}

void
idt_load(void)
{
    struct x86_table idtr = { sizeof(idt) - 1, (uint64_t)idt };
    __asm__ volatile("lidt %0" : : "m"(idtr));
}

static void
page_fault(struct trap_frame *f)
{
    struct cpu *c = this_cpu();
    struct arch_g *g = (struct arch_g *)c->g;
    struct arch_stack *own = g != NULL ? &g->stack : NULL;
    uintptr_t va = read_cr2();
    bool on_own = own != NULL && f->rsp >= own->lo && f->rsp < own->hi;
    bool kernel = !on_own || (c->preempt & ~PREEMPT_NONE) != 0;
    c->fault = f; /* for a report */
    if (!(f->error & ERROR_PRESENT)) {
        switch (gstack_fault(va, own, kernel)) {
        case GSTACK_GROWN:
            c->fault = NULL;
            return;
        case GSTACK_NO_MEMORY:
            sched_out_of_memory("a goroutine's stack cannot grow: no free page");
        case GSTACK_OVERFLOW:
            if (!sched_in_goroutine()) {
                panic_trap(f, "the scheduler ran off a stack");
            }
            sched_stack_overflow(f->rsp);
        case GSTACK_NOT:
            break;
        }
    }
    c->fault = NULL;
    if (!port_inject_fault(f, va, (f->error & ERROR_FETCH) != 0 || f->rip == va,
                           "invalid memory address or nil pointer dereference")) {
        panic_trap(f, "page fault");
    }
}

static void
exception(struct trap_frame *f)
{
    switch (f->vector) {
    case TRAP_DIVIDE:
        if (port_inject_fault(f, f->rip, false, "integer divide by zero")) {
            return;
        }
        break;
    case TRAP_PROTECTION: /* a non-canonical address raises this instead of a page fault */
        if (f->error == 0
            && port_inject_fault(f, 0, false,
                                 "invalid memory address or nil pointer dereference")) {
            return;
        }
        break;
    case TRAP_OPCODE:
        if (port_inject_fault(f, f->rip, false, "illegal instruction")) {
            return;
        }
        break;
    case TRAP_X87:
    case TRAP_SIMD:
        if (port_inject_fault(f, f->rip, false, "floating point exception")) {
            return;
        }
        break;
    default:
        break;
    }
    panic_trap(f, "exception");
}

/* The 8259s are masked; what they still let through is spurious and wants no EOI of the local
 * APIC. */
static void
interrupt(struct trap_frame *f)
{
    struct cpu *c = this_cpu();
    if (f->vector == VECTOR_SPURIOUS || (f->vector >= VECTOR_PIC && f->vector < VECTOR_PIC + 16)) {
        c->spurious++;
        return;
    }
    c->preempt++; /* handlers may ready goroutines, which ends in "preemption on" */
    c->interrupts++;
    lapic_eoi();
    switch (f->vector) {
    case VECTOR_TIMER:
        screen_tick();
        break;
    case VECTOR_RESCHED:
        break;
    case VECTOR_TLB:
        gstack_settle(false); /* no asking back and forth */
        break;
    case VECTOR_SERIAL:
        console_interrupt();
        break;
    case VECTOR_KEYBOARD:
        keyboard_interrupt();
        break;
    case VECTOR_ERROR:
        kprintf("cpu %u: local APIC error status %#x\n", c->id, lapic_error_status());
        break;
    default:
        c->spurious++;
        kprintf("cpu %u: interrupt on vector %lu, which nobody uses\n", c->id, f->vector);
    }
    gstack_flush();
    c->preempt--;
    port_after_interrupt(f);
}

/* An NMI between sti and hlt lets the interrupt that was to end the halt be served before it: so a
 * hlt is stepped over, and its loop looks again. */
static void
nmi(struct trap_frame *f)
{
    struct cpu *c = this_cpu();
    c->nmis++;
    c->in_nmi = true;
    panic_nmi(f);
    c->in_nmi = false;
    if (f->rip >= KERNEL_BASE && *(const uint8_t *)f->rip == HLT) {
        f->rip++;
    }
}

void
trap(struct trap_frame *f)
{
    if (f->vector == TRAP_PAGE) {
        page_fault(f);
    } else if (f->vector == TRAP_NMI) {
        nmi(f);
    } else if (f->vector < 32) {
        exception(f);
    } else {
        interrupt(f);
    }
}
