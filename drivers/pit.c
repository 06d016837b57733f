/* SPDX-License-Identifier: MIT */
/*
 * pit.c -- the 8254 interval timer.
 *
 * Rejected     channel 2, gated and watched through port 0x61: machines without that port (QEMU's
 *              microvm) read it as all ones, so the channel seems to expire at once and the
 *              processor's clock comes out hundreds of times too slow, without a sign of it.
 */
#include "pit.h"

#include "x86.h"

/* Intel 8254 data sheet, "Programming the 8254" */
enum {
    CHANNEL_0 = 0x40,
    COMMAND = 0x43,
    LATCH_0 = 0x00,
    MODE_0_STOPPED = 0x30, /* both bytes, mode 0: waits for a count that never comes */
    MODE_2_BOTH = 0x34,    /* both bytes, rate generator: reloads at the end of each period */
    LOOKS = 1000,
};

bool
pit_start(void)
{
    outb(COMMAND, MODE_2_BOTH);
    outb(CHANNEL_0, 0); /* 0 stands for 65536 */
    outb(CHANNEL_0, 0);
    uint64_t first = pit_read();
    for (int i = 0; i < LOOKS; i++) {
        uint64_t now = pit_read();
        if (now != first) {
            return true;
        }
    }
    return false;
}

uint64_t
pit_read(void)
{
    outb(COMMAND, LATCH_0);
    unsigned low = inb(CHANNEL_0);
    unsigned high = inb(CHANNEL_0);
    return (0u - (high << 8 | low)) & PIT_MASK;
}

void
pit_stop(void)
{
    outb(COMMAND, MODE_0_STOPPED);
}
