/* SPDX-License-Identifier: MIT */
/*
 * acpi.c -- finds the firmware's tables and copies out the few facts that gamp needs.
 *
 * Invariants   1 No byte is read beyond the length that was mapped; a table is looked at only
 *                after its length and checksum were found good (load_table).
 *              2 Fields past the end of a table, which older revisions lack, read as 0
 *                (acpi_field).
 *              3 Only one table is mapped at a time, so map may reuse its window.
 * Context      boot core, once. Section numbers are those of the ACPI specification 6.5.
 * Rejected     An AML interpreter: sleep types are constants in \_S5, and a scan finds them.
 */
#include "acpi_table.h"

enum {
    RSDP1_SIZE = 20,
    RSDP2_SIZE = 36,
    HEADER_SIZE = 36,
    TABLE_MAX = 4 << 20,
    TABLES_MAX = 256,
    MCFG_ENTRIES = 44,
    BIOS_AREA = 0xe0000,
    BIOS_AREA_SIZE = 0x20000,
    EBDA_POINTER = 0x40e,
    EBDA_SEARCHED = 1024,
};

struct reader {
    acpi_map_fn map;
    struct acpi_info *out;
    uint64_t dsdt; /* from the FADT */
};

void
acpi_note(struct acpi_info *out, const char *table, const char *text, uint64_t value)
{
    if (out->nnotes < ACPI_NOTES) {
        struct acpi_note *n = &out->notes[out->nnotes];

        *n = (struct acpi_note){ .text = text, .value = value };
        for (int i = 0; i < 4 && table[i]; i++) {
            n->table[i] = table[i] >= ' ' && table[i] <= '~' ? table[i] : '?';
        }
    }
    out->nnotes++;
}

/* The generic address structure, section 5.2.3.2. */
static struct acpi_reg
field_reg(const struct acpi_table *t, size_t at)
{
    return (struct acpi_reg){
        .space = (uint8_t)acpi_u8(t, at),
        .width = (uint8_t)acpi_u8(t, at + 1),
        .addr = acpi_u64(t, at + 4),
    };
}

static bool
checksum_good(const uint8_t *p, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + p[i]);
    }
    return sum == 0;
}

static bool
has_signature(const struct acpi_table *t, const char *signature)
{
    return __builtin_memcmp(t->data, signature, 4) == 0;
}

/* Maps the whole of a table; false, with a note, where it is not to be trusted. */
static bool
load_table(const struct reader *rd, uint64_t pa, struct acpi_table *t)
{
    char name[5] = "";

    t->len = HEADER_SIZE;
    t->data = pa ? rd->map(pa, HEADER_SIZE) : NULL;
    if (!t->data) {
        acpi_note(rd->out, "", "table out of reach at", pa);
        return false;
    }
    __builtin_memcpy(name, t->data, 4);
    t->len = acpi_u32(t, 4);
    if (t->len < HEADER_SIZE || t->len > TABLE_MAX) {
        acpi_note(rd->out, name, "impossible length", t->len);
        return false;
    }
    t->data = rd->map(pa, t->len);
    if (!t->data) {
        acpi_note(rd->out, name, "table out of reach at", pa);
        return false;
    }
    if (!checksum_good(t->data, t->len)) {
        acpi_note(rd->out, name, "bad checksum at", pa);
        return false;
    }
    return true;
}

/* ---- RSDP, section 5.2.5 ---- */

static bool
rsdp_good(const uint8_t *p)
{
    return __builtin_memcmp(p, "RSD PTR ", 8) == 0 && checksum_good(p, RSDP1_SIZE);
}

static uint64_t
search_rsdp(const struct reader *rd, uint64_t pa, size_t len)
{
    const uint8_t *p = rd->map(pa, len);

    for (size_t at = 0; p && at + RSDP1_SIZE <= len; at += 16) {
        if (rsdp_good(p + at)) {
            return pa + at;
        }
    }
    return 0;
}

static uint64_t
find_rsdp(const struct reader *rd, uint64_t hint)
{
    const uint8_t *p = hint ? rd->map(hint, RSDP1_SIZE) : NULL;
    uint64_t ebda = 0;

    if (p && rsdp_good(p)) {
        return hint;
    }
    if (hint) {
        acpi_note(rd->out, "", "no RSDP where the loader saw it, at", hint);
    }
    p = rd->map(EBDA_POINTER, 2);
    if (p) {
        ebda = (uint64_t)(p[0] | p[1] << 8) << 4;
    }
    if (ebda >= 0x400 && ebda <= 0xa0000 - EBDA_SEARCHED) {
        ebda = search_rsdp(rd, ebda, EBDA_SEARCHED);
        if (ebda) {
            return ebda;
        }
    }
    return search_rsdp(rd, BIOS_AREA, BIOS_AREA_SIZE);
}

