/* SPDX-License-Identifier: MIT */
/*
 * smp.h -- starts the other cores.
 */
#pragma once

struct acpi_info;
struct memmap;

/* Before RAM is given out: finds a page for the cores' start-up code. Without one there will be
 * one core. */
void smp_claim_page(struct memmap *memory);

/*
 * Starts every core that the tables call enabled and returns when all have answered, or have been
 * given up. Each then runs entry() on its own core stack with interrupts off, and entry never
 * returns. Until smp_start returns entry may not use this_cpu()->id or the clock: numbers close up
 * when a core is missing, and the clock may still change its source. It should wait halted: cores
 * that spin keep an oversubscribed host from starting the rest.
 */
void smp_start(const struct acpi_info *acpi, void (*entry)(void));

void smp_print(void);
