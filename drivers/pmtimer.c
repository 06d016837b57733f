/* SPDX-License-Identifier: MIT */
/*
 * pmtimer.c -- the ACPI power-management timer (ACPI 6.4, 4.8.3.3).
 */
#include "pmtimer.h"

#include "x86.h"

enum { LOOKS = 1000 }; /* a port read takes at least 30 ns, a tick 279 */

static uint16_t timer_port;
static uint32_t mask;

bool
pmtimer_init(uint16_t port, bool wide)
{
    if (port == 0) {
        return false;
    }
    timer_port = port;
    mask = wide ? UINT32_MAX : 0xffffff;
    uint64_t first = pmtimer_read();
    for (int i = 0; i < LOOKS; i++) {
        if (pmtimer_read() != first) {
            return true;
        }
    }
    return false;
}

uint64_t
pmtimer_read(void)
{
    return inl(timer_port) & mask;
}

uint64_t
pmtimer_mask(void)
{
    return mask;
}
