/* SPDX-License-Identifier: MIT */
/*
 * power.h -- the end of the machine's run.
 */
#pragma once

struct acpi_info;

/* Keeps what the tables say; before it is called only the ways that need no tables are tried. */
void power_init(const struct acpi_info *acpi);

/* Tells tools/run, through an emulator's debug console, that input may come. */
void power_announce(void);

/* Switches the machine off by every way there is; an emulator is told the status. Other cores must
 * have stopped, and what is to be read has been flushed. */
_Noreturn void power_off(int status);
_Noreturn void power_reboot(void);
