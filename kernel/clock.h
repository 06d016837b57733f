/* SPDX-License-Identifier: MIT */
/*
 * clock.h -- nanoseconds since boot, the same on every core, and the time of day.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct acpi_info;

/* Boot core, after lapic_init_core: finds the rate of the TSC and of the local APIC's timer (which
 * it hands to lapic_timer_init) and reads the time of day. Takes about 5 ms. */
void clock_init(const struct acpi_info *acpi);

void clock_print(void);

int64_t clock_nanotime(void);
int64_t clock_walltime(void); /* ns since 1970-01-01 UTC; counts from there without a battery */

/* The value of this core's rdtsc when clock_nanotime() will be ns; 0 for one before the boot, and
 * a value never reached for one that is too far off. */
uint64_t clock_ns_to_tsc(int64_t ns);

uint64_t clock_tsc_hz(void);

/* How long all cores together may go without asking the time: INT64_MAX but on a machine whose only
 * trustworthy counter is narrow. */
int64_t clock_max_gap_ns(void);

/* Spins; for hardware that wants to be waited for. */
void clock_delay_us(unsigned us);

/* Each other core, first of all: undoes what its firmware has added to its TSC and not to the boot
 * core's (3B, 18.17.3). */
void clock_join(void);

/* While the other cores start: every core calls it, and backward steps between their TSCs show up.
 * The boot core calls it all the time it waits; it is short. */
void clock_check_step(void);

/* Boot core, when all have checked: leaves the TSC if it cannot be trusted. */
void clock_check_done(void);
