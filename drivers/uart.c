/* SPDX-License-Identifier: MIT */
/*
 * uart.c -- the first PC serial port (COM1).
 *
 * Locks        none; kernel/console.c calls everything here under its own.
 * Context      any.
 * Rejected     a loopback self-test: several virtual machines have no loopback mode, and lose the
 *              port by it.
 */
#include "uart.h"

#include "x86.h"

/* National Semiconductor PC16550D, section 8 */
enum {
    PORT = 0x3f8,
    THR = PORT,     /* write: byte to send */
    RBR = PORT,     /* read: byte received */
    DLL = PORT,     /* divisor, with LCR_DLAB */
    IER = PORT + 1, /* interrupt enable */
    DLM = PORT + 1,
    IIR = PORT + 2, /* read: interrupt identification */
    FCR = PORT + 2, /* write: FIFO control */
    LCR = PORT + 3,
    MCR = PORT + 4,
    LSR = PORT + 5,
    MSR = PORT + 6,
};

enum {
    LCR_8N1 = 0x03,
    LCR_DLAB = 0x80,
    FCR_ENABLE_CLEAR = 0x07, /* FIFOs on and emptied, receive trigger at one byte */
    IIR_NONE = 0x01,
    IIR_CAUSE = 0x0e,
    IIR_LINE_STATUS = 0x06,
    IIR_MODEM_STATUS = 0x00,
    IIR_FIFO = 0xc0,         /* both bits: a FIFO that works */
    MCR_DTR_RTS_OUT2 = 0x0b, /* OUT2 is what lets the interrupt line out on a PC */
    LSR_DATA = 0x01,
    LSR_THR_EMPTY = 0x20,
    LSR_IDLE = 0x40,
    DIVISOR_115200 = 1,
    FIFO_DEPTH = 16,
};

static unsigned tx_depth = 1;

bool
uart_init(void)
{
    if (inb(LSR) == 0xff) {
        return false;
    }
    outb(IER, 0);
    outb(LCR, LCR_DLAB);
    outb(DLL, DIVISOR_115200);
    outb(DLM, 0);
    outb(LCR, LCR_8N1);
    outb(FCR, FCR_ENABLE_CLEAR);
    outb(MCR, MCR_DTR_RTS_OUT2);
    tx_depth = (inb(IIR) & IIR_FIFO) == IIR_FIFO ? FIFO_DEPTH : 1;
    return true;
}

unsigned
uart_tx_room(void)
{
    return (inb(LSR) & LSR_THR_EMPTY) != 0 ? tx_depth : 0;
}

void
uart_put(uint8_t byte)
{
    outb(THR, byte);
}

bool
uart_tx_idle(void)
{
    return (inb(LSR) & LSR_IDLE) != 0;
}

int
uart_get(void)
{
    return (inb(LSR) & LSR_DATA) != 0 ? inb(RBR) : -1;
}

void
uart_interrupts(unsigned wanted)
{
    outb(IER, (uint8_t)wanted);
}

bool
uart_interrupt_pending(void)
{
    uint8_t iir = inb(IIR); /* reading it takes a transmitter's interrupt back */
    if ((iir & IIR_NONE) != 0) {
        return false;
    }
    if ((iir & IIR_CAUSE) == IIR_LINE_STATUS) {
        (void)inb(LSR);
    } else if ((iir & IIR_CAUSE) == IIR_MODEM_STATUS) {
        (void)inb(MSR);
    }
    return true;
}
