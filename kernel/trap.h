/* SPDX-License-Identifier: MIT */
/*
 * trap.h -- exceptions and interrupts.
 */
#pragma once

#include <stdint.h>

enum {
    TRAP_DIVIDE = 0,
    TRAP_NMI = 2,
    TRAP_OPCODE = 6,
    TRAP_DOUBLE = 8,
    TRAP_PROTECTION = 13,
    TRAP_PAGE = 14,
    TRAP_X87 = 16,
    TRAP_MACHINE_CHECK = 18,
    TRAP_SIMD = 19,
};

/* As vectors.S pushes it, lowest address first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Makes the one table of gates that all cores use. Boot core, first of all. */
void idt_init(void);

/* Puts it in force on this core. */
void idt_load(void);

void trap(struct trap_frame *f);
