/* SPDX-License-Identifier: MIT */
/*
 * machine.h -- the inline half of the seam in a Linux process: a thread is a core.
 *
 * What belongs to a core is thread-local, in struct host_core, and is reached by one instruction
 * relative to %fs. So a preempting signal, which may move the goroutine to another thread, can only
 * come before or after it.
 *
 * Rejected     Plain accesses to a thread-local variable: the compiler may compute its address,
 *              be interrupted, and change the count of a core already left; or keep the address
 *              across a switch. A function that is never inlined cures only the second.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct g;
struct m;

/* Offsets in struct host_core, pinned in host.h. */
#define HOST_G       0
#define HOST_M       8
#define HOST_PREEMPT 16
#define HOST_IRQ_OFF 20
#define PREEMPT_NONE 0x80000000u /* this bit is clear when a reschedule is wanted */

#define HOST_CORE    "%%fs:host_core@tpoff+%c"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HOST_TSAN 1
#else
#define HOST_TSAN 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define HOST_ASAN 1
#else
#define HOST_ASAN 0
#endif
#define HOST_POLL (HOST_TSAN || HOST_ASAN) /* see arch_host.c */

/* First member of struct g; switch_host.S and arch_context_switch know the offsets. */
struct arch_context {
    uintptr_t sp;
    uint32_t mxcsr;
    uint16_t fcw;
    uint16_t spare;
    int32_t err; /* the C library's errno, while the g does not run */
    uint32_t spare2;
#if HOST_POLL
    void *fiber;      /* what ThreadSanitizer calls it */
    void *fake_stack; /* AddressSanitizer's, while the g does not run */
#endif
};

/* What the machine keeps of a goroutine's stack, inside struct g. */
struct arch_stack {
    uintptr_t hi;     /* one past the highest usable byte */
    uintptr_t lo;     /* the window's first byte: a guard page, then usable */
    uintptr_t mapped; /* = hi - a page, or hi: the host maps pages and tells nobody */
    uintptr_t limit;  /* UINTPTR_MAX: nothing is given back at a switch */
};

/* What struct g begins with; a struct m begins with its g0. */
struct arch_g {
    struct arch_context context;
    struct arch_stack stack;
};
_Static_assert(offsetof(struct arch_context, err) == 16,
               "known to switch_host.S and to the switch");

static inline struct g *
this_g(void)
{
    struct g *gp;
    __asm__("movq " HOST_CORE "1, %0" : "=r"(gp) : "i"(HOST_G)); /* the same for ever */
    return gp;
}

static inline struct m *
this_m(void)
{
    struct m *mp;
    __asm__ volatile("movq " HOST_CORE "1, %0" : "=r"(mp) : "i"(HOST_M));
    return mp;
}

static inline bool
arch_preemptible(void)
{
    uint32_t n;
    __asm__ volatile("movl " HOST_CORE "1, %0" : "=r"(n) : "i"(HOST_PREEMPT));
    return (n & ~PREEMPT_NONE) == 0;
}

void arch_preempt_pending(void);
void host_irq_restore(void);

struct arch_switched {
    struct g *prev;
    uintptr_t after;
};
void arch_context_init(struct g *gp, uintptr_t top,
                       void (*entry)(struct g *prev, struct g *self, uintptr_t after));

#if HOST_POLL /* the sanitizers are told of each switch */
struct arch_switched arch_context_switch(struct g *from, struct g *to, uintptr_t after);
#else
/* As on the metal (kernel/port/machine.h), with %fs for %gs, and the C library's errno kept by each
 * goroutine: it is a thread's, and a goroutine may go on in another thread. What is clobbered the
 * compiler saves where the goroutine enters the scheduler, once. It pushes, so whatever it becomes
 * a part of is compiled without a red zone. No ret: it would be predicted to return into the old
 * stack's caller. MXCSR is loaded in any case: on an AMD EPYC that is free, while a look whether it
 * is the same (stmxcsr takes 12 cycles to say) is 1.5 ns; of the x87 word the opposite is true.
 *
 *      sp -> | where to go on |  label 2, or a new goroutine's entry
 *            | rbp            |  of the function that this is a part of; a new one's is 0
 */
static inline struct arch_switched
arch_context_switch(struct g *from, struct g *to, uintptr_t after)
{
    __asm__ volatile(
        /* 1 where to go on, the control words and errno */
        "push   %%rbp\n\t"
        "lea    2f(%%rip), %%rax\n\t"
        "push   %%rax\n\t"
        "stmxcsr 8(%%rdi)\n\t"
        "fnstcw 12(%%rdi)\n\t"
        "mov    host_errno_at(%%rip), %%r8\n\t"
        "mov    %%fs:(%%r8), %%ecx\n\t"
        "mov    %%ecx, 16(%%rdi)\n\t"
        "mov    %%rsp, (%%rdi)\n\t"
        /* 2 the other stack, its errno and its control words */
        "mov    (%%rsi), %%rsp\n\t"
        "mov    %%rsi, " HOST_CORE "[g]\n\t"
        "mov    16(%%rsi), %%ecx\n\t"
        "mov    %%ecx, %%fs:(%%r8)\n\t"
        "ldmxcsr 8(%%rsi)\n\t"
        "movzwl 12(%%rdi), %%ecx\n\t"
        "cmp    12(%%rsi), %%cx\n\t"
        "jne    3f\n\t"
        "pop    %%rcx\n\t"
        "jmp    *%%rcx\n\t"
        ".pushsection .text.unlikely\n"
        "3:\tfldcw 12(%%rsi)\n\t"
        "pop    %%rcx\n\t"
        "jmp    *%%rcx\n\t"
        ".popsection\n"
        /* 3 later, with rdi = the g that ran here before, rdx = its after */
        "2:\tpop %%rbp"
        : "+D"(from), "+S"(to), "+d"(after)
        : [g] "i"(HOST_G)
        : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1",
          "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
          "xmm13", "xmm14", "xmm15", "memory", "cc");
    return (struct arch_switched){ from, after };
}
#endif

/* Nothing is gained by not saving. */
static inline void
arch_context_leave(struct g *from, struct g *to, uintptr_t after)
{
    arch_context_switch(from, to, after);
}

static inline void
arch_preempt_off(void)
{
    __asm__ volatile("incl " HOST_CORE "0" : : "i"(HOST_PREEMPT) : "memory", "cc");
}

/* Depth and the inverted flag reach 0 together, as on the metal. */
static inline void
arch_preempt_on(void)
{
    __asm__ goto volatile("decl " HOST_CORE "0\n\tjz %l1"
                          :
                          : "i"(HOST_PREEMPT)
                          : "memory", "cc"
                          : wanted);
    return;
wanted:
    arch_preempt_pending();
}

/* "Interrupts" are the two kinds of signal that host_interrupt serves. Preemption is off. */
static inline uint64_t
arch_irq_save(void)
{
    uint32_t was = 1;
    __asm__ volatile("xchgl %0, " HOST_CORE "1" : "+r"(was) : "i"(HOST_IRQ_OFF) : "memory");
    return was;
}

static inline void
arch_irq_restore(uint64_t was)
{
    if (was == 0) {
        host_irq_restore();
    }
}

static inline void
arch_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}
