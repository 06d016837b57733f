/* SPDX-License-Identifier: MIT */
/*
 * keyboard.h -- the PS/2 keyboard, or what firmware lets look like one.
 */
#pragma once

#include <stdbool.h>

#define KEYBOARD_IRQ 1

struct acpi_info;

/* Boot core, before the interrupt is routed. False: no controller, or it does not answer. */
bool keyboard_init(const struct acpi_info *acpi);

/* A key has gone down since the last look. No interrupt is needed. */
bool keyboard_struck(void);

/* Its interrupt, interrupts off; the caller sends the EOI. What is typed goes to the console, and
 * Ctrl-Alt-Del starts the machine again. Also to be called once when it has been routed: a byte
 * that came before would keep the line up, and the edge would never come. */
void keyboard_interrupt(void);
