/* SPDX-License-Identifier: MIT */
/*
 * uart.h -- the first PC serial port, a 16550 or something that acts like one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define UART_IRQ 4

enum {
    UART_INT_RX = 1, /* a byte has arrived */
    UART_INT_TX = 2, /* the transmitter has room again */
};

/* 115200 8N1, interrupts off. False where nothing answers; then nothing below may be called. */
bool uart_init(void);

/* How many bytes may be written now without looking again: 0, or the depth of the FIFO. */
unsigned uart_tx_room(void);
void uart_put(uint8_t byte);

/* True when the last bit of the last byte has left. */
bool uart_tx_idle(void);

/* The next received byte, or -1. */
int uart_get(void);

/* The interrupts wanted, UART_INT_*. Asking for UART_INT_TX while there is room raises one. */
void uart_interrupts(unsigned wanted);

/* Takes note of one cause of interrupt; false when none is left. The line is edge-triggered: a
 * handler that leaves before this says false never hears from the port again. */
bool uart_interrupt_pending(void);
