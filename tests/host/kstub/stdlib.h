/* SPDX-License-Identifier: MIT */
/*
 * stdlib.h -- in front of the system's on the include path: malloc is gamp's, under another name.
 */
#pragma once

#include_next <stdlib.h>

void *kernel_malloc(size_t size);
void *kernel_calloc(size_t n, size_t size);
void *kernel_realloc(void *p, size_t size);
void *kernel_aligned_alloc(size_t align, size_t size);
void kernel_free(void *p);

#define malloc(size)               kernel_malloc(size)
#define calloc(n, size)            kernel_calloc(n, size)
#define realloc(p, size)           kernel_realloc(p, size)
#define aligned_alloc(align, size) kernel_aligned_alloc(align, size)
#define free(p)                    kernel_free(p)
