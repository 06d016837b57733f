/* SPDX-License-Identifier: MIT */
/*
 * fake_acpi.h -- the tables of a small machine in fake physical memory, sound at first.
 */
#pragma once

#include <stdbool.h>

#include "fake_phys.h"

enum {
    RSDP = 0xf59d0,
    ROOT = 0x10000,
    MADT = 0x11000,
    FADT = 0x14000,
    DSDT = 0x15000,
    HPET = 0x16000,
    MCFG = 0x17000,
    TABLES_END = 0x18000,
};

static inline void
put_checksum(uint64_t base, uint64_t end, uint64_t at)
{
    uint8_t sum = 0;

    phys[at] = 0;
    for (uint64_t i = base; i < end; i++) {
        sum = (uint8_t)(sum + phys[i]);
    }
    phys[at] = (uint8_t)-sum;
}

static inline uint64_t
begin_table(uint64_t base, const char *signature, uint8_t revision)
{
    memcpy(phys + base, signature, 4);
    phys[base + 8] = revision;
    return base + 36;
}

static inline void
end_table(uint64_t base, uint64_t end)
{
    uint64_t at = base + 4;

    phys_put32(&at, (uint32_t)(end - base));
    put_checksum(base, end, base + 9);
}

static inline void
make_rsdp(uint64_t at, uint8_t revision)
{
    uint64_t base = at;

    phys_put(&at, "RSD PTR ", 8);
    phys[base + 15] = revision;
    at = base + 16;
    phys_put32(&at, revision < 2 ? ROOT : 0);
    if (revision >= 2) {
        phys_put32(&at, 36);
        phys_put64(&at, ROOT);
    }
    put_checksum(base, base + 20, base + 8);
    put_checksum(base, base + 36, base + 32);
}

static inline void
make_root(bool wide)
{
    static const uint32_t tables[] = {FADT, 0, MADT, HPET, MCFG, 0xfffff000};
    uint64_t at = begin_table(ROOT, wide ? "XSDT" : "RSDT", 1);

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (wide) {
            phys_put64(&at, tables[i]);
        } else {
            phys_put32(&at, tables[i]);
        }
    }
    end_table(ROOT, at);
}

static inline void
put_lapic(uint64_t *at, uint8_t uid, uint8_t id, uint32_t flags)
{
    phys_put8(at, 0);
    phys_put8(at, 8);
    phys_put8(at, uid);
    phys_put8(at, id);
    phys_put32(at, flags);
}

static inline void
put_x2apic(uint64_t *at, uint32_t uid, uint32_t id, uint32_t flags)
{
    phys_put8(at, 9);
    phys_put8(at, 16);
    phys_put16(at, 0);
    phys_put32(at, id);
    phys_put32(at, flags);
    phys_put32(at, uid);
}

static inline uint64_t
begin_madt(void)
{
    uint64_t at = begin_table(MADT, "APIC", 3);

    phys_put32(&at, 0xfee00000);
    phys_put32(&at, 1);
    return at;
}

static inline void
make_madt(void)
{
    uint64_t at = begin_madt();

    put_lapic(&at, 0, 0, 1);
    put_lapic(&at, 1, 2, 1);
    put_lapic(&at, 2, 4, 2);    /* may come later */
    put_lapic(&at, 3, 6, 0);    /* never */
    put_lapic(&at, 4, 0xff, 1); /* no such id */
    put_x2apic(&at, 1, 2, 1);   /* seen before */
    put_x2apic(&at, 9, 300, 1);
    phys_put(&at, "\x01\x0c\x00\x00\x00\x00\xc0\xfe\x00\x00\x00\x00", 12);
    phys_put(&at, "\x02\x0a\x00\x00\x02\x00\x00\x00\x00\x00", 10);
    phys_put(&at, "\x02\x0a\x00\x09\x09\x00\x00\x00\x0d\x00", 10);
    phys_put(&at, "\x04\x06\xff\x05\x00\x01", 6);
    phys_put(&at, "\x05\x0c\x00\x00\x00\x00\xe0\xfe\x01\x00\x00\x00", 12);
    phys_put(&at, "\x7f\x03\x00", 3); /* of a type unknown */
    end_table(MADT, at);
}

static inline void
make_fadt(size_t len, uint32_t flags)
{
    uint64_t at = begin_table(FADT, "FACP", len > 116 ? 5 : 1) + 4;

    phys_put32(&at, DSDT);
    at = FADT + 46;
    phys_put16(&at, 9);
    phys_put32(&at, 0xb2);
    phys_put8(&at, 0xf1);
    at = FADT + 64;
    phys_put32(&at, 0x604);
    at = FADT + 76;
    phys_put32(&at, 0x608);
    at = FADT + 109;
    phys_put16(&at, 3);
    at = FADT + 112;
    phys_put32(&at, flags);
    phys_put(&at, "\x01\x08\x00\x01\xf9\x0c\0\0\0\0\0\0\x06", 13);
    at = FADT + 244;
    phys_put(&at, "\x00\x08\x00\x00\x00\x02\xea\xfe\0\0\0\0", 12);
    end_table(FADT, FADT + len);
}

static inline void
make_dsdt(const char *aml, size_t len)
{
    uint64_t at = begin_table(DSDT, "DSDT", 1);

    phys_put(&at, aml, len);
    end_table(DSDT, at);
}

static const char s5_aml[] = "__\x08_S5_xx\x10_S5_\x08_S5_\x12\x06\x04\x0a\x05\x01\x00\x00";

static inline void
make_machine(uint8_t rsdp_revision)
{
    uint64_t at;

    memset(phys, 0, sizeof phys);
    make_rsdp(RSDP, rsdp_revision);
    make_root(rsdp_revision >= 2);
    make_madt();
    make_fadt(276, 1 << 10 | 1 << 8);
    make_dsdt(s5_aml, sizeof s5_aml - 1);
    at = begin_table(HPET, "HPET", 1) + 4;
    phys_put(&at, "\x00\x40\x00\x00\x00\x00\xd0\xfe\0\0\0\0\0\0\0\0", 16);
    end_table(HPET, at);
    at = begin_table(MCFG, "MCFG", 1) + 8;
    phys_put64(&at, 0xb0000000);
    phys_put32(&at, 0xff000000);
    phys_put32(&at, 0);
    end_table(MCFG, at);
}
