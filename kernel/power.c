/* SPDX-License-Identifier: MIT */
/*
 * power.c -- switching off and starting again.
 *
 * Each way is tried in turn and given a moment; a way that the machine does not have is a write to
 * nowhere, so the order is: what an emulator understands, what the tables say, what is customary.
 *
 * Context      any, at the very end; no lock is taken, but the tables' memory is mapped beforehand.
 */
#include "power.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acpi.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "print.h"
#include "vm.h"
#include "x86.h"

enum {
    FW_CFG_SELECT = 0x510,
    FW_CFG_DATA = 0x511,
    DEBUGCON = 0xe9,
    DEBUG_EXIT = 0xf4,
    BOCHS_SHUTDOWN = 0x8900,
    RESET_CONTROL = 0xcf9,
    KEYBOARD = 0x64,
    KEYBOARD_RESET = 0xfe,
    KEYBOARD_BUSY = 0x02,
    SCI_EN = 1, /* PM1 control: the machine is in ACPI mode (ACPI 6.4, 4.8.3.2) */
    SLP_EN = 1 << 13,
    SLEEP_CONTROL_EN = 1 << 5, /* the hardware-reduced register (4.8.3.7) */
    READ_S = 30,
    MOMENT = 1000000,
    ACPI_MODE_LOOKS = 10000000,
};

static const struct acpi_info *tables;
static volatile uint8_t *reset_memory;
static volatile uint8_t *sleep_memory;

static volatile uint8_t *
map_reg(const struct acpi_reg *reg)
{
    bool mapped = reg->addr != 0 && reg->space == ACPI_MEMORY;
    return mapped ? vm_map_phys(reg->addr, 1, VM_UC) : NULL;
}

void
power_init(const struct acpi_info *acpi)
{
    tables = acpi;
    reset_memory = map_reg(&acpi->reset);
    sleep_memory = map_reg(&acpi->sleep_control);
}

static void
write_reg(const struct acpi_reg *reg, volatile uint8_t *memory, uint8_t value)
{
    if (memory != NULL) {
        *memory = value;
    } else if (reg->addr != 0 && reg->space == ACPI_IO) {
        outb((uint16_t)reg->addr, value);
    }
}

/* The machine needs time to act on a write; the clock may be the thing that is broken. */
static void
wait_a_moment(void)
{
    for (int i = 0; i < MOMENT; i++) {
        cpu_relax();
    }
}

static bool
in_qemu(void)
{
    outw(FW_CFG_SELECT, 0);
    for (const char *s = "QEMU"; *s != '\0'; s++) {
        if (inb(FW_CFG_DATA) != (uint8_t)*s) {
            return false;
        }
    }
    return true;
}

/* The debug console carries the whole status, the exit device 7 bits of it (QEMU's own status is
 * then 2 * value + 1). On real machines nobody must write to these ports. */
static void
tell_emulator(int status)
{
    char text[16];
    ksnprintf(text, sizeof(text), "%d\n", status);
    for (const char *s = text; *s != '\0'; s++) {
        outb(DEBUGCON, (uint8_t)*s);
    }
    outl(DEBUG_EXIT, (uint32_t)status & 0x7f);
}

/* For certain? On others nobody must touch the ports above. */
static bool
emulated(void)
{
    return cpu_features.hypervised || (tables != NULL ? tables->bochs : in_qemu());
}

void
power_announce(void)
{
    if (emulated() && in_qemu()) {
        outb(DEBUGCON, '\n');
    }
}

static void
enter_acpi_mode(uint16_t pm1a)
{
    if ((inw(pm1a) & SCI_EN) != 0 || tables->smi_command == 0 || tables->acpi_enable == 0) {
        return;
    }
    outb(tables->smi_command, tables->acpi_enable);
    for (int i = 0; i < ACPI_MODE_LOOKS && (inw(pm1a) & SCI_EN) == 0; i++) {
        cpu_relax();
    }
}

static void
write_sleep_type(const struct acpi_reg *control, uint8_t type)
{
    if (control->addr != 0 && control->space == ACPI_IO) {
        uint16_t port = (uint16_t)control->addr;
        uint16_t keep = inw(port) & (uint16_t) ~(7u << 10 | SLP_EN);
        outw(port, (uint16_t)(keep | type << 10 | SLP_EN));
    }
}

static void
acpi_off(void)
{
    if (tables == NULL || !tables->has_s5) {
        return;
    }
    if (tables->sleep_control.addr != 0) {
        write_reg(&tables->sleep_control, sleep_memory,
                  (uint8_t)(tables->s5_type_a << 2 | SLEEP_CONTROL_EN));
        wait_a_moment();
    }
    if (!tables->hw_reduced) {
        if (tables->pm1a_control.addr != 0 && tables->pm1a_control.space == ACPI_IO) {
            enter_acpi_mode((uint16_t)tables->pm1a_control.addr);
        }
        write_sleep_type(&tables->pm1a_control, tables->s5_type_a);
        write_sleep_type(&tables->pm1b_control, tables->s5_type_b);
        wait_a_moment();
    }
}

/* Ports of emulators whose tables were not found: QEMU, Bochs and older QEMU, VirtualBox. */
static void
emulator_off(void)
{
    outw(0x604, 0x2000);
    outw(0xb004, 0x2000);
    outw(0x4004, 0x3400);
    for (const char *s = "Shutdown"; *s != '\0'; s++) {
        outb(BOCHS_SHUTDOWN, (uint8_t)*s);
    }
    wait_a_moment();
}

/* Whoever sits before the screen has no other place where the last words are. What failed stays
 * there until a key is struck, what did not for READ_S seconds. */
static void
let_read(int status)
{
    char text[96];
    if (!console_on_screen()) {
        return;
    }
    int n = ksnprintf(text, sizeof(text), "power: ended with status %d; off %sat a key\n", status,
                      status == 0 ? "in half a minute or " : "");
    console_write_sync(text, (size_t)n);
    for (int left = READ_S * 1000; left > 0 && !console_struck();) {
        if (status == 0) {
            clock_delay_us(1000);
            left--;
        } else {
            cpu_relax(); /* whatever has failed, it may be the clock */
        }
    }
}

void
power_off(int status)
{
    irq_disable();
    console_flush();
    bool real = !emulated();
    if (real) {
        let_read(status);
    } else if (in_qemu()) {
        tell_emulator(status);
    }
    acpi_off();
    if (!real) {
        emulator_off();
    }
    static const char message[] = "power: this machine cannot be switched off from here\n";
    console_write_sync(message, sizeof(message) - 1);
    cpu_halt_for_ever();
}

static void
keyboard_reset(void)
{
    if (tables != NULL && tables->no_8042) {
        return;
    }
    for (int i = 0; i < 100000 && (inb(KEYBOARD) & KEYBOARD_BUSY) != 0; i++) {
        cpu_relax();
    }
    outb(KEYBOARD, KEYBOARD_RESET);
    wait_a_moment();
}

void
power_reboot(void)
{
    irq_disable();
    console_flush();
    if (tables != NULL && tables->reset.addr != 0) {
        write_reg(&tables->reset, reset_memory, tables->reset_value);
        wait_a_moment();
    }
    outb(RESET_CONTROL, 0x02); /* a full reset is two writes: kind, then go */
    outb(RESET_CONTROL, 0x06);
    wait_a_moment();
    keyboard_reset();
    struct x86_table none = { 0, 0 }; /* no interrupt can be delivered any more: triple fault */
    __asm__ volatile("lidt %0; int3" : : "m"(none));
    cpu_halt_for_ever();
}
