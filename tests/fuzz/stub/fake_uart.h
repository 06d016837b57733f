/* SPDX-License-Identifier: MIT */
/*
 * fake_uart.h -- a serial port for kernel/console.c: what is typed, what is sent, and when.
 *
 * Included by one file a program. As the real one it interrupts at the edge only: fake_interrupt is
 * to be called after whatever may have raised the line.
 */
#pragma once

#include <stddef.h>
#include <string.h>

#include <console.h>
#include <uart.h>

enum { FAKE_UART_MAX = 1 << 17 };

static struct {
    size_t typed, taken, sent;
    unsigned wanted, room; /* room: what the transmitter takes at once, until it is set again */
    bool tx_told;          /* the transmitter's interrupt, taken back when its cause is read */
    uint8_t input[FAKE_UART_MAX], output[FAKE_UART_MAX];
} fake;

bool
spin_for_ever(void)
{
    return false;
}

bool
uart_init(void)
{
    fake.typed = fake.taken = fake.sent = 0;
    fake.wanted = 0;
    fake.room = 16;
    fake.tx_told = false;
    return true;
}

unsigned
uart_tx_room(void)
{
    return fake.room;
}

void
uart_put(uint8_t byte)
{
    if (fake.sent < FAKE_UART_MAX) {
        fake.output[fake.sent++] = byte;
    }
}

bool
uart_tx_idle(void)
{
    return true;
}

int
uart_get(void)
{
    return fake.taken < fake.typed ? fake.input[fake.taken++] : -1;
}

void
uart_interrupts(unsigned wanted)
{
    fake.tx_told &= (wanted & UART_INT_TX) != 0;
    fake.wanted = wanted;
}

bool
uart_interrupt_pending(void)
{
    if (fake.wanted & UART_INT_RX && fake.taken < fake.typed) {
        return true;
    }
    if (fake.wanted & UART_INT_TX && fake.room > 0 && !fake.tx_told) {
        fake.tx_told = true;
        return true;
    }
    return false;
}

/* Some more is typed, and the port has told of it. */
static inline void
fake_type(const void *bytes, size_t n)
{
    n = n < FAKE_UART_MAX - fake.typed ? n : FAKE_UART_MAX - fake.typed;
    if (n > 0) {
        memcpy(fake.input + fake.typed, bytes, n);
        fake.typed += n;
    }
    console_interrupt();
}

/* What the transmitter takes from now on. */
static inline void
fake_room(unsigned room)
{
    fake.room = room;
    fake.tx_told = false;
    console_interrupt();
}