/* Addresses of the XSDT (0: none to be trusted) and of the RSDT. */
static bool
read_rsdp(const struct reader *rd, uint64_t pa, uint64_t *xsdt, uint64_t *rsdt)
{
    struct acpi_table t = { rd->map(pa, RSDP1_SIZE), RSDP1_SIZE };

    *xsdt = 0;
    if (!t.data) {
        return false;
    }
    rd->out->rsdp = pa;
    rd->out->revision = (uint8_t)acpi_u8(&t, 15);
    *rsdt = acpi_u32(&t, 16);
    if (rd->out->revision >= 2) {
        t = (struct acpi_table){ rd->map(pa, RSDP2_SIZE), RSDP2_SIZE };
        if (t.data && checksum_good(t.data, RSDP2_SIZE)) {
            *xsdt = acpi_u64(&t, 24);
        } else {
            acpi_note(rd->out, "RSDP", "bad extended checksum at", pa);
        }
    }
    return true;
}

/* ---- the other tables ---- */

/* A register the FADT names twice: as an address structure, or, if that is 0, as a port. */
static struct acpi_reg
fadt_reg(const struct acpi_table *t, size_t wide, size_t port, uint8_t width)
{
    struct acpi_reg reg = field_reg(t, wide);

    if (!reg.addr) {
        reg = (struct acpi_reg){ acpi_u32(t, port), ACPI_IO, width };
    }
    return reg;
}

/* IAPC_BOOT_ARCH, section 5.2.9.3; older tables have other things there, or nothing. */
static void
read_boot_flags(struct acpi_info *out, const struct acpi_table *t)
{
    if (acpi_u8(t, 8) >= 3 && t->len >= 109 + 2) {
        uint32_t flags = acpi_u16(t, 109);

        out->no_8042 = !(flags >> 1 & 1);
        out->no_vga = flags >> 2 & 1;
        out->no_rtc = flags >> 5 & 1;
    }
}

/* Section 5.2.9. */
static void
read_fadt(struct reader *rd, const struct acpi_table *t)
{
    struct acpi_info *out = rd->out;
    uint32_t flags = acpi_u32(t, 112);

    out->has_fadt = true;
    out->hw_reduced = flags >> 20 & 1;
    out->sci = acpi_u16(t, 46);
    read_boot_flags(out, t);
    out->sleep_control = field_reg(t, 244);
    if (flags >> 10 & 1) {
        out->reset = field_reg(t, 116);
        out->reset_value = (uint8_t)acpi_u8(t, 128);
    }
    if (!out->hw_reduced) {
        out->pm_timer = fadt_reg(t, 208, 76, 32);
        out->pm_timer_bits = flags >> 8 & 1 ? 32 : 24;
        out->pm1a_control = fadt_reg(t, 172, 64, 16);
        out->pm1b_control = fadt_reg(t, 184, 68, 16);
        out->smi_command = acpi_u16(t, 48);
        out->acpi_enable = (uint8_t)acpi_u8(t, 52);
    }
    rd->dsdt = acpi_u64(t, 140) ? acpi_u64(t, 140) : acpi_u32(t, 40);
}

/* An AML integer at *at, section 20.2.3; *at moves past it. */
static bool
aml_integer(const struct acpi_table *t, size_t *at, uint8_t *low)
{
    uint32_t op = acpi_u8(t, *at);

    if (*at >= t->len) {
        return false;
    }
    *at += 1;
    if (op == 0x00 || op == 0x01 || op == 0xff) { /* Zero, One, Ones */
        *low = (uint8_t)op;
        return true;
    }
    if (op < 0x0a || op > 0x0c || *at >= t->len) { /* Byte, Word, DWord */
        return false;
    }
    *low = (uint8_t)acpi_u8(t, *at);
    *at += (size_t)1 << (op - 0x0a);
    return true;
}

/* A package behind the name _S5_ at name: its first two elements are the sleep types. */
static bool
read_s5(struct acpi_info *out, const struct acpi_table *t, size_t name)
{
    size_t at = name + 4;
    uint8_t a, b = 0;
    uint32_t count;

    if (acpi_u8(t, at) != 0x12) { /* PackageOp */
        return false;
    }
    at += 1;
    at += 1 + (acpi_u8(t, at) >> 6); /* PkgLength: the top bits count further bytes */
    count = acpi_u8(t, at);
    at += 1;
    if (count == 0 || !aml_integer(t, &at, &a) || (count > 1 && !aml_integer(t, &at, &b))) {
        return false;
    }
    out->has_s5 = true;
    out->s5_type_a = a & 7;
    out->s5_type_b = b & 7;
    return true;
}

