/* SPDX-License-Identifier: MIT */
/*
 * symbols.c -- the names of the functions in this image, from a table the link puts at its end.
 *
 * The table is sorted by address. A first link without it yields the addresses; the second holds
 * it, behind everything whose address it tells.
 */
#include "symbols.h"

#include "memlayout.h"

struct symbol {
    uint32_t offset; /* from KERNEL_BASE */
    uint32_t name;   /* into ksym_names */
};

extern const struct symbol ksyms[];
extern const uint32_t nksyms;
extern const char ksym_names[];
extern const char __text_start[], __text_end[];

const char *
symbol_find(uintptr_t pc, size_t *offset)
{
    uint32_t lo = 0, hi = nksyms;
    *offset = 0;
    if (pc < (uintptr_t)__text_start || pc >= (uintptr_t)__text_end) {
        return NULL;
    }
    while (lo < hi) { /* the first beyond pc */
        uint32_t mid = lo + (hi - lo) / 2;
        if (KERNEL_BASE + ksyms[mid].offset <= pc) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo == 0) {
        return NULL;
    }
    *offset = pc - (KERNEL_BASE + ksyms[lo - 1].offset);
    return ksym_names + ksyms[lo - 1].name;
}
