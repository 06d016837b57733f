/* SPDX-License-Identifier: MIT */
/*
 * cpu.h -- in front of the kernel's on the include path: the core that the test says it is.
 */
#pragma once

#define this_cpu real_this_cpu
#include_next <cpu.h>
#undef this_cpu

struct cpu *this_cpu(void);
