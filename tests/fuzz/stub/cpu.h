/* SPDX-License-Identifier: MIT */
/*
 * cpu.h -- in front of the kernel's on the include path: one core, never in an NMI.
 */
#pragma once

#include <stdbool.h>

struct cpu {
    bool in_nmi;
};

static inline struct cpu *
this_cpu(void)
{
    static struct cpu core;

    return &core;
}
