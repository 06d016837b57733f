/* SPDX-License-Identifier: MIT */
/*
 * memmap.h -- which physical memory is what, out of whatever the firmware claims.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MEMMAP_RANGES 1024

/* In order of restriction: where two ranges overlap, the greater type wins. */
enum mem_type {
    MEM_USABLE = 1,
    MEM_CLAIMED,      /* RAM already in use: image, modules, memmap_claim */
    MEM_ACPI_RECLAIM, /* firmware tables */
    MEM_ACPI_NVS,
    MEM_RESERVED,
    MEM_BAD,
};

struct mem_range {
    uint64_t base, len;
    enum mem_type type;
};

struct memmap {
    unsigned nranges;
    unsigned lost; /* times that there was no room; the map then knows less RAM, never more */
    struct mem_range ranges[MEMMAP_RANGES];
};

/* Ranges in any order, overlapping or not, at any address. Where they become too many, the smallest
 * usable ones are forgotten. */
void memmap_add(struct memmap *map, uint64_t base, uint64_t len, enum mem_type type);

/* Once, after the last memmap_add: usable ranges become whole pages, and page 0 is reserved. */
void memmap_finish(struct memmap *map);

/* Claims the pages that hold [base, base + len); a more restricted type stays. */
void memmap_claim(struct memmap *map, uint64_t base, uint64_t len);

/* Claims a page where a core can begin in real mode, and answers its address; 0: there is none. */
uint64_t memmap_claim_start_page(struct memmap *map);

/* True where all of [base, base + len) is usable. */
bool memmap_has(const struct memmap *map, uint64_t base, uint64_t len);

/* Bytes of usable RAM. */
uint64_t memmap_usable(const struct memmap *map);
