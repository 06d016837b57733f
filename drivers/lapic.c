/* SPDX-License-Identifier: MIT */
/*
 * lapic.c -- the local interrupt controller of each core.
 *
 * Two faces of one device: xAPIC, a page of registers at the same physical address on every core,
 * and x2APIC, the same registers as MSRs, with 32-bit identifiers. x2APIC is kept where the
 * firmware left it on, whether or not it may be left, and switched on where the processor has it,
 * unless the firmware asks that it be not; all cores use the same face, and the same address.
 *
 * Invariants   1. The two halves of an xAPIC ICR are written with interrupts off. An NMI between
 *                 them may send too: lapic_ipi_nmi puts the upper half back as it found it.
 *              2. The timer is armed for one shot at a time; arming again replaces the shot.
 * Context      any, on the core meant; nothing here waits without a bound.
 * Rejected     logical destinations and broadcast: a broadcast start-up would also start cores
 *              that the firmware has marked as not to be used.
 */
#include "lapic.h"

#include "acpi.h"
#include "cpu.h"
#include "print.h"
#include "quirks.h"
#include "vm.h"
#include "x86.h"

/* 3A, table 11-1; in x2APIC mode MSR 0x800 + offset / 16 (11.12.1) */
enum {
    REG_ID = 0x20,
    REG_VERSION = 0x30,
    REG_TPR = 0x80,
    REG_EOI = 0xb0,
    REG_SVR = 0xf0,
    REG_ESR = 0x280,
    REG_ICR_LOW = 0x300,
    REG_ICR_HIGH = 0x310,
    REG_LVT_TIMER = 0x320,
    REG_LVT_LINT0 = 0x350,
    REG_LVT_LINT1 = 0x360,
    REG_LVT_ERROR = 0x370,
    REG_TIMER_INITIAL = 0x380,
    REG_TIMER_CURRENT = 0x390,
    REG_TIMER_DIVIDE = 0x3e0,
};

enum {
    CPUID1_EDX_APIC = 1u << 9,
    CPUID1_ECX_X2APIC = 1u << 21,
    BASE_BOOT_CORE = 1u << 8, /* IA32_APIC_BASE: 3A, 11.4.4 and 11.12.1 */
    BASE_X2APIC = 1u << 10,
    BASE_ENABLE = 1u << 11,
    SVR_ENABLE = 1u << 8,
    LVT_MASKED = 1u << 16,
    LVT_TSC_DEADLINE = 2u << 17,
    DELIVERY_NMI = 4u << 8,
    DELIVERY_INIT = 5u << 8,
    DELIVERY_STARTUP = 6u << 8,
    DELIVERY_EXTINT = 7u << 8,
    ICR_BUSY = 1u << 12,
    ICR_ASSERT = 1u << 14,
    DIVIDE_BY_1 = 0xb,
    BUSY_LOOKS = 100000, /* about 5 ms of register reads; hardware needs a microsecond */
};

#define BASE_ADDRESS 0x000ffffffffff000ull

static volatile uint32_t *mmio;
static uint64_t address; /* of mmio, physical */
static bool x2apic;
static bool deadline_mode;

/* count-down ticks = tsc ticks * timer_mult >> 32, for up to timer_max_delta tsc ticks */
static uint64_t timer_mult;
static uint64_t timer_max_delta;

static uint32_t
reg_read(unsigned reg)
{
    return x2apic ? (uint32_t)rdmsr(MSR_X2APIC_BASE + reg / 16) : mmio[reg / 4];
}

static void
reg_write(unsigned reg, uint32_t v)
{
    if (x2apic) {
        wrmsr(MSR_X2APIC_BASE + reg / 16, v);
    } else {
        mmio[reg / 4] = v;
    }
}

/* WRMSR to these registers does not wait for earlier stores to be seen (3A, 11.12.3). */
static void
stores_before_msr(void)
{
    __asm__ volatile("mfence; lfence" : : : "memory");
}

