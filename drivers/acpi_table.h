/* SPDX-License-Identifier: MIT */
/*
 * acpi_table.h -- reading one ACPI table; private to acpi.c and acpi_madt.c.
 */
#pragma once

#include "acpi.h"

/* A table, or an entry of one; len is what was mapped and found sound. */
struct acpi_table {
    const uint8_t *data;
    size_t len;
};

/* size bytes at offset at, little endian; 0 where the table ends before them. */
static inline uint64_t
acpi_field(const struct acpi_table *t, size_t at, size_t size)
{
    uint64_t value = 0;

    if (at < t->len && size <= t->len - at) {
        __builtin_memcpy(&value, t->data + at, size);
    }
    return value;
}

static inline uint32_t
acpi_u8(const struct acpi_table *t, size_t at)
{
    return (uint32_t)acpi_field(t, at, 1);
}

static inline uint16_t
acpi_u16(const struct acpi_table *t, size_t at)
{
    return (uint16_t)acpi_field(t, at, 2);
}

static inline uint32_t
acpi_u32(const struct acpi_table *t, size_t at)
{
    return (uint32_t)acpi_field(t, at, 4);
}

static inline uint64_t
acpi_u64(const struct acpi_table *t, size_t at)
{
    return acpi_field(t, at, 8);
}

/* acpi.c; table may be longer than a signature, or "". */
void acpi_note(struct acpi_info *out, const char *table, const char *text, uint64_t value);

/* acpi_madt.c */
void acpi_read_madt(struct acpi_info *out, const struct acpi_table *t);
