/* SPDX-License-Identifier: MIT */
/*
 * keyboard.c -- the PS/2 keyboard behind an Intel 8042 or what acts like one.
 *
 * Locks        none: one core has the interrupt.
 * Context      keyboard_init: boot core; keyboard_interrupt: interrupts off.
 * Rejected     The controller's self-test: it resets the controller, and some laptops' firmware,
 *              which emulates one for USB keyboards, does not come back from it.
 */
#include "keyboard.h"

#include <stddef.h>
#include <stdint.h>

#include "acpi.h"
#include "console.h"
#include "power.h"
#include "scancode.h"
#include "x86.h"

/* IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary device controller */
enum {
    DATA = 0x60,
    STATUS = 0x64,  /* read */
    COMMAND = 0x64, /* write */
    STATUS_OUTPUT = 0x01,
    STATUS_INPUT = 0x02,
    STATUS_AUX = 0x20, /* the byte is the mouse's */
    RELEASED = 0x80,
    READ_CONFIG = 0x20,
    WRITE_CONFIG = 0x60,
    DISABLE_AUX = 0xa7,
    DISABLE_KEYBOARD = 0xad,
    ENABLE_KEYBOARD = 0xae,
    CONFIG_IRQ = 0x01,
    CONFIG_AUX_IRQ = 0x02,
    CONFIG_OFF = 0x10,
    CONFIG_TRANSLATE = 0x40, /* the keyboard's set 2 to set 1 */
    ENABLE_SCANNING = 0xf4,
};

enum {
    LOOKS = 20000, /* some 20 ms: a port access takes about a microsecond */
    FLUSH_MAX = 64,
    BYTES_MAX = 32, /* an interrupt: bounds a controller that never stops */
};

static struct scancodes keys;
static bool present;

static bool
wait_for(uint8_t mask, uint8_t value)
{
    for (int i = 0; i < LOOKS; i++) {
        if ((inb(STATUS) & mask) == value) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

static bool
send(uint16_t port, uint8_t byte)
{
    if (!wait_for(STATUS_INPUT, 0)) {
        return false;
    }
    outb(port, byte);
    return true;
}

static void
flush(void)
{
    for (int i = 0; i < FLUSH_MAX && (inb(STATUS) & STATUS_OUTPUT) != 0; i++) {
        (void)inb(DATA);
        io_delay();
    }
}

static bool
set_up(void)
{
    if (!send(COMMAND, DISABLE_KEYBOARD) || !send(COMMAND, DISABLE_AUX)) {
        return false;
    }
    flush();
    if (!send(COMMAND, READ_CONFIG) || !wait_for(STATUS_OUTPUT, STATUS_OUTPUT)) {
        return false;
    }
    uint8_t config = inb(DATA);
    config &= (uint8_t) ~(CONFIG_AUX_IRQ | CONFIG_OFF);
    config |= CONFIG_IRQ | CONFIG_TRANSLATE;
    if (!send(COMMAND, WRITE_CONFIG) || !send(DATA, config) || !send(COMMAND, ENABLE_KEYBOARD)
        || !send(DATA, ENABLE_SCANNING)) {
        return false;
    }
    wait_for(STATUS_OUTPUT, STATUS_OUTPUT); /* its answer; without one it may scan all the same */
    flush();
    return true;
}

bool
keyboard_init(const struct acpi_info *acpi)
{
    present = !acpi->no_8042 && inb(STATUS) != 0xff && set_up();
    return present;
}

void
keyboard_interrupt(void)
{
    for (int i = 0; i < BYTES_MAX && present; i++) {
        uint8_t status = inb(STATUS);
        char text[SCANCODE_TEXT];
        bool reboot = false;
        if ((status & STATUS_OUTPUT) == 0) {
            return;
        }
        uint8_t byte = inb(DATA);
        size_t n = (status & STATUS_AUX) == 0 ? scancode_decode(&keys, byte, text, &reboot) : 0;
        if (reboot) {
            power_reboot();
        }
        if (n > 0) {
            console_type(text, n);
        }
    }
}

bool
keyboard_struck(void)
{
    uint8_t status = inb(STATUS);
    if (!present || (status & STATUS_OUTPUT) == 0) {
        return false;
    }
    bool released = (inb(DATA) & RELEASED) != 0;
    return (status & STATUS_AUX) == 0 && !released;
}
