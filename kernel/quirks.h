/* SPDX-License-Identifier: MIT */
/*
 * quirks.h -- what some processors need that no feature bit tells.
 */
#pragma once

#include <stdbool.h>

/* Undoes what firmware or reset left wrong on this core: Intel's limit on CPUID's leaves, AMD's
 * LFENCE that RDTSC may pass, C1E where it stops the APIC's timer. Each core, before anything
 * asks CPUID for features. */
void quirks_core(void);

/* False: this Intel processor's microcode is older than the repair of its TSC-deadline timer, which
 * then may come late or not at all. Linux has the same list (apic.c). */
bool quirks_deadline_sound(void);
