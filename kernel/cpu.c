/* SPDX-License-Identifier: MIT */
/*
 * cpu.c -- a core's own tables and control registers, and what the processor can do.
 *
 * Invariants   1. cpus[i]->id == i for every i < ncpus; 0 is the boot core.
 *              2. Every IST entry of a core's TSS ends a mapped stack before the IDT is loaded.
 * Context      cpu_init: on the core meant, interrupts off.
 * Rejected     swapgs: all code runs in ring 0, so %gs has one meaning. rdgsbase: not everywhere.
 *              AMX state in XCR0: 8 KiB more for each preempted goroutine, for tiles none uses.
 */
#include "cpu.h"

#include "print.h"
#include "quirks.h"
#include "trap.h"
#include "vm.h"
#include "x86.h"

struct cpu_features cpu_features;
struct cpu *cpus[MAX_CPUS] = { &cpu_boot };
unsigned ncpus = 1;
struct cpu cpu_boot = { .self = &cpu_boot, .preempt = PREEMPT_INITIAL };

uint64_t cpu_xsave_mask;
size_t cpu_xsave_size;

/* Before there is memory every trap of the boot core ends in a report: one small stack serves. */
static uint8_t early_stack[8192] __attribute__((aligned(16)));

enum {
    XCR0_LEGACY = 0x3, /* x87, SSE */
    XCR0_AVX = 0x4,
    XCR0_AVX512 = 0xe0, /* opmask, ZMM_Hi256, Hi16_ZMM: all three or none (1, 13.3) */
};

/* What needs no permission, so that any code may ask for it and use it (2A, CPUID). */
enum {
    ISA_1_ECX = 1 << 0 | 1 << 1 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 22 | 1 << 23
                | 1 << 25 | 1 << 29 | 1 << 30,
    ISA_7_EBX = 1 << 3 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 16 | 1 << 17 | 1 << 18 | 1 << 19 | 1 << 21
                | 1 << 23 | 1 << 24 | 1 << 28 | 1 << 29 | 1 << 30,
    ISA_7_ECX = 1 << 1 | 1 << 6 | 0x1f << 8 | 1 << 14,
    ISA_EXT_ECX = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 11 | 1 << 16,
};

static bool
bit(uint32_t word, unsigned n)
{
    return (word >> n & 1) != 0;
}

static void
copy_words(char *out, const uint32_t *words, unsigned n)
{
    for (unsigned i = 0; i < n * 4; i++) {
        out[i] = (char)(words[i / 4] >> i % 4 * 8);
    }
    out[n * 4] = '\0';
}

static void
detect_names(void)
{
    struct cpu_features *f = &cpu_features;
    struct cpuid_regs r = cpuid(0);
    copy_words(f->vendor, (uint32_t[]){ r.ebx, r.edx, r.ecx }, 3);
    if (f->max_ext_leaf >= 0x80000004 && f->max_ext_leaf < 0x80010000) {
        uint32_t words[12];
        for (uint32_t i = 0; i < 3; i++) {
            r = cpuid(0x80000002 + i);
            words[i * 4] = r.eax;
            words[i * 4 + 1] = r.ebx;
            words[i * 4 + 2] = r.ecx;
            words[i * 4 + 3] = r.edx;
        }
        copy_words(f->brand, words, 12);
    }
    r = cpuid(1);
    unsigned family = r.eax >> 8 & 0xf;
    unsigned model = r.eax >> 4 & 0xf;
    if (family == 6 || family == 15) {
        model |= (r.eax >> 16 & 0xf) << 4;
    }
    f->family = (uint8_t)(family == 15 ? family + (r.eax >> 20 & 0xff) : family);
    f->model = (uint8_t)model;
    f->hypervised = bit(r.ecx, 31);
    if (f->hypervised) {
        r = cpuid(0x40000000);
        copy_words(f->hypervisor, (uint32_t[]){ r.ebx, r.ecx, r.edx }, 3);
    }
}

static void
detect_bits(struct cpu_features *f)
{
    f->max_leaf = cpuid(0).eax;
    f->max_ext_leaf = cpuid(0x80000000).eax;
    struct cpuid_regs r = cpuid(1);
    f->isa[0] = r.ecx & ISA_1_ECX;
    f->mwait = bit(r.ecx, 3);
    f->x2apic = bit(r.ecx, 21);
    f->tsc_deadline = bit(r.ecx, 24);
    f->xsave = bit(r.ecx, 26);
    f->avx = f->xsave && bit(r.ecx, 28);
    f->pge = bit(r.edx, 13);
    if (f->max_leaf >= 7) {
        r = cpuid(7);
        f->isa[1] = r.ebx & ISA_7_EBX;
        f->isa[2] = r.ecx & ISA_7_ECX;
        f->tsc_adjust = bit(r.ebx, 1);
        f->avx2 = f->avx && bit(r.ebx, 5);
        f->smep = bit(r.ebx, 7);
        f->avx512 = f->avx && bit(r.ebx, 16);
        f->smap = bit(r.ebx, 20);
        f->umip = bit(r.ecx, 2);
    }
    if (f->max_ext_leaf >= 0x80000001) {
        r = cpuid(0x80000001);
        f->isa[3] = r.ecx & ISA_EXT_ECX;
        f->nx = bit(r.edx, 20);
        f->pages_1g = bit(r.edx, 26);
        f->rdtscp = bit(r.edx, 27);
    }
    if (f->max_ext_leaf >= 0x80000007) {
        f->invtsc = bit(cpuid(0x80000007).edx, 8);
    }
    f->phys_bits = 36;
    if (f->max_ext_leaf >= 0x80000008) {
        f->phys_bits = (uint8_t)cpuid(0x80000008).eax;
    }
}

