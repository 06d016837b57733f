/* SPDX-License-Identifier: MIT */
/*
 * acpi_fuzz.c -- the firmware's tables, from the search for the RSDP to the MADT's entries.
 *
 * Form         flags (1 byte), the loader's hint (4), memory as in sparse.h. Flag 1: checksums are
 *              made good, or hardly any mutation would get past them.
 */
#include <acpi.h>

#include "sparse.h"

enum { CHECKSUMS = 1 };

static struct acpi_info info, again;

static void
put_checksum(uint8_t *p, size_t len, size_t at)
{
    uint8_t sum = 0;

    p[at] = 0;
    for (size_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + p[i]);
    }
    p[at] = (uint8_t)-sum;
}

/* Of each segment that holds a whole table, or an RSDP. */
static void
put_checksums(void)
{
    for (size_t i = 0; i < nsegments; i++) {
        struct segment *s = &segments[i];
        uint32_t len = 0;

        if (s->len >= 20 && memcmp(s->data, "RSD PTR ", 8) == 0) {
            put_checksum(s->data, 20, 8);
            if (s->len >= 36) {
                put_checksum(s->data, 36, 32);
            }
        } else if (s->len >= 36) {
            memcpy(&len, s->data + 4, sizeof len);
            if (len >= 36 && len <= s->len) {
                put_checksum(s->data, len, 9);
            }
        }
    }
}

static void
demand_bounds(void)
{
    DEMAND(info.ncpus <= ACPI_CPUS, "%u", info.ncpus);
    DEMAND(info.nioapics <= ACPI_IOAPICS, "%u", info.nioapics);
    DEMAND(info.noverrides <= ACPI_OVERRIDES, "%u", info.noverrides);
    DEMAND(info.nnmis <= ACPI_NMIS, "%u", info.nnmis);
    DEMAND(info.s5_type_a <= 7 && info.s5_type_b <= 7, "%u %u", info.s5_type_a, info.s5_type_b);
    DEMAND(!info.pm_timer_bits || info.pm_timer_bits == 24 || info.pm_timer_bits == 32, "%u",
           info.pm_timer_bits);
    for (unsigned i = 0; i < info.nnotes && i < ACPI_NOTES; i++) {
        const struct acpi_note *n = &info.notes[i];

        DEMAND(n->text && n->table[4] == 0, "note %u", i);
        for (const char *c = n->table; *c; c++) {
            DEMAND(*c >= ' ' && *c <= '~', "note %u names table %s", i, n->table);
        }
    }
}

static void
demand_different_cpus(void)
{
    for (unsigned i = 0; i < info.ncpus; i++) {
        DEMAND(info.cpus[i].apic_id != 0xffffffff, "cpu %u", i);
        for (unsigned k = 0; k < i; k++) {
            DEMAND(info.cpus[i].apic_id != info.cpus[k].apic_id, "cpus %u and %u: %u", i, k,
                   info.cpus[i].apic_id);
        }
    }
    for (unsigned i = 0; i < info.nnmis; i++) {
        DEMAND(info.nmis[i].lint <= 1, "nmi %u: %u", i, info.nmis[i].lint);
    }
}

/* Nothing is known of what was not found. */
static void
demand_consistent(bool found)
{
    const uint8_t *p = found ? sparse_map(info.rsdp, 8) : NULL;

    DEMAND(!found || (p && memcmp(p, "RSD PTR ", 8) == 0), "no RSDP at %lx", info.rsdp);
    DEMAND(info.has_madt || info.ncpus + info.nioapics + info.noverrides + info.nnmis == 0,
           "%u cpus without a MADT", info.ncpus);
    DEMAND(info.has_fadt || (!info.pm_timer.addr && !info.reset.addr && !info.sleep_control.addr),
           "registers without a FADT");
    DEMAND(info.has_s5 || info.s5_type_a + info.s5_type_b == 0, "sleep types without _S5_");
    DEMAND(found || !(info.has_madt || info.has_fadt || info.hpet_addr || info.ecam_addr),
           "tables without a table of tables");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    unsigned flags = (unsigned)take(&in, 1);
    uint64_t hint = take(&in, 4);
    bool found;

    sparse_load(&in);
    if (flags & CHECKSUMS) {
        put_checksums();
    }
    memset(&info, 0xa5, sizeof info);
    memset(&again, 0x5a, sizeof again);
    found = acpi_init(hint, sparse_map, &info);
    demand_bounds();
    demand_different_cpus();
    demand_consistent(found);
    DEMAND(acpi_init(hint, sparse_map, &again) == found && again.ncpus == info.ncpus
               && again.nnotes == info.nnotes && again.rsdp == info.rsdp
               && again.hpet_addr == info.hpet_addr && again.lapic_addr == info.lapic_addr,
           "the second time gives something else");
    sparse_unload();
    return 0;
}
