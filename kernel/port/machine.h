/* SPDX-License-Identifier: MIT */
/*
 * machine.h -- the inline half of the seam on the metal.
 *
 * Every core's %gs points to its struct cpu (kernel/cpu.h, which pins the offsets used here). Each
 * access is one instruction, so an interrupt or a migration can only come before or after it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct g;
struct m;

#define CPU_G        8
#define CPU_M        16
#define CPU_PREEMPT  24
#define PREEMPT_NONE 0x80000000u /* this bit is clear when a reschedule is wanted */

/* First member of struct g; switch.S knows the offsets. */
struct arch_context {
    uintptr_t sp;
    uint32_t mxcsr;
    uint16_t fcw;
    uint16_t spare;
};

/* What the machine keeps of a goroutine's stack, inside struct g. */
struct arch_stack {
    uintptr_t hi;      /* one past the highest usable byte */
    uintptr_t lo;      /* the window's first byte: guard page, reserve page, then usable */
    uintptr_t mapped;  /* every page in use lies at or above */
    uintptr_t slack;   /* dead bytes below sp that are worth giving back; doubled by each regret */
    uint64_t trim_gen; /* cores whose TLB is older must be flushed before this g runs there */
};

/* What struct g begins with; a struct m begins with its g0. */
struct arch_g {
    struct arch_context context;
    struct arch_stack stack;
};
_Static_assert(offsetof(struct arch_g, stack.trim_gen) == 48, "known to switch.S");

static inline struct g *
this_g(void)
{
    struct g *gp;
    __asm__("movq %%gs:%c1, %0" : "=r"(gp) : "i"(CPU_G)); /* the same for ever: may be cached */
    return gp;
}

static inline struct m *
this_m(void)
{
    struct m *mp;
    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(mp) : "i"(CPU_M));
    return mp;
}

void arch_preempt_pending(void);

static inline void
arch_preempt_off(void)
{
    __asm__ volatile("incl %%gs:%c0" : : "i"(CPU_PREEMPT) : "memory", "cc");
}

/* Two instructions while nothing is wanted: depth and the inverted flag reach 0 together. */
static inline void
arch_preempt_on(void)
{
    __asm__ goto volatile("decl %%gs:%c0\n\tjz %l1" : : "i"(CPU_PREEMPT) : "memory", "cc" : wanted);
    return;
wanted:
    arch_preempt_pending();
}

static inline bool
arch_preemptible(void)
{
    uint32_t n;
    __asm__ volatile("movl %%gs:%c1, %0" : "=r"(n) : "i"(CPU_PREEMPT));
    return (n & ~PREEMPT_NONE) == 0;
}

static inline uint64_t
arch_irq_save(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void
arch_irq_restore(uint64_t flags)
{
    if (flags & 0x200) {
        __asm__ volatile("sti" : : : "memory");
    }
}

static inline void
arch_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}
