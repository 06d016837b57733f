/* SPDX-License-Identifier: MIT */
/*
 * quirks.c -- what some processors need that no feature bit tells.
 *
 * A hypervisor's guest is left alone: these registers may not be there, and are the host's matter.
 *
 * Context      quirks_core: each core, before its features are looked at, interrupts off
 */
#include "quirks.h"

#include <stddef.h>
#include <stdint.h>
#include <x86.h>

enum {
    MSR_UCODE_REV = 0x8b,
    MSR_MISC_ENABLE = 0x1a0,
    LIMIT_CPUID = 1 << 22, /* of MISC_ENABLE */
    ECX_HYPERVISED = 31,
};
#define MSR_AMD_DE_CFG      0xc0011029u
#define DE_CFG_LFENCE       (1ull << 1)
#define MSR_AMD_INT_PENDING 0xc0010055u
#define C1E_ON_CMP_HALT     (3ull << 27)

#define INTEL               0x756e6547 /* "Genu" */
#define AMD                 0x68747541 /* "Auth" */
#define HYGON               0x6f677948 /* "Hygo" */

struct processor {
    uint32_t vendor, family, model, stepping;
};

/* False: a guest. */
static bool
identify(struct processor *p)
{
    struct cpuid_regs r = cpuid(1);
    p->vendor = cpuid(0).ebx;
    p->stepping = r.eax & 0xf;
    p->family = r.eax >> 8 & 0xf;
    p->model = (r.eax >> 4 & 0xf) | (r.eax >> 12 & 0xf0);
    p->family += p->family == 15 ? r.eax >> 20 & 0xff : 0;
    return (r.ecx >> ECX_HYPERVISED & 1) == 0;
}

/* `set` and `clear` in a register that this family has. */
static void
change(uint32_t msr, uint64_t set, uint64_t clear)
{
    uint64_t v = rdmsr(msr), want = (v & ~clear) | set;
    if (v != want) {
        wrmsr(msr, want);
    }
}

void
quirks_core(void)
{
    struct processor p;
    if (!identify(&p)) {
        return;
    }
    if (p.vendor == INTEL && p.family == 6 && cpuid(0).eax < 4) { /* "Limit CPUID Maximum" */
        change(MSR_MISC_ENABLE, 0, LIMIT_CPUID);
    }
    if ((p.vendor == AMD && p.family >= 0x10 && p.family <= 0x17 && p.family != 0x11
         && p.family != 0x13)
        || (p.vendor == HYGON && p.family == 0x18)) {
        change(MSR_AMD_DE_CFG, DE_CFG_LFENCE, 0); /* else RDTSC passes it, and earlier loads */
    }
    if (p.vendor == AMD && (p.family == 0x10 || (p.family == 0xf && p.model >= 0x40))) {
        change(MSR_AMD_INT_PENDING, 0, C1E_ON_CMP_HALT); /* C1E stops the APIC's timer */
    }
}

/* The microcode that has the deadline timer right, oldest that does, of steppings from .. to. */
static const struct {
    uint8_t model, from, to;
    uint32_t revision;
} deadline_fixes[] = {
    { 0x3c, 0, 15, 0x22 },     { 0x3d, 0, 15, 0x25 },     { 0x3f, 2, 2, 0x3a },
    { 0x3f, 4, 4, 0x0f },      { 0x45, 0, 15, 0x20 },     { 0x46, 0, 15, 0x17 },
    { 0x47, 0, 15, 0x17 },     { 0x4e, 0, 15, 0xb2 },     { 0x4f, 0, 15, 0xb000020 },
    { 0x55, 3, 3, 0x1000136 }, { 0x55, 4, 4, 0x2000014 }, { 0x56, 2, 2, 0x11 },
    { 0x56, 3, 3, 0x700000e }, { 0x56, 4, 4, 0xf00000c }, { 0x56, 5, 5, 0xe000003 },
    { 0x5e, 0, 15, 0xb2 },     { 0x8e, 0, 15, 0x52 },     { 0x9e, 0, 15, 0x52 },
};

bool
quirks_deadline_sound(void)
{
    struct processor p;
    if (!identify(&p) || p.vendor != INTEL || p.family != 6) {
        return true;
    }
    wrmsr(MSR_UCODE_REV, 0);
    cpuid(1); /* loads the revision into the upper half */
    uint32_t revision = (uint32_t)(rdmsr(MSR_UCODE_REV) >> 32);
    for (size_t i = 0; i < sizeof(deadline_fixes) / sizeof(deadline_fixes[0]); i++) {
        if (deadline_fixes[i].model == p.model && deadline_fixes[i].from <= p.stepping
            && p.stepping <= deadline_fixes[i].to) {
            return revision >= deadline_fixes[i].revision;
        }
    }
    return true;
}
