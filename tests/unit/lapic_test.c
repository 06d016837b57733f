/* SPDX-License-Identifier: MIT */
/*
 * lapic_test.c -- a local APIC in any state that firmware may leave it in; links drivers/lapic.c.
 *
 * The processor is a variable that knows the rules of IA32_APIC_BASE (SDM 3A, 11.12.5) and counts
 * the faults that a breach of them would be.
 */
#include <acpi.h>
#include <cpu.h>
#include <lapic.h>
#include <quirks.h>
#include <stdlib.h>
#include <string.h>
#include <x86.h>

#include "tap.h"

enum { BSP = 1 << 8, EXTD = 1 << 10, EN = 1 << 11, XAPIC_FIELD = 1 << 9, X2APIC_FIELD = 1 << 21 };

struct cpu_features cpu_features;

static struct cpu core;
static struct acpi_info acpi;
static bool has_apic, has_x2apic, locked, sound;
static uint64_t base;
static unsigned faults, complaints, x2apic_writes;
static uint64_t mapped;
static uint32_t page[1024];

bool
quirks_deadline_sound(void)
{
    return sound;
}

struct cpu *
this_cpu(void)
{
    return &core;
}

void
kprintf(const char *format, ...)
{
    (void)format;
    complaints++;
}

void
panic_throw(const char *format, ...)
{
    (void)format;
    abort();
}

void *
vm_map_phys(uint64_t pa, size_t len, unsigned flags)
{
    (void)flags;
    mapped = pa;
    return len == sizeof page ? page : NULL;
}

uint64_t
rdtsc(void)
{
    return 0;
}

struct cpuid_regs
cpuid(uint32_t leaf)
{
    struct cpuid_regs r = { 0 };

    if (leaf == 1) {
        r.edx = has_apic && base & EN ? XAPIC_FIELD : 0;
        r.ecx = has_x2apic ? X2APIC_FIELD : 0;
    }
    return r;
}

uint64_t
rdmsr(uint32_t msr)
{
    if (msr == MSR_APIC_BASE) {
        return base;
    }
    faults += !(base & EXTD);
    return msr == MSR_X2APIC_BASE + 2 ? 7 : 0;
}

static void
write_base(uint64_t v)
{
    uint64_t was = base & (EN | EXTD), will = v & (EN | EXTD);
    bool legal = will != EXTD && !(was == 0 && will == (EN | EXTD))
                 && !(was == (EN | EXTD) && will == EN) && (has_x2apic || !(will & EXTD))
                 && !(locked && will != was);

    faults += !legal;
    base = legal ? v : base;
}

void
wrmsr(uint32_t msr, uint64_t v)
{
    if (msr == MSR_APIC_BASE) {
        write_base(v);
    } else if (msr != MSR_TSC_DEADLINE) {
        faults += !(base & EXTD);
        x2apic_writes++;
    }
}

static void
begin(uint64_t apic_base, bool x2apic)
{
    base = apic_base;
    memset(&cpu_features, 0, sizeof cpu_features);
    has_apic = true;
    has_x2apic = x2apic;
    locked = false;
    sound = true;
    cpu_features.hypervised = x2apic; /* else nobody asks for it */
    faults = complaints = x2apic_writes = 0;
    mapped = 0;
    memset(page, 0, sizeof page);
    page[0x20 / 4] = 5u << 24;
    memset(&acpi, 0, sizeof acpi);
    core.apic_id = 99;
}

static bool
start(void)
{
    if (!lapic_init(&acpi)) {
        return false;
    }
    lapic_init_core();
    return true;
}

TEST(lapic_keeps_x2apic_where_firmware_left_it_on)
{
    begin(0xfee00000 | BSP | EN | EXTD, true);
    locked = true;
    acpi.x2apic_opt_out = true; /* too late */
    CHECK(start());
    CHECK(lapic_is_x2apic());
    CHECK_EQ(base, 0xfee00000 | BSP | EN | EXTD);
    CHECK_EQ(core.apic_id, 7);
    CHECK_EQ(faults, 0);
    CHECK_EQ(mapped, 0);
    CHECK(x2apic_writes > 0);
}

