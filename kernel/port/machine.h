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
#define CPU_TLB_GEN  40
#define PREEMPT_NONE 0x80000000u /* this bit is clear when a reschedule is wanted */

/* First member of struct g; arch_context_switch knows the offsets. */
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
    uintptr_t limit;   /* a parked sp above it has dead pages worth giving back: mapped + slack */
    uint64_t trim_gen; /* cores whose TLB is older must be flushed before this g runs there */
};

/* What struct g begins with; a struct m begins with its g0. */
struct arch_g {
    struct arch_context context;
    struct arch_stack stack;
};
_Static_assert(offsetof(struct arch_g, context.mxcsr) == 8, "known to arch_context_switch");
_Static_assert(offsetof(struct arch_g, context.fcw) == 12, "known to arch_context_switch");
_Static_assert(offsetof(struct arch_g, stack.trim_gen) == 48, "known to arch_context_switch");

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

void arch_context_flush(void); /* switch.S */

/* The instructions of a switch; switch.S has the picture. Ends in pop and jmp: a ret would be
 * predicted to return into the old stack's caller. */
/* clang-format off */
#define SWITCH                                                                                     \
    /* 1 where to go on, and the control words */                                                  \
    "push   %%rbp\n\t"                                                                             \
    "push   $2f\n\t"                                                                               \
    "stmxcsr 8(%%rdi)\n\t"                                                                         \
    "fnstcw 12(%%rdi)\n\t"                                                                         \
    "mov    %%rsp, (%%rdi)\n\t"                                                                    \
    /* 2 pages of the other stack were given back since this core last flushed? (gstack.c) */      \
    "mov    48(%%rsi), %%rax\n\t"                                                                  \
    "cmp    %%gs:%c[gen], %%rax\n\t"                                                               \
    "ja     4f\n"                                                                                  \
    /* 3 the other stack, and its control words if they are not the same */                        \
    "1:\tmov (%%rsi), %%rsp\n\t"                                                                   \
    "mov    %%rsi, %%gs:%c[g]\n\t"                                                                 \
    "mov    8(%%rdi), %%eax\n\t"                                                                   \
    "cmp    8(%%rsi), %%eax\n\t"                                                                   \
    "jne    3f\n\t"                                                                                \
    "movzwl 12(%%rdi), %%eax\n\t"                                                                  \
    "cmp    12(%%rsi), %%ax\n\t"                                                                   \
    "jne    3f\n\t"                                                                                \
    "pop    %%rcx\n\t"                                                                             \
    "jmp    *%%rcx\n\t"                                                                            \
    ".pushsection .text.unlikely\n"                                                                \
    "3:\tldmxcsr 8(%%rsi)\n\t"                                                                     \
    "fldcw  12(%%rsi)\n\t"                                                                         \
    "pop    %%rcx\n\t"                                                                             \
    "jmp    *%%rcx\n"                                                                              \
    "4:\tcall arch_context_flush\n\t"                                                              \
    "jmp    1b\n\t"                                                                                \
    ".popsection\n"                                                                                \
    /* 4 later, with rdi = the g that ran here before, rdx = what it left to be done */            \
    "2:\tpop %%rbp"
/* clang-format on */

/* What the code on the other stack is told. */
struct arch_switched {
    struct g *prev;
    uintptr_t after;
};

/* 18 instructions and what the compiler makes of the clobbers: it saves them where the goroutine
 * enters the scheduler, once. */
static inline struct arch_switched
arch_context_switch(struct g *from, struct g *to, uintptr_t after)
{
    __asm__ volatile(SWITCH
                     : "+D"(from), "+S"(to), "+d"(after)
                     : [g] "i"(CPU_G), [gen] "i"(CPU_TLB_GEN)
                     : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "memory", "cc");
    return (struct arch_switched){ from, after };
}

/* For good: nobody comes back to this stack, so nothing is saved. Returns only by mistake. */
static inline __attribute__((always_inline)) void
arch_context_leave(struct g *from, struct g *to, uintptr_t after)
{
    __asm__ volatile(SWITCH
                     : "+D"(from), "+S"(to), "+d"(after)
                     : [g] "i"(CPU_G), [gen] "i"(CPU_TLB_GEN)
                     : "rax", "rcx", "memory", "cc");
}

enum { FCW_DEFAULT = 0x37f, MXCSR_DEFAULT = 0x1f80 };
#define GSTACK_SLACK (32ul << 10) /* dead bytes that a parked goroutine may keep mapped at first */

/* As if the new g had called arch_context_switch: entry is where it goes on, with no return
 * address. */
static inline void
arch_context_init(struct g *gp, uintptr_t top,
                  void (*entry)(struct g *prev, struct g *self, uintptr_t after))
{
    struct arch_g *g = (struct arch_g *)gp;
    uint64_t gen;
    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(gen) : "i"(CPU_TLB_GEN)); /* this core's */
    if (__builtin_expect(g->stack.trim_gen > gen, 0)) {
        /* the window was used before: see gstack.c, invariant 3 */
        __asm__ volatile("call arch_context_flush" : : : "memory", "cc");
    }
    uintptr_t *sp = (uintptr_t *)top;
    *--sp = 0;
    *--sp = (uintptr_t)entry;
    g->context = (struct arch_context){ (uintptr_t)sp, MXCSR_DEFAULT, FCW_DEFAULT, 0 };
    g->stack.limit = g->stack.mapped + GSTACK_SLACK;
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
