/* SPDX-License-Identifier: MIT */
/*
 * machine.h -- in front of the kernel's on the include path: leaving the outermost section with
 * preemption off is where a thread may find itself on another core.
 */
#pragma once

void arch_preempt_off(void);
void arch_preempt_on(void);