/* x2APIC where firmware has it on, or a core's number asks for it, or a hypervisor makes each
 * access to the page an exit. Elsewhere firmware and its SMM code may never have seen it on: Linux
 * does not switch it on without interrupt remapping. */
static bool
want_x2apic(const struct acpi_info *acpi)
{
    bool wide = cpu_features.hypervised;
    for (unsigned i = 0; i < acpi->ncpus; i++) {
        wide = wide || (acpi->cpus[i].enabled && acpi->cpus[i].apic_id >= 255);
    }
    return cpu_features.x2apic && !acpi->x2apic_opt_out && wide;
}

/* A processor whose APIC is switched off denies having one (3A, 11.4.3): CPUID comes second. */
bool
lapic_init(const struct acpi_info *acpi)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);
    if ((base & BASE_ENABLE) == 0) {
        kprintf("lapic: the firmware has left it switched off\n");
        wrmsr(MSR_APIC_BASE, base | BASE_ENABLE);
    }
    if ((cpuid(1).edx & CPUID1_EDX_APIC) == 0) {
        return false;
    }
    cpu_features.x2apic = (cpuid(1).ecx & CPUID1_ECX_X2APIC) != 0;
    x2apic = (base & BASE_X2APIC) != 0 || want_x2apic(acpi);
    address = base & BASE_ADDRESS;
    if (acpi->lapic_addr != 0 && acpi->lapic_addr != address) {
        kprintf("lapic: at %#lx, not at %#lx as the tables have it\n", address, acpi->lapic_addr);
    }
    if (!x2apic) {
        mmio = vm_map_phys(address, 4096, VM_UC);
        if (mmio == NULL) {
            return false;
        }
    }
    deadline_mode = cpu_features.tsc_deadline && (cpu_features.invtsc || cpu_features.hypervised);
    if (deadline_mode && !quirks_deadline_sound()) {
        kprintf("lapic: microcode too old for the TSC-deadline timer; it counts down\n");
        deadline_mode = false;
    }
    return true;
}

volatile void *
lapic_registers(void)
{
    return mmio;
}

bool
lapic_is_x2apic(void)
{
    return x2apic;
}

uint32_t
lapic_id(void)
{
    uint32_t id = reg_read(REG_ID);
    return x2apic ? id : id >> 24;
}

/* From off to x2APIC the way leads through xAPIC, from there back to xAPIC through off; all others
 * fault (3A, 11.12.5). */
static void
enable_in_base(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);
    uint64_t xapic = (base & BASE_BOOT_CORE) | address | BASE_ENABLE;
    if (x2apic && (base & BASE_X2APIC) != 0) {
        return;
    }
    if ((base & BASE_X2APIC) != 0) {
        wrmsr(MSR_APIC_BASE, xapic & ~(uint64_t)BASE_ENABLE);
    }
    if (base != xapic) {
        wrmsr(MSR_APIC_BASE, xapic);
    }
    if (x2apic) {
        wrmsr(MSR_APIC_BASE, xapic | BASE_X2APIC);
    }
}

static void
timer_init_core(void)
{
    reg_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
    reg_write(REG_TIMER_INITIAL, 0);
    reg_write(REG_LVT_TIMER, VECTOR_TIMER | (deadline_mode ? LVT_TSC_DEADLINE : 0));
    stores_before_msr(); /* the mode must have arrived before the first deadline (3A, 11.5.4.1) */
}

