/* SPDX-License-Identifier: MIT */
/*
 * bootparse.h -- what the parsers of the boot protocols share; private to them.
 *
 * Invariants   1 Nothing of the loader's is trusted: every structure is copied out by boot_fetch
 *                before it is looked at, every count has a bound, every string is cut.
 *              2 A record that is malformed costs that record, and is noted; parsing goes on
 *                where the position of the next one is still known.
 */
#pragma once

#include "bootinfo.h"

enum {
    INFO_BYTES_MAX = 1 << 20, /* of any one record that counts itself */
    STRING_MAX = 4096,
    MODULES_READ_MAX = 256,
};

/* One entry of a multiboot 2 or PVH map; the loaders agree on the numbers of the types. */
struct e820_entry {
    uint64_t base, len;
    uint32_t type, reserved;
};

struct boot_source {
    bootinfo_map_fn map;
    struct bootinfo *bi;
    uint64_t mem_lower, mem_upper; /* KiB below, above 1 MiB; 0: not told */
};

/* bootinfo.c */
void boot_note(const struct boot_source *in, const char *text, uint64_t value);
bool boot_fetch(const struct boot_source *in, uint64_t pa, void *out, size_t len);

/* A string of at most limit bytes; out is terminated whatever happens. */
void boot_fetch_string(const struct boot_source *in, uint64_t pa, uint64_t limit, char *out,
                       size_t size);
void boot_add_range(const struct boot_source *in, uint64_t base, uint64_t len, uint32_t type);

/* An array of e820_entry, of size bytes each, also where a later version made them longer. */
void boot_add_ranges(const struct boot_source *in, uint64_t pa, uint64_t bytes, uint32_t size);

/* name 0: none. */
void boot_add_module(const struct boot_source *in, uint64_t base, uint64_t len, uint64_t name,
                     uint64_t limit);

/* multiboot.c */
enum bootinfo_status boot_parse_mb1(struct boot_source *in, uint64_t pa);
enum bootinfo_status boot_parse_mb2(struct boot_source *in, uint64_t pa);
