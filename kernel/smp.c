/* SPDX-License-Identifier: MIT */
/*
 * smp.c -- starts the other cores, all at the same time.
 *
 * Invariants   1. A slot's state leaves SLOT_WAITING once: to SLOT_READY or SLOT_UNFIT by its core,
 *                 or to SLOT_GIVEN_UP by the boot core.
 *              2. The start-up code and its page tables stay while a core has not answered: one
 *                 that comes late finds them, loses the race for its slot, and halts.
 * Context      smp_start: boot core, clock and local APIC running, before the scheduler.
 * Protocol     boot core                               another core (boot/ap.S to 6.)
 *              1. fills the slots, INIT to each        6. lacks what the boot core has? then
 *              2. start-up IPI to each                    SLOT_WAITING -> SLOT_UNFIT, and halts;
 *              3. compares its TSC, looks at states;      kernel's page tables, own tables, APIC
 *                 a second IPI to those still waiting  7. compares its TSC with the others'
 *              4. SLOT_WAITING -> SLOT_GIVEN_UP after  8. SLOT_WAITING -> SLOT_READY (release)
 *                 the deadline; closes up the numbers  9. entry()
 * Rejected     one core after the other: 255 cores, each with hardware's 10 ms, take seconds.
 *              Broadcasts: see lapic.c.
 */
#include "smp.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acpi.h"
#include "clock.h"
#include "cpu.h"
#include "lapic.h"
#include "memlayout.h"
#include "memmap.h"
#include "print.h"
#include "quirks.h"
#include "vm.h"
#include "x86.h"

#define MS 1000000ll

enum slot_state { SLOT_WAITING, SLOT_READY, SLOT_UNFIT, SLOT_GIVEN_UP };

/* how a starting core finds itself; ap.S knows the layout */
struct ap_slot {
    uint32_t apic_id;
    _Atomic uint32_t state;
    uintptr_t stack;
    struct cpu *cpu;
    const char *lacks; /* SLOT_UNFIT: why */
};

_Static_assert(offsetof(struct ap_slot, apic_id) == 0, "known to ap.S");
_Static_assert(offsetof(struct ap_slot, stack) == 8, "known to ap.S");
_Static_assert(sizeof(struct ap_slot) == 32, "known to ap.S");

extern const uint8_t ap_start[], ap_end[], ap_cr3[], ap_efer[], ap_slots[], ap_count[];
extern const uint8_t ap_far32[], ap_far64[], ap_gdt_base[], ap_nx_hidden[], ap_lapic[];
extern const uint8_t boot_nx_hidden[]; /* longmode.S's, where the image was loaded */

_Noreturn void smp_core_main(struct ap_slot *slot); /* called by ap.S */

static uint64_t start_page; /* 0: there is none */
static struct ap_slot slots[MAX_CPUS - 1];
static unsigned nslots;
static int64_t start_ns;
static void (*core_entry)(void);

/* Steps 6 to 9. */
void
smp_core_main(struct ap_slot *slot)
{
    uint32_t waiting = SLOT_WAITING;
    quirks_core();
    slot->lacks = cpu_lacks();
    if (slot->lacks != NULL) {
        atomic_compare_exchange_strong(&slot->state, &waiting, SLOT_UNFIT);
        cpu_halt_for_ever();
    }
    write_cr3(vm_root());
    cpu_init(slot->cpu);
    lapic_init_core();
    clock_join();
    clock_check_step();
    if (!atomic_compare_exchange_strong(&slot->state, &waiting, SLOT_READY)) {
        cpu_halt_for_ever();
    }
    core_entry();
    throw("smp_core_main: entry returned on core %u", slot->apic_id);
}

static bool
has_slot(uint32_t apic_id)
{
    for (unsigned i = 0; i < nslots; i++) {
        if (slots[i].apic_id == apic_id) {
            return true;
        }
    }
    return false;
}

static bool
can_start(const struct acpi_cpu *a)
{
    return a->enabled && a->apic_id != cpu_boot.apic_id && !has_slot(a->apic_id);
}

static void
fill_slots(const struct acpi_info *acpi)
{
    unsigned beyond = acpi->ncpus_beyond, unreachable = 0;
    for (unsigned i = 0; i < acpi->ncpus; i++) {
        if (!can_start(&acpi->cpus[i])) {
            continue;
        }
        if (acpi->cpus[i].apic_id >= 255 && !lapic_is_x2apic()) {
            unreachable++;
            continue;
        }
        if (nslots == MAX_CPUS - 1) {
            beyond++;
            continue;
        }
        struct cpu *c = cpu_new();
        if (c == NULL) {
            kprintf("smp: no memory for core %u and later ones\n", acpi->cpus[i].apic_id);
            return;
        }
        c->apic_id = acpi->cpus[i].apic_id;
        c->id = nslots + 1;
        slots[nslots++] = (struct ap_slot){ c->apic_id, SLOT_WAITING, c->core_sp, c, NULL };
    }
    if (unreachable > 0) {
        kprintf("smp: %u cores left out: their numbers need x2APIC\n", unreachable);
    }
    if (beyond > 0) {
        kprintf("smp: %u cores left out: this kernel is built for %u\n", beyond, MAX_CPUS);
    }
}

