/* SPDX-License-Identifier: MIT */
/*
 * hpet.h -- the main counter of the high precision event timer; its comparators are not used.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Maps and starts the counter at the address from the ACPI table. False: none, or it lies. */
bool hpet_init(uint64_t pa);

uint64_t hpet_read(void);
uint64_t hpet_read_low(void); /* 32 bits in one access, to calibrate by */
uint64_t hpet_hz(void);
uint64_t hpet_mask(void); /* the counter wraps after this value */
