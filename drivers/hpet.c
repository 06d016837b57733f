/* SPDX-License-Identifier: MIT */
/*
 * hpet.c -- the high precision event timer's main counter.
 *
 * Invariants   1. hpet_hz() is not 0 once hpet_init has returned true.
 */
#include "hpet.h"

#include <stddef.h>

#include "vm.h"

/* IA-PC HPET specification 1.0a, 2.3 */
enum {
    REG_CAPABILITIES = 0x00,
    REG_CONFIG = 0x10,
    REG_COUNTER = 0xf0,
    CONFIG_ENABLE = 1,
    MAX_PERIOD_FS = 100000000,
};

#define CAP_64BIT (1ull << 13)

static volatile uint8_t *regs;
static bool wide;
static uint64_t hz;

static uint32_t
read32(unsigned reg)
{
    return *(volatile uint32_t *)(regs + reg);
}

bool
hpet_init(uint64_t pa)
{
    if (pa == 0) {
        return false;
    }
    regs = vm_map_phys(pa, 1024, VM_UC);
    if (regs == NULL) {
        return false;
    }
    uint32_t period_fs = read32(REG_CAPABILITIES + 4);
    if (period_fs == 0 || period_fs > MAX_PERIOD_FS) {
        return false;
    }
    wide = (read32(REG_CAPABILITIES) & CAP_64BIT) != 0;
    hz = (1000000000000000ull + period_fs / 2) / period_fs;
    *(volatile uint32_t *)(regs + REG_CONFIG) = read32(REG_CONFIG) | CONFIG_ENABLE;
    return true;
}

/* A 64-bit counter behind a 32-bit bus may carry between its halves: read until the upper one
 * stands still. */
uint64_t
hpet_read(void)
{
    if (!wide) {
        return read32(REG_COUNTER);
    }
    uint32_t high = read32(REG_COUNTER + 4);
    for (;;) {
        uint32_t low = read32(REG_COUNTER);
        uint32_t again = read32(REG_COUNTER + 4);
        if (again == high) {
            return (uint64_t)high << 32 | low;
        }
        high = again;
    }
}

uint64_t
hpet_read_low(void)
{
    return read32(REG_COUNTER);
}

uint64_t
hpet_hz(void)
{
    return hz;
}

uint64_t
hpet_mask(void)
{
    return wide ? UINT64_MAX : UINT32_MAX;
}
