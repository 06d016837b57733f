/* SPDX-License-Identifier: MIT */
/*
 * calibrate.h -- how fast the processor's own counters run.
 */
#pragma once

#include <stdint.h>

struct acpi_info;

/* a counter of known rate outside the processor */
struct counter {
    const char *name;
    uint64_t (*read)(void);
    uint64_t hz;
    uint64_t mask; /* wraps after this value */
};

struct calibration {
    uint64_t tsc_hz;
    uint64_t lapic_hz;
    uint64_t error_ppm;
    const char *source;
};

/* Boot core, interrupts off or on, the local APIC enabled. Always fills *out with usable rates;
 * where the machine offers nothing to measure by it says so on the console. */
void calibrate(const struct acpi_info *acpi, struct calibration *out);

/* The best counter that keeps time for ever, for a machine whose TSC does not; NULL: none. */
const struct counter *calibrate_fallback(void);
