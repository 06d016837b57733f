/* SPDX-License-Identifier: MIT */
/*
 * heap.h -- what malloc does not say; malloc and its kin are in <stdlib.h>.
 */
#pragma once

#include <stddef.h>

/* Bytes in use, rounded up as malloc did; exact while no core allocates or frees. */
size_t heap_bytes(void);