static void *
in_copy(const uint8_t *symbol)
{
    return (uint8_t *)phys_to_virt(start_page) + (symbol - ap_start);
}

static void
relocate(const uint8_t *symbol)
{
    *(uint32_t *)in_copy(symbol) += (uint32_t)start_page;
}

static bool
copy_start_code(void)
{
    uint64_t root = vm_boot_root();
    if (start_page == 0) {
        kprintf("smp: no memory below 640 KiB for the other cores to start in; one core\n");
        return false;
    }
    if (root == 0 || root > UINT32_MAX) {
        kprintf("smp: no page tables below 4 GiB (%#lx)\n", root);
        return false;
    }
    __builtin_memcpy(phys_to_virt(start_page), ap_start, (size_t)(ap_end - ap_start));
    relocate(ap_far32);
    relocate(ap_far64);
    relocate(ap_gdt_base);
    *(uint32_t *)in_copy(ap_cr3) = (uint32_t)root;
    *(uint32_t *)in_copy(ap_efer) = (uint32_t)(EFER_LME | (cpu_features.nx ? EFER_NXE : 0));
    const uint32_t *nx_hidden = (const uint32_t *)((uintptr_t)boot_nx_hidden + KERNEL_BASE);
    *(uint32_t *)in_copy(ap_nx_hidden) = *nx_hidden;
    *(uint64_t *)in_copy(ap_lapic) = (uint64_t)lapic_registers();
    *(uint64_t *)in_copy(ap_slots) = (uint64_t)slots;
    *(uint32_t *)in_copy(ap_count) = nslots;
    return true;
}

static unsigned
count_waiting(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < nslots; i++) {
        n += atomic_load_explicit(&slots[i].state, memory_order_acquire) == SLOT_WAITING;
    }
    return n;
}

static void
send_startup(void)
{
    for (unsigned i = 0; i < nslots; i++) {
        if (atomic_load_explicit(&slots[i].state, memory_order_relaxed) == SLOT_WAITING) {
            lapic_ipi_startup(slots[i].apic_id, (uint8_t)(start_page / PAGE_SIZE));
        }
    }
}

static bool
wait_for_all(int64_t ns)
{
    int64_t deadline = clock_nanotime() + ns;
    while (count_waiting() > 0) {
        if (clock_nanotime() >= deadline) {
            return false;
        }
        clock_check_step();
    }
    return true;
}

/* The 10 ms of the MP specification are for processors of the 1990s. */
static bool
takes_init_at_once(void)
{
    const struct cpu_features *f = &cpu_features;
    bool amd = __builtin_memcmp(f->vendor, "AuthenticAMD", 12) == 0;
    return f->hypervised || (amd ? f->family >= 15 : f->family == 6);
}

static void
start_all(void)
{
    for (unsigned i = 0; i < nslots; i++) {
        lapic_ipi_init(slots[i].apic_id);
    }
    if (!takes_init_at_once()) {
        clock_delay_us(10000);
    }
    send_startup();
    if (!wait_for_all(cpu_features.hypervised ? 20 * MS : 1 * MS)) {
        send_startup(); /* one that runs takes no notice */
        wait_for_all(cpu_features.hypervised ? 2000 * MS : 100 * MS);
    }
}

/* Gives up those that have not answered; the others are numbered without gaps. */
static void
close_up(void)
{
    for (unsigned i = 0; i < nslots; i++) {
        uint32_t state = SLOT_WAITING;
        if (atomic_compare_exchange_strong(&slots[i].state, &state, SLOT_GIVEN_UP)) {
            kprintf("smp: core %u does not answer and is left out\n", slots[i].apic_id);
            continue;
        }
        if (state == SLOT_UNFIT) {
            kprintf("smp: core %u left out: it lacks what the boot core has: %s\n",
                    slots[i].apic_id, slots[i].lacks);
            continue;
        }
        slots[i].cpu->id = ncpus;
        cpus[ncpus++] = slots[i].cpu;
    }
}

void
smp_claim_page(struct memmap *memory)
{
    start_page = memmap_claim_start_page(memory);
}

void
smp_start(const struct acpi_info *acpi, void (*entry)(void))
{
    core_entry = entry;
    fill_slots(acpi);
    if (nslots > 0 && copy_start_code()) {
        int64_t start = clock_nanotime();
        start_all();
        close_up();
        start_ns = clock_nanotime() - start;
    }
    clock_check_done();
}

void
smp_print(void)
{
    kprintf("smp: %u core%s by %s, the others started in %ld us\n", ncpus, ncpus == 1 ? "" : "s",
            lapic_is_x2apic() ? "x2APIC" : "xAPIC", start_ns / 1000);
}
