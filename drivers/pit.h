/* SPDX-License-Identifier: MIT */
/*
 * pit.h -- channel 0 of the 8254 interval timer as a 16-bit counter, for calibration only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PIT_HZ   1193182u
#define PIT_MASK 0xffffu

/* Starts the counter; its interrupt must be masked. False where it does not count. */
bool pit_start(void);

/* Counts up; wraps after PIT_MASK. */
uint64_t pit_read(void);

void pit_stop(void);