void
lapic_init_core(void)
{
    enable_in_base();
    this_cpu()->apic_id = lapic_id();
    reg_write(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    reg_write(REG_LVT_LINT0, LVT_MASKED | DELIVERY_EXTINT); /* the 8259s, masked as well */
    reg_write(REG_LVT_LINT1, DELIVERY_NMI);
    reg_write(REG_LVT_ERROR, VECTOR_ERROR);
    (void)lapic_error_status();
    timer_init_core();
    /* Last: QEMU takes back a request that an 8259 has raised through LINT0 in the firmware's time
     * only at a write like this, and would deliver vector -1, a #GP, with the first sti. */
    reg_write(REG_TPR, 0);
}

void
lapic_eoi(void)
{
    reg_write(REG_EOI, 0);
}

static void
wait_not_busy(void)
{
    for (int i = 0; i < BUSY_LOOKS && (mmio[REG_ICR_LOW / 4] & ICR_BUSY) != 0; i++) {
        cpu_relax();
    }
}

static void
send(uint32_t apic_id, uint32_t command)
{
    if (x2apic) {
        stores_before_msr();
        wrmsr(MSR_X2APIC_BASE + REG_ICR_LOW / 16, (uint64_t)apic_id << 32 | command);
        return;
    }
    uint64_t flags = irq_save();
    wait_not_busy();
    mmio[REG_ICR_HIGH / 4] = apic_id << 24;
    mmio[REG_ICR_LOW / 4] = command;
    irq_restore(flags);
}

void
lapic_ipi(uint32_t apic_id, uint8_t vector)
{
    __asm__ volatile("incq %%gs:%c0" : : "i"(offsetof(struct cpu, ipis_sent)) : "memory", "cc");
    send(apic_id, ICR_ASSERT | vector);
}

void
lapic_ipi_nmi(uint32_t apic_id)
{
    uint64_t flags = irq_save();
    uint32_t high = x2apic ? 0 : mmio[REG_ICR_HIGH / 4];
    send(apic_id, ICR_ASSERT | DELIVERY_NMI);
    if (!x2apic) {
        wait_not_busy();
        mmio[REG_ICR_HIGH / 4] = high;
    }
    irq_restore(flags);
}

void
lapic_ipi_init(uint32_t apic_id)
{
    send(apic_id, ICR_ASSERT | DELIVERY_INIT);
}

void
lapic_ipi_startup(uint32_t apic_id, uint8_t page)
{
    send(apic_id, ICR_ASSERT | DELIVERY_STARTUP | page);
}

/* In deadline mode writes of the initial count are ignored: leave that mode for the measurement. */
void
lapic_timer_start_count(void)
{
    reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    reg_write(REG_TIMER_INITIAL, UINT32_MAX);
}

uint32_t
lapic_timer_count(void)
{
    return reg_read(REG_TIMER_CURRENT);
}

void
lapic_timer_init(uint64_t lapic_hz, uint64_t tsc_hz)
{
    if (lapic_hz == 0 || lapic_hz >= 1ull << 32 || tsc_hz == 0) {
        if (!deadline_mode) {
            throw("lapic_timer_init: lapic %lu Hz, tsc %lu Hz", lapic_hz, tsc_hz);
        }
    } else {
        timer_mult = (lapic_hz << 32) / tsc_hz;
        uint64_t max_seconds = (UINT32_MAX - 2) / lapic_hz;
        timer_max_delta = max_seconds > 0 ? max_seconds * tsc_hz
                                          : tsc_hz / 1000 * (UINT32_MAX / (lapic_hz / 1000));
    }
    timer_init_core();
}

/* Rounded up: a shot before its time would find nothing to do and cost a second one. */
void
lapic_timer_set(uint64_t tsc_deadline)
{
    if (deadline_mode) {
        wrmsr(MSR_TSC_DEADLINE, tsc_deadline != 0 ? tsc_deadline : 1);
        return;
    }
    uint64_t now = rdtsc();
    uint64_t delta = tsc_deadline > now ? tsc_deadline - now : 0;
    if (delta > timer_max_delta) {
        delta = timer_max_delta;
    }
    uint32_t count = (uint32_t)((unsigned __int128)delta * timer_mult >> 32);
    reg_write(REG_TIMER_INITIAL, count + 1);
}

void
lapic_timer_off(void)
{
    if (deadline_mode) {
        wrmsr(MSR_TSC_DEADLINE, 0);
    } else {
        reg_write(REG_TIMER_INITIAL, 0);
    }
}

uint32_t
lapic_error_status(void)
{
    reg_write(REG_ESR, 0);
    return reg_read(REG_ESR);
}
