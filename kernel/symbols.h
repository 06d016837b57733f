/* SPDX-License-Identifier: MIT */
/*
 * symbols.h -- the names of the functions in this image.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The function that holds pc, and how far into it; NULL: none does. Any context. */
const char *symbol_find(uintptr_t pc, size_t *offset);
