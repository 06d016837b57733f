/* SPDX-License-Identifier: MIT */
/*
 * boottrace.h -- where the time from the loader's jump to main went, phase by phase.
 */
#pragma once

/* Ends a phase, which began where the one before it ended, the first at the kernel's entry. */
void boottrace_end(const char *phase);

/* Two lines: the whole, and its parts, which add up to it. When the clock runs. */
void boottrace_print(void);