TEST(lapic_switches_on_what_firmware_left_off)
{
    for (int x2apic = 0; x2apic <= 1; x2apic++) {
        begin(0xfee00000 | BSP, x2apic);
        CHECK(start());
        CHECK_EQ(base, 0xfee00000 | BSP | EN | (x2apic ? EXTD : 0));
        CHECK_EQ(core.apic_id, x2apic ? 7 : 5);
        CHECK_EQ(faults, 0);
        CHECK_EQ(complaints, 1);
    }
    begin(0xfee00000 | BSP, false);
    has_apic = false;
    CHECK(!start());
}

TEST(lapic_is_where_the_processor_says)
{
    begin(0xfed00000 | BSP | EN, false);
    acpi.lapic_addr = 0xfee00000;
    CHECK(start());
    CHECK_EQ(mapped, 0xfed00000);
    CHECK_EQ(complaints, 1);
    base = 0xfee00000 | EN; /* another core, as it came out of its reset */
    lapic_init_core();
    CHECK_EQ(base, 0xfed00000 | EN);
    CHECK_EQ(faults, 0);
}

TEST(lapic_stays_with_xapic_where_firmware_asks_for_it)
{
    begin(0xfee00000 | BSP | EN, true);
    acpi.x2apic_opt_out = true;
    CHECK(start());
    CHECK(!lapic_is_x2apic());
    CHECK_EQ(base, 0xfee00000 | BSP | EN);
    base = 0xfee00000 | EN | EXTD; /* another core, which firmware has switched all the same */
    lapic_init_core();
    CHECK_EQ(base, 0xfee00000 | EN);
    CHECK_EQ(core.apic_id, 5);
    CHECK_EQ(faults, 0);
    CHECK_EQ(x2apic_writes, 0);
}

TEST(lapic_of_each_core_ends_in_one_mode)
{
    static const uint64_t states[] = { 0, EN, EN | EXTD };

    for (int boot = 0; boot < 3; boot++) {
        for (int other = 0; other < 3; other++) {
            begin(0xfee00000 | BSP | states[boot], true);
            CHECK(start());
            base = 0xfee00000 | states[other];
            lapic_init_core();
            CHECK_EQ(base, 0xfee00000 | EN | EXTD);
            CHECK_EQ(core.apic_id, 7);
            CHECK_EQ(faults, 0);
        }
    }
}

TEST(lapic_is_not_switched_to_x2apic_for_nothing)
{
    begin(0xfee00000 | BSP | EN, true);
    cpu_features.hypervised = false;
    acpi.ncpus = 2;
    acpi.cpus[1].apic_id = 255;
    CHECK(start());
    CHECK(!lapic_is_x2apic());
    CHECK(lapic_registers() == page);
    acpi.cpus[1].enabled = true;
    CHECK(start());
    CHECK(lapic_is_x2apic());
    CHECK_EQ(faults, 0);
}

TEST(lapic_counts_down_where_the_deadline_has_an_erratum)
{
    for (int good = 0; good <= 1; good++) {
        begin(0xfee00000 | BSP | EN, false);
        cpu_features.tsc_deadline = cpu_features.invtsc = true;
        sound = good;
        CHECK(start());
        CHECK_EQ(page[0x320 / 4] >> 17 & 3, good ? 2 : 0);
        CHECK_EQ(complaints, good ? 0 : 1);
    }
}

static const struct test tests[] = {
    TEST_ENTRY(lapic_keeps_x2apic_where_firmware_left_it_on),
    TEST_ENTRY(lapic_switches_on_what_firmware_left_off),
    TEST_ENTRY(lapic_is_where_the_processor_says),
    TEST_ENTRY(lapic_stays_with_xapic_where_firmware_asks_for_it),
    TEST_ENTRY(lapic_of_each_core_ends_in_one_mode),
    TEST_ENTRY(lapic_is_not_switched_to_x2apic_for_nothing),
    TEST_ENTRY(lapic_counts_down_where_the_deadline_has_an_erratum),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
