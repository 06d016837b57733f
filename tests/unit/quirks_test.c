/* SPDX-License-Identifier: MIT */
/*
 * quirks_test.c -- which processor gets which of its registers changed; links kernel/quirks.c.
 *
 * The processor is a variable; a register that it does not have counts as a fault.
 */
#include <quirks.h>
#include <string.h>
#include <x86.h>

#include "tap.h"

enum {
    UCODE = 0x8b,
    MISC = 0x1a0,
};
#define DE_CFG 0xc0011029u
#define C1E    0xc0010055u

static const char *vendor;
static uint32_t signature, max_leaf, revision;
static bool hypervised, asked;
static uint64_t misc, de_cfg, c1e;
static unsigned faults;

static uint64_t *
find(uint32_t msr)
{
    uint32_t family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
    bool intel = strcmp(vendor, "GenuineIntel") == 0;
    if (hypervised) {
        return NULL;
    }
    return intel && msr == MISC                                          ? &misc
           : !intel && msr == DE_CFG && family >= 0x10 && family != 0x11 ? &de_cfg
           : !intel && msr == C1E && family <= 0x10                      ? &c1e
                                                                         : NULL;
}

uint64_t
rdmsr(uint32_t msr)
{
    static uint64_t none;
    if (msr == UCODE) {
        return asked ? (uint64_t)revision << 32 : 0;
    }
    uint64_t *r = find(msr);
    faults += r == NULL;
    return r != NULL ? *r : none;
}

void
wrmsr(uint32_t msr, uint64_t v)
{
    uint64_t *r = find(msr);
    if (msr == UCODE) {
        asked = false;
        return;
    }
    faults += r == NULL;
    if (r != NULL) {
        *r = v;
    }
}

struct cpuid_regs
cpuid(uint32_t leaf)
{
    struct cpuid_regs r = { 0 };
    if (leaf == 0) {
        r.eax = max_leaf;
        memcpy(&r.ebx, vendor, 4);
        memcpy(&r.edx, vendor + 4, 4);
        memcpy(&r.ecx, vendor + 8, 4);
    } else {
        r.eax = signature;
        r.ecx = (uint32_t)hypervised << 31;
        asked = true;
    }
    return r;
}

static void
begin(const char *name, uint32_t eax)
{
    vendor = name;
    signature = eax;
    max_leaf = 0xd;
    hypervised = asked = false;
    faults = 0;
    misc = 1 << 22 | 1;
    c1e = 3 << 27 | 5;
    de_cfg = 4;
    quirks_core();
}

TEST(quirks_takes_the_limit_off_cpuid)
{
    begin("GenuineIntel", 0x206a7);
    CHECK_EQ(misc, 1 << 22 | 1);
    max_leaf = 3;
    quirks_core();
    CHECK_EQ(misc, 1);
    CHECK_EQ(faults, 0);
    misc = 1 << 22;
    hypervised = true;
    quirks_core();
    CHECK_EQ(misc, 1 << 22);
    CHECK_EQ(faults, 0);
}

TEST(quirks_know_amds_families)
{
    static const struct {
        uint32_t signature;
        bool fence, c1e;
    } list[] = {
        { 0x00f4a, false, false }, /* K8, before C1E */
        { 0x40fb2, false, true },  /* K8 of model 4Bh */
        { 0x100f43, true, true },  /* 10h */
        { 0x200f31, false, false }, { 0x300f10, true, false }, { 0x500f20, true, false },
        { 0x600f20, true, false },  { 0x730f01, true, false }, { 0x870f10, true, false },
        { 0xa20f10, false, false }, /* 19h: its LFENCE waits for all */
    };
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++) {
        begin("AuthenticAMD", list[i].signature);
        CHECK_EQ(de_cfg, list[i].fence ? 6 : 4);
        CHECK_EQ(c1e, list[i].c1e ? 5 : 3 << 27 | 5);
        CHECK_EQ(faults, 0);
    }
    begin("HygonGenuine", 0x900f02);
    CHECK_EQ(de_cfg, 6);
    CHECK_EQ(c1e, 3 << 27 | 5);
}

TEST(quirks_know_the_microcode_of_the_deadline_timer)
{
    static const struct {
        uint32_t signature, revision;
        bool sound;
    } list[] = {
        { 0x306f2, 0x39, false }, { 0x306f2, 0x3a, true }, { 0x306f4, 0xf, true },
        { 0x506e3, 0xb1, false }, { 0x506e3, 0xb2, true }, { 0x906e9, 0x51, false },
        { 0x50657, 0, true },     { 0x306a9, 0, true },    { 0xa0655, 0, true },
    };
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++) {
        begin("GenuineIntel", list[i].signature);
        revision = list[i].revision;
        CHECK_EQ(quirks_deadline_sound(), list[i].sound);
    }
    begin("GenuineIntel", 0x306f2);
    hypervised = true;
    CHECK(quirks_deadline_sound());
    begin("AuthenticAMD", 0x306f2);
    CHECK(quirks_deadline_sound());
}

static const struct test tests[] = {
    TEST_ENTRY(quirks_takes_the_limit_off_cpuid),
    TEST_ENTRY(quirks_know_amds_families),
    TEST_ENTRY(quirks_know_the_microcode_of_the_deadline_timer),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
