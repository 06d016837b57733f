/* SPDX-License-Identifier: MIT */
/*
 * ioapic.h -- where the interrupts of devices enter, and to which core they go.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct acpi_info;

/* Moves the 8259s' vectors, if there are any, out of the way, masks them, and masks every I/O APIC
 * input. The ACPI tables must stay as they are: later routes look the overrides up in them. */
void ioapic_init(const struct acpi_info *acpi);

/* Sends ISA interrupt `irq` to one core. False where no I/O APIC has that input. */
bool ioapic_route(uint8_t irq, uint8_t vector, uint32_t apic_id);
