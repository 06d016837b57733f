/* SPDX-License-Identifier: MIT */
/*
 * pagerun.h -- large blocks of memory, a whole number of pages each; for heap.c alone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pmm.h"

#define RUN_SIZE_MAX ((size_t)PAGE_SIZE << PMM_MAX_ORDER)

/* NULL: no memory, or too large. align: a power of two, or 0. */
void *run_alloc(size_t size, size_t align);

/* p: what run_alloc gave, and no other pointer. */
size_t run_size(const void *p);

/* Frees all but the first npages; 0 frees it all. */
void run_cut(void *p, uint64_t npages);

/* In runs altogether. */
size_t run_bytes(void);
