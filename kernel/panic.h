/* SPDX-License-Identifier: MIT */
/*
 * panic.h -- the last words.
 */
#pragma once

#include <stdint.h>

struct trap_frame;
struct g;

/* A trap that is nobody's but ours: registers, goroutine, backtrace, the other cores; status 2. */
_Noreturn void panic_trap(const struct trap_frame *f, const char *what);

/* Stops every other core by NMI, for good, and makes the console work without interrupts. */
void panic_stop_others(void);

void panic_print_registers(const struct trap_frame *f);

/* Where the other cores were. */
void panic_print_others(void);

/* An NMI: this core is to stop, or somebody outside wants to know where it is. */
void panic_nmi(const struct trap_frame *f);

/* Return addresses found by frame pointers from rbp on, within [lo, hi); symbols where known. */
void panic_backtrace(uintptr_t rip, uintptr_t rbp, uintptr_t lo, uintptr_t hi);
