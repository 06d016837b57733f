/* SPDX-License-Identifier: MIT */
/*
 * interrupt_key.c -- what ^C does: ends the program, or begins it again.
 *
 * A goroutine cannot be ended from outside, no more than in Go; ^C ends all of them, the way main's
 * return does. The shell asks to be begun again: its next run differs from its first in nothing
 * but what is KEPT, so no demo, wherever it was stopped, leaves anything behind.
 *
 * Context      interrupt_key: the boot core's interrupts, IF = 0, no lock held
 * Protocol     boot core                                     each other core
 *              1 sends what has been written                 goes on
 *              2 an NMI to all, waits for their answers      3 answers, halts with IF = 0
 *              4 INIT to all, which wait for a start-up IPI
 *              5 boot_again: .data as loaded, .bss cleared
 *              INIT alone would do on hardware, but a virtual machine may run a core for a while
 *              after it was sent: into memory that is being cleared.
 * Rejected     Unwinding goroutines one by one, as goexit does: those that are parked stand in
 *              lists of objects that the demo will never look at again, static ones included.
 */
#include "interrupt_key.h"

#include <stdatomic.h>

#include "arch.h"
#include "console.h"
#include "cpu.h"
#include "lapic.h"
#include "panic.h"

enum { STATUS_INTERRUPTED = 130 };

_Noreturn void boot_again(void); /* longmode.S */

static _Atomic(enum interrupt_key) policy;

void
interrupt_key_set(enum interrupt_key what)
{
    atomic_store(&policy, what);
}

static _Noreturn void
restart(void)
{
    console_flush();
    panic_stop_others();
    for (unsigned i = 0; i < ncpus; i++) {
        if (cpus[i] != this_cpu()) {
            lapic_ipi_init(cpus[i]->apic_id);
        }
    }
    lapic_timer_off();
    boot_again();
}

static void
interrupt_key(void)
{
    switch (atomic_load(&policy)) {
    case INTERRUPT_ENDS:
        arch_exit(STATUS_INTERRUPTED);
    case INTERRUPT_RESTARTS:
        restart();
    case INTERRUPT_CLEARS:
        break;
    }
}

void
interrupt_key_init(void)
{
    console_interrupt_key = interrupt_key;
}
