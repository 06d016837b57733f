/* SPDX-License-Identifier: MIT */
/*
 * lapic.h -- the local interrupt controller of each core: IPIs, the one-shot timer, EOI.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Every vector that a device or a core can send. Above 0x1f, and in classes of 16 by priority. */
enum {
    VECTOR_TIMER = 0x20,
    VECTOR_RESCHED = 0x21, /* wakes a halted core, or asks a running one to reschedule */
    VECTOR_TLB = 0x22,     /* flush what has been unmapped */
    VECTOR_ERROR = 0x23,   /* the local APIC's own errors */
    VECTOR_SERIAL = 0x24,
    VECTOR_KEYBOARD = 0x25,
    VECTOR_PIC = 0xe0, /* 16 vectors where the masked PICs' stray interrupts end */
    VECTOR_SPURIOUS = 0xff,
};

struct acpi_info;

/* Boot core, once: switched on where the firmware has not. False: no APIC. */
bool lapic_init(const struct acpi_info *acpi);

/* Each core, the boot core included, after lapic_init: enabled, timer off, LINT1 = NMI, and
 * this_cpu()->apic_id as the hardware has it. */
void lapic_init_core(void);

bool lapic_is_x2apic(void);

/* Where every core's registers are, mapped; NULL in x2APIC mode. */
volatile void *lapic_registers(void);
uint32_t lapic_id(void);

void lapic_eoi(void);

/* Fixed-mode IPI; safe with interrupts on or off, not from NMI in the middle of another. */
void lapic_ipi(uint32_t apic_id, uint8_t vector);
void lapic_ipi_nmi(uint32_t apic_id);
void lapic_ipi_init(uint32_t apic_id);
void lapic_ipi_startup(uint32_t apic_id, uint8_t page);

/* The free-running count-down used to calibrate: starts it; reads what is left of UINT32_MAX. */
void lapic_timer_start_count(void);
uint32_t lapic_timer_count(void);

/* Boot core, once calibrated: rate of the count-down timer (0: none measured). */
void lapic_timer_init(uint64_t lapic_hz, uint64_t tsc_hz);

/* One VECTOR_TIMER at this core when rdtsc reaches tsc_deadline, at once when it has passed.
 * A deadline beyond the counter's reach interrupts early; the receiver looks at the clock. */
void lapic_timer_set(uint64_t tsc_deadline);
void lapic_timer_off(void);

/* What VECTOR_ERROR is about: the error status, cleared by reading (3A, 11.5.3). */
uint32_t lapic_error_status(void);
