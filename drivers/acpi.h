/* SPDX-License-Identifier: MIT */
/*
 * acpi.h -- the few facts in the firmware's tables that gamp needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_CPUS      256
#define ACPI_IOAPICS   16
#define ACPI_OVERRIDES 32
#define ACPI_NMIS      32
#define ACPI_NOTES     8

#define ACPI_ALL_CPUS  0xffffffffu /* acpi_nmi.uid */

struct acpi_cpu {
    uint32_t apic_id; /* above 254: x2APIC mode only */
    uint32_t uid;     /* what acpi_nmi speaks of */
    bool enabled;     /* false: the firmware may bring it later; it cannot be started now */
};

struct acpi_ioapic {
    uint32_t id, addr, gsi_base;
};

/* MPS flags: bits 0..1 polarity (3: active low), 2..3 trigger (3: level); 0: as on the bus. */
struct acpi_override {
    uint32_t gsi;
    uint16_t flags;
    uint8_t irq; /* of the ISA bus */
};

struct acpi_nmi {
    uint32_t uid;
    uint16_t flags;
    uint8_t lint;
};

enum acpi_space { ACPI_MEMORY, ACPI_IO };

struct acpi_reg {
    uint64_t addr; /* 0: there is none */
    uint8_t space; /* enum acpi_space */
    uint8_t width; /* bits */
};

/* Something wrong with the tables that was lived with; table is its signature or "". */
struct acpi_note {
    char table[5];
    const char *text;
    uint64_t value;
};

struct acpi_info {
    uint64_t rsdp;
    uint8_t revision; /* of the RSDP */
    bool bochs;       /* the tables are those of Bochs or QEMU */

    /* MADT */
    bool has_madt, has_pics; /* has_pics: two 8259 to be masked */
    uint64_t lapic_addr;
    unsigned ncpus, ncpus_left_out; /* left out: disabled for good, or beyond the array */
    unsigned ncpus_beyond;          /* of those: enabled ones */
    struct acpi_cpu cpus[ACPI_CPUS];
    unsigned nioapics, noverrides, nnmis;
    struct acpi_ioapic ioapics[ACPI_IOAPICS];
    struct acpi_override overrides[ACPI_OVERRIDES];
    struct acpi_nmi nmis[ACPI_NMIS];

    /* FADT */
    bool has_fadt, hw_reduced;
    bool no_8042, no_vga, no_rtc; /* said not to be there: not even to be looked for */
    uint16_t sci;
    struct acpi_reg pm_timer, pm1a_control, pm1b_control;
    unsigned pm_timer_bits; /* 24 or 32 */
    uint16_t smi_command;   /* port; with acpi_enable turns ACPI mode on; 0: always on */
    uint8_t acpi_enable;
    struct acpi_reg reset, sleep_control;
    uint8_t reset_value;
    bool has_s5; /* the two sleep types below come from \_S5 */
    uint8_t s5_type_a, s5_type_b;

    uint64_t hpet_addr; /* 0: no HPET */

    bool x2apic_opt_out; /* DMAR: the firmware cannot live with x2APIC switched on */

    /* MCFG, segment 0; 0: only configuration ports */
    uint64_t ecam_addr;
    uint8_t ecam_bus_start, ecam_bus_end;

    unsigned nnotes; /* all, also those beyond the array */
    struct acpi_note notes[ACPI_NOTES];
};

/* len bytes of physical memory, readable until the next call at least; NULL: out of reach. */
typedef const void *(*acpi_map_fn)(uint64_t pa, size_t len);

/*
 * Reads the tables; rsdp_hint is the loader's word, 0 for none, and the BIOS area is searched
 * where it leads nowhere. False: no tables at all. True: *out holds what was sound.
 */
bool acpi_init(uint64_t rsdp_hint, acpi_map_fn map, struct acpi_info *out);
