/* SPDX-License-Identifier: MIT */
/*
 * cpu.h -- what each core owns, reached through %gs, and what the processor can do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CPUS 256

/* Segment selectors. All code runs in ring 0, so there are no others. */
#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_TSS  0x18

/* Which interrupt stack a vector uses; no vector uses the interrupted one. */
enum {
    IST_IRQ = 1, /* maskable vectors and all exceptions not named below; their gates clear IF */
    IST_PF = 2,
    IST_NMI = 3,
    IST_DF = 4,
    IST_MC = 5,
    IST_COUNT = 5,
};

#define IST_STACK_SIZE  (16u << 10)
#define CORE_STACK_SIZE (32u << 10)

/* preempt: depth of non-preemptible sections, and bit 31 set while NO reschedule is wanted, so that
 * "depth 0 and a reschedule wanted" is the one value 0 and leaving a section is one decrement. */
#define PREEMPT_NO_RESCHED 0x80000000u
#define PREEMPT_INITIAL    (PREEMPT_NO_RESCHED | 1u)

/* The 64-bit task state segment (3A, 8.7). */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* ist[n - 1] is IST n */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
} __attribute__((packed));

struct g;
struct m;
struct trap_frame;

struct cpu {
    /* this core only; offsets known to assembly and to kernel/port/machine.h */
    struct cpu *self;
    struct g *g; /* the goroutine that runs here */
    struct m *m;
    uint32_t preempt;
    uint32_t id;       /* dense: 0 is the boot core */
    uintptr_t core_sp; /* the core's own stack: its top, then where the switch saved it */
    uint64_t tlb_gen;
    _Atomic uint32_t tlb_idle;
    uint32_t apic_id;

    /* this core writes, anyone reads */
    uint64_t interrupts;
    uint64_t ipis_sent;
    uint64_t stack_faults;
    uint64_t spurious;
    uint64_t nmis;
    bool in_nmi; /* the console must not wait for a lock that this very core may hold */
    const struct trap_frame *fault; /* of the goroutine that a report is about, or NULL */
    uint64_t idle_ns;               /* time spent halted */
    uint64_t idle_halts;

    /* constant after cpu_stacks_init */
    uintptr_t core_top;
    uintptr_t ist_top[IST_COUNT + 1]; /* by IST number; 0 is unused */
    uint64_t gdt[5];
    struct tss tss;
};

_Static_assert(offsetof(struct cpu, self) == 0, "known to this_cpu and to assembly");
_Static_assert(offsetof(struct cpu, g) == 8, "known to assembly");
_Static_assert(offsetof(struct cpu, m) == 16, "known to assembly");
_Static_assert(offsetof(struct cpu, preempt) == 24, "known to assembly");
_Static_assert(offsetof(struct cpu, id) == 28, "known to assembly");
_Static_assert(offsetof(struct cpu, core_sp) == 32, "known to assembly");
_Static_assert(offsetof(struct cpu, tlb_gen) == 40, "known to assembly");
_Static_assert(offsetof(struct cpu, tlb_idle) == 48, "known to assembly");
_Static_assert(offsetof(struct cpu, apic_id) == 52, "known to assembly");
_Static_assert(sizeof(struct tss) == 104, "3A, figure 8-11");

struct cpu_features {
    char vendor[13];
    char brand[49];
    char hypervisor[13]; /* empty: none announced */
    uint8_t family;
    uint8_t model;
    uint32_t max_leaf;
    uint32_t max_ext_leaf;
    bool hypervised;
    bool x2apic, tsc_deadline, invtsc, rdtscp;
    bool nx, pge, pages_1g, smep, smap, umip;
    bool xsave, avx, avx2, avx512, mwait, tsc_adjust;
    uint8_t phys_bits; /* of an address */
    uint32_t isa[4];   /* instructions that any code may have found here and use elsewhere */
};

extern struct cpu_features cpu_features;
extern struct cpu *cpus[MAX_CPUS];
extern unsigned ncpus;
extern struct cpu cpu_boot;

/* How an interrupted goroutine's vector state is saved: XSAVE with this mask and this many bytes
 * where cpu_xsave_size is not 0, else FXSAVE and 512 bytes. */
extern uint64_t cpu_xsave_mask;
extern size_t cpu_xsave_size;

/* The core this runs on. Stale at once where the caller can be preempted. */
static inline struct cpu *
this_cpu(void)
{
    struct cpu *c;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(c));
    return c;
}

/* Fills cpu_features, cpu_xsave_mask and cpu_xsave_size. The boot core, first of all. */
void cpu_detect(void);
void cpu_print_features(void);

/* What the boot core has and this one has not, or NULL. Before cpu_init, which would set it up. */
const char *cpu_lacks(void);

/* Makes *c the core this runs on: GDT, TSS, IDT, GS base, control registers. The boot core calls it
 * before there is memory and borrows small interrupt stacks until cpu_stacks_init(&cpu_boot). */
void cpu_init(struct cpu *c);

/* Gives *c its interrupt stacks (and the boot core a core stack). False when out of memory. */
bool cpu_stacks_init(struct cpu *c);

/* A core's record, zeroed but for self, core_sp and preempt, with stacks. NULL: out of memory. */
struct cpu *cpu_new(void);