/* The offsets of the standard form tell how far the highest component enabled here reaches. */
static void
detect_xsave(const struct cpu_features *f, uint64_t *wanted, size_t *bytes)
{
    *wanted = *bytes = 0;
    if (!f->xsave || f->max_leaf < 0xd) {
        return;
    }
    uint64_t offered = cpuid_count(0xd, 0).eax;
    uint64_t mask = offered & XCR0_LEGACY;
    if (f->avx) {
        mask |= offered & XCR0_AVX;
    }
    if (f->avx512 && (offered & XCR0_AVX512) == XCR0_AVX512) {
        mask |= XCR0_AVX512;
    }
    size_t size = 512 + 64; /* legacy area and header */
    for (uint32_t i = 2; i < 8; i++) {
        if ((mask >> i & 1) != 0) {
            struct cpuid_regs r = cpuid_count(0xd, i);
            if (r.ebx + r.eax > size) {
                size = r.ebx + r.eax;
            }
        }
    }
    *wanted = mask;
    *bytes = size;
}

void
cpu_detect(void)
{
    quirks_core();
    detect_bits(&cpu_features);
    detect_names();
    detect_xsave(&cpu_features, &cpu_xsave_mask, &cpu_xsave_size);
}

/* Goroutines move, with what they have found out about the processor and with their vector state
 * in the boot core's form. */
const char *
cpu_lacks(void)
{
    const struct cpu_features *want = &cpu_features;
    struct cpu_features own = { 0 };
    uint64_t mask;
    size_t size;
    detect_bits(&own);
    detect_xsave(&own, &mask, &size);
    const struct {
        bool want, have;
        const char *name;
    } list[] = {
        { want->x2apic, own.x2apic, "x2apic" },
        { want->tsc_deadline, own.tsc_deadline, "tsc-deadline" },
        { want->invtsc, own.invtsc, "invtsc" },
        { want->tsc_adjust, own.tsc_adjust, "tsc-adjust" },
        { want->rdtscp, own.rdtscp, "rdtscp" },
        { want->nx, own.nx, "nx" },
        { want->pge, own.pge, "pge" },
        { want->pages_1g, own.pages_1g, "1g-pages" },
        { want->smep, own.smep, "smep" },
        { want->smap, own.smap, "smap" },
        { want->umip, own.umip, "umip" },
        { want->phys_bits > own.phys_bits, false, "its physical addresses" },
        { mask != cpu_xsave_mask || size != cpu_xsave_size, false, "its xsave area" },
        { (want->isa[0] & ~own.isa[0]) != 0, false, "instructions of cpuid 1" },
        { ((want->isa[1] & ~own.isa[1]) | (want->isa[2] & ~own.isa[2])) != 0, false,
          "instructions of cpuid 7" },
        { (want->isa[3] & ~own.isa[3]) != 0, false, "instructions of cpuid 80000001h" },
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (list[i].want && !list[i].have) {
            return list[i].name;
        }
    }
    return NULL;
}

void
cpu_print_features(void)
{
    const struct cpu_features *f = &cpu_features;
    const char *brand = f->brand;
    while (*brand == ' ') {
        brand++;
    }
    kprintf("cpu: %s, family %u model %u, %s%s%s\n", f->vendor, f->family, f->model,
            *brand != '\0' ? brand : "no name", f->hypervised ? ", under " : "",
            f->hypervised ? f->hypervisor : "");
    const struct {
        bool have;
        const char *name;
    } list[] = {
        { f->x2apic, "x2apic" },
        { f->tsc_deadline, "tsc-deadline" },
        { f->invtsc, "invtsc" },
        { f->rdtscp, "rdtscp" },
        { f->nx, "nx" },
        { f->pge, "pge" },
        { f->pages_1g, "1g-pages" },
        { f->smep, "smep" },
        { f->smap, "smap" },
        { f->umip, "umip" },
        { f->xsave, "xsave" },
        { f->avx, "avx" },
        { f->avx2, "avx2" },
        { f->avx512, "avx512" },
        { f->mwait, "mwait" },
    };
    kprintf("cpu:");
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        kprintf("%s%s", list[i].have ? " " : " no-", list[i].name);
    }
    kprintf("; xsave mask %#lx, %zu bytes\n", cpu_xsave_mask,
            cpu_xsave_size != 0 ? cpu_xsave_size : 512);
}

