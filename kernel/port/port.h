/* SPDX-License-Identifier: MIT */
/*
 * port.h -- what the rest of the kernel needs of kernel/port/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct trap_frame;

/* Runs fn(arg) on this core's own stack with interrupts off; at once where that is the stack in
 * use. For whatever must not page-fault (pmm.c). */
void *call_on_core_stack(void *(*fn)(void *), void *arg);

/* An injected call's way back (switch.S). */
void async_preempt(void);

/* At the end of every interrupt: takes the core away from the goroutine if the scheduler says
 * so. */
void port_after_interrupt(struct trap_frame *f);

/* The frame of a trap in a goroutine's own code: makes it call sched_fault there. `call`: it has
 * just called nowhere, and its return address is on the stack. False: not a goroutine's own code.
 * */
bool port_inject_fault(struct trap_frame *f, uintptr_t address, bool call, const char *what);

/* What a started core runs: waits for the scheduler to give it its m. */
void port_core_entry(void);

/* Lets the console's interrupt wake readline. */
void port_console_init(void);
