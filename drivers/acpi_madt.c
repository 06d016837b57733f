/* SPDX-License-Identifier: MIT */
/*
 * acpi_madt.c -- the interrupt controllers and CPUs that the firmware lists.
 *
 * Invariants   1 No two cpus[] have the same APIC id.
 *              2 An enabled CPU is left out only where cpus[] is full of enabled ones.
 * Context      as acpi.c; section numbers, too
 */
#include "acpi_table.h"

enum { MADT_ENTRIES = 44 };

/* flags, section 5.2.12.2: bit 0 enabled, bit 1 may be enabled later. */
static void
add_cpu(struct acpi_info *out, uint32_t apic_id, uint32_t uid, uint32_t flags)
{
    bool enabled = flags & 1;
    struct acpi_cpu *slot = NULL;

    if (!(flags & 3)) {
        out->ncpus_left_out++;
        return;
    }
    for (unsigned i = 0; i < out->ncpus; i++) {
        if (out->cpus[i].apic_id == apic_id) {
            out->cpus[i].enabled |= enabled;
            return;
        }
        if (!out->cpus[i].enabled) {
            slot = &out->cpus[i];
        }
    }
    if (out->ncpus < ACPI_CPUS) {
        slot = &out->cpus[out->ncpus++];
    } else {
        out->ncpus_left_out++;
        out->ncpus_beyond += enabled && !slot;
        if (!enabled) {
            slot = NULL;
        }
    }
    if (slot) {
        *slot = (struct acpi_cpu){ apic_id, uid, enabled };
    }
}

static void
add_ioapic(struct acpi_info *out, const struct acpi_table *e)
{
    if (out->nioapics == ACPI_IOAPICS) {
        acpi_note(out, "APIC", "too many I/O APICs, left out the one at", acpi_u32(e, 4));
        return;
    }
    out->ioapics[out->nioapics++] = (struct acpi_ioapic){
        .id = acpi_u8(e, 2),
        .addr = acpi_u32(e, 4),
        .gsi_base = acpi_u32(e, 8),
    };
}

static void
add_override(struct acpi_info *out, const struct acpi_table *e)
{
    if (acpi_u8(e, 2) != 0 || out->noverrides == ACPI_OVERRIDES) {
        acpi_note(out, "APIC", "interrupt override left out, of bus", acpi_u8(e, 2));
        return;
    }
    out->overrides[out->noverrides++] = (struct acpi_override){
        .irq = (uint8_t)acpi_u8(e, 3),
        .gsi = acpi_u32(e, 4),
        .flags = acpi_u16(e, 8),
    };
}

static void
add_nmi(struct acpi_info *out, uint32_t uid, uint64_t flags, uint64_t lint)
{
    if (lint > 1 || out->nnmis == ACPI_NMIS) {
        acpi_note(out, "APIC", "NMI entry left out, of LINT", lint);
        return;
    }
    out->nmis[out->nnmis++] = (struct acpi_nmi){ uid, (uint16_t)flags, (uint8_t)lint };
}

static void
read_madt_entry(struct acpi_info *out, const struct acpi_table *e)
{
    uint32_t id;

    switch (e->data[0]) {
    case 0: /* local APIC */
        id = acpi_u8(e, 3);
        if (id != 0xff) {
            add_cpu(out, id, acpi_u8(e, 2), acpi_u32(e, 4));
        }
        break;
    case 1:
        add_ioapic(out, e);
        break;
    case 2:
        add_override(out, e);
        break;
    case 4: /* NMI of a local APIC; uid 0xff: all */
        id = acpi_u8(e, 2);
        add_nmi(out, id == 0xff ? ACPI_ALL_CPUS : id, acpi_u16(e, 3), acpi_u8(e, 5));
        break;
    case 5:
        out->lapic_addr = acpi_u64(e, 4);
        break;
    case 9: /* local x2APIC */
        id = acpi_u32(e, 4);
        if (id != 0xffffffff) {
            add_cpu(out, id, acpi_u32(e, 12), acpi_u32(e, 8));
        }
        break;
    case 10: /* NMI of a local x2APIC */
        add_nmi(out, acpi_u32(e, 4), acpi_u16(e, 2), acpi_u8(e, 8));
        break;
    }
}

void
acpi_read_madt(struct acpi_info *out, const struct acpi_table *t)
{
    /* What each type must have, or its fields would read as 0 and mean something. */
    static const uint8_t least[] = { 8, 12, 10, 0, 6, 12, 0, 0, 0, 16, 12 };
    size_t at = MADT_ENTRIES;

    if (out->has_madt) {
        acpi_note(out, "APIC", "second table left out, of length", t->len);
        return;
    }
    out->has_madt = true;
    out->lapic_addr = acpi_u32(t, 36);
    out->has_pics = acpi_u32(t, 40) & 1;
    while (at + 2 <= t->len) {
        struct acpi_table e = { t->data + at, t->data[at + 1] };

        if (e.len < 2 || e.len > t->len - at) {
            acpi_note(out, "APIC", "entry of impossible length at offset", at);
            return;
        }
        if (e.data[0] < sizeof least && e.len < least[e.data[0]]) {
            acpi_note(out, "APIC", "short entry at offset", at);
        } else {
            read_madt_entry(out, &e);
        }
        at += e.len;
    }
}