static void
set_control_registers(void)
{
    const struct cpu_features *f = &cpu_features;
    uint64_t cr0 = read_cr0() & ~(CR0_EM | CR0_TS | CR0_AM | CR0_NW | CR0_CD);
    write_cr0(cr0 | CR0_MP | CR0_NE | CR0_WP);
    if (f->nx) {
        wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
    }
    wrmsr(MSR_PAT, PAT_TYPES); /* no mapping has used the type that changes */
    uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_MCE;
    cr4 |= f->pge ? CR4_PGE : 0;
    cr4 |= f->smep ? CR4_SMEP : 0;
    cr4 |= f->smap ? CR4_SMAP : 0;
    cr4 |= f->umip ? CR4_UMIP : 0;
    cr4 |= f->xsave ? CR4_OSXSAVE : 0;
    write_cr4(cr4);
    if (f->xsave) {
        write_xcr0(cpu_xsave_mask);
    }
    __asm__ volatile("fninit");
    __asm__ volatile("ldmxcsr %0" : : "m"((const uint32_t){ 0x1f80 })); /* all masked, nearest */
}

static void
fill_tables(struct cpu *c)
{
    uint64_t base = (uint64_t)&c->tss;
    c->gdt[SEL_CODE / 8] = 0x00af9b000000ffff; /* long mode, ring 0, accessed (3A, 3.4.5) */
    c->gdt[SEL_DATA / 8] = 0x00cf93000000ffff;
    c->gdt[SEL_TSS / 8] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40
                          | (base >> 24 & 0xff) << 56;
    c->gdt[SEL_TSS / 8 + 1] = base >> 32;
    c->tss.iomap_base = sizeof(struct tss);
    for (unsigned i = 1; i <= IST_COUNT; i++) {
        c->tss.ist[i - 1] =
            c->ist_top[i] != 0 ? c->ist_top[i] : (uintptr_t)early_stack + sizeof(early_stack);
    }
}

static void
load_tables(const struct cpu *c)
{
    struct x86_table gdtr = { sizeof(c->gdt) - 1, (uint64_t)c->gdt };
    uint64_t scratch;
    __asm__ volatile("lgdt %[gdtr]\n\t"
                     "push %[code]\n\t"
                     "lea 1f(%%rip), %[scratch]\n\t"
                     "push %[scratch]\n\t"
                     "lretq\n"
                     "1:\tmov %[data], %%ds\n\t"
                     "mov %[data], %%es\n\t"
                     "mov %[data], %%ss\n\t"
                     "mov %[zero], %%fs\n\t"
                     "mov %[zero], %%gs\n\t"
                     "ltr %w[tss]"
                     : [scratch] "=&r"(scratch)
                     : [gdtr] "m"(gdtr), [code] "i"(SEL_CODE), [data] "r"(SEL_DATA), [zero] "r"(0),
                       [tss] "r"(SEL_TSS)
                     : "memory");
}

void
cpu_init(struct cpu *c)
{
    c->self = c;
    fill_tables(c);
    load_tables(c);
    wrmsr(MSR_GS_BASE, (uint64_t)c); /* after the selector, whose load clears the base on AMD */
    idt_load();
    set_control_registers();
}

bool
cpu_stacks_init(struct cpu *c)
{
    for (unsigned i = 1; i <= IST_COUNT; i++) {
        if (c->ist_top[i] == 0) {
            c->ist_top[i] = (uintptr_t)vm_kstack_alloc(IST_STACK_SIZE);
            if (c->ist_top[i] == 0) {
                return false;
            }
        }
        c->tss.ist[i - 1] = c->ist_top[i]; /* read at each interrupt: in force at once */
    }
    if (c->core_top == 0) {
        c->core_top = (uintptr_t)vm_kstack_alloc(CORE_STACK_SIZE);
    }
    if (c->core_sp == 0) {
        c->core_sp = c->core_top;
    }
    return c->core_top != 0;
}

/* The record lies at the top of the core's own stack: away from the end that grows. */
struct cpu *
cpu_new(void)
{
    uintptr_t top = (uintptr_t)vm_kstack_alloc(CORE_STACK_SIZE);
    if (top == 0) {
        return NULL;
    }
    struct cpu *c = (struct cpu *)((top - sizeof(struct cpu)) & ~63ul);
    __builtin_memset(c, 0, sizeof(*c));
    c->self = c;
    c->preempt = PREEMPT_INITIAL;
    c->core_top = (uintptr_t)c;
    c->core_sp = (uintptr_t)c;
    return cpu_stacks_init(c) ? c : NULL;
}