/* Finds Name (_S5_, Package ...), also written \_S5_; the name elsewhere is a use of it. */
static void
scan_s5(struct acpi_info *out, const struct acpi_table *t)
{
    for (size_t at = HEADER_SIZE + 1; at + 4 <= t->len; at++) {
        const uint8_t *p = t->data + at;

        if (p[0] == '_' && __builtin_memcmp(p, "_S5_", 4) == 0
            && (p[-1] == 0x08 || (p[-1] == '\\' && p[-2] == 0x08)) && read_s5(out, t, at)) {
            return;
        }
    }
}

/* IA-PC HPET specification 1.0a, section 3.2.4. */
static void
read_hpet(struct acpi_info *out, const struct acpi_table *t)
{
    struct acpi_reg reg = field_reg(t, 40);

    if (reg.space != ACPI_MEMORY || !reg.addr) {
        acpi_note(out, "HPET", "no memory address but", reg.addr);
    } else if (!out->hpet_addr) {
        out->hpet_addr = reg.addr;
    }
}

/* PCI Firmware specification 3.2, section 4.1.2. */
static void
read_mcfg(struct acpi_info *out, const struct acpi_table *t)
{
    for (size_t at = MCFG_ENTRIES; at + 16 <= t->len; at += 16) {
        if (acpi_u16(t, at + 8) == 0 && !out->ecam_addr) {
            out->ecam_addr = acpi_u64(t, at);
            out->ecam_bus_start = (uint8_t)acpi_u8(t, at + 10);
            out->ecam_bus_end = (uint8_t)acpi_u8(t, at + 11);
        }
    }
}

/* Intel VT for Directed I/O, section 8.1. */
static void
read_dmar(struct acpi_info *out, const struct acpi_table *t)
{
    out->x2apic_opt_out = acpi_u8(t, 37) >> 1 & 1;
}

static void
read_table(struct reader *rd, uint64_t pa)
{
    struct acpi_table t;

    if (!load_table(rd, pa, &t)) {
        return;
    }
    if (has_signature(&t, "APIC")) {
        acpi_read_madt(rd->out, &t);
    } else if (has_signature(&t, "FACP")) {
        read_fadt(rd, &t);
    } else if (has_signature(&t, "HPET")) {
        read_hpet(rd->out, &t);
    } else if (has_signature(&t, "MCFG")) {
        read_mcfg(rd->out, &t);
    } else if (has_signature(&t, "DMAR")) {
        read_dmar(rd->out, &t);
    } else if (has_signature(&t, "SSDT") || has_signature(&t, "DSDT")) {
        scan_s5(rd->out, &t);
    }
}

/* Reads what an RSDT (4-byte entries) or XSDT (8) lists; false if there is no such table at pa. */
static bool
read_root(struct reader *rd, uint64_t pa, const char *signature, size_t entry)
{
    uint64_t tables[TABLES_MAX];
    struct acpi_table t;
    size_t n;

    if (!load_table(rd, pa, &t) || !has_signature(&t, signature)) {
        return false;
    }
    rd->out->bochs = __builtin_memcmp(t.data + 10, "BOCHS ", 6) == 0;
    n = (t.len - HEADER_SIZE) / entry;
    if (n > TABLES_MAX) {
        acpi_note(rd->out, signature, "too many tables", n);
        n = TABLES_MAX;
    }
    for (size_t i = 0; i < n; i++) {
        tables[i] = acpi_field(&t, HEADER_SIZE + i * entry, entry);
    }
    for (size_t i = 0; i < n; i++) {
        if (tables[i]) {
            read_table(rd, tables[i]);
        }
    }
    return true;
}

bool
acpi_init(uint64_t rsdp_hint, acpi_map_fn map, struct acpi_info *out)
{
    struct reader rd = { .map = map, .out = out };
    uint64_t rsdp, xsdt, rsdt;

    __builtin_memset(out, 0, sizeof *out);
    rsdp = find_rsdp(&rd, rsdp_hint);
    if (!rsdp || !read_rsdp(&rd, rsdp, &xsdt, &rsdt)) {
        return false;
    }
    if (!(xsdt && read_root(&rd, xsdt, "XSDT", 8)) && !(rsdt && read_root(&rd, rsdt, "RSDT", 4))) {
        acpi_note(out, "RSDP", "no sound table of tables; RSDT at", rsdt);
        return false;
    }
    if (rd.dsdt) {
        read_table(&rd, rd.dsdt);
    }
    return true;
}
