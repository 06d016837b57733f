/* SPDX-License-Identifier: MIT */
/*
 * cpu.h -- in front of the kernel's on the include path: a core is a thread.
 */
#pragma once

#include <stdint.h>

#define MAX_CPUS 256

struct cpu {
    uint32_t id;
};

/* Behind a call, since a thread may change cores whenever it can be preempted. */
struct cpu *this_cpu(void);
