/* SPDX-License-Identifier: MIT */
/*
 * rtc.h -- the battery-backed clock.
 */
#pragma once

#include <stdint.h>

/* Seconds since 1970-01-01, taking the clock's time as UTC; -1 where there is no believable clock.
 * century_reg is the CMOS register named by the FADT, 0 for none. Takes a few milliseconds. */
int64_t rtc_read_unix(uint8_t century_reg);
