/* SPDX-License-Identifier: MIT */
/*
 * pmtimer.h -- the ACPI power-management timer: 3.579545 MHz, 24 or 32 bits, read by a port.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PMTIMER_HZ 3579545u

/* False where the FADT names no port, or the port does not count. */
bool pmtimer_init(uint16_t port, bool wide);

uint64_t pmtimer_read(void);
uint64_t pmtimer_mask(void);
