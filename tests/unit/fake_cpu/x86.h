/* SPDX-License-Identifier: MIT */
/*
 * x86.h -- in front of the kernel's on the include path: what a driver asks of the processor, the
 * test answers.
 */
#pragma once

#define rdmsr       real_rdmsr
#define wrmsr       real_wrmsr
#define cpuid       real_cpuid
#define cpuid_count real_cpuid_count
#define rdtsc       real_rdtsc
#define irq_save    real_irq_save
#define irq_restore real_irq_restore
#include_next <x86.h>
#undef rdmsr
#undef wrmsr
#undef cpuid
#undef cpuid_count
#undef rdtsc
#undef irq_save
#undef irq_restore

uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t v);
struct cpuid_regs cpuid(uint32_t leaf);
struct cpuid_regs cpuid_count(uint32_t leaf, uint32_t sub);
uint64_t rdtsc(void);

static inline uint64_t
irq_save(void)
{
    return 0;
}

static inline void
irq_restore(uint64_t flags)
{
    (void)flags;
}
