/* SPDX-License-Identifier: MIT */
/*
 * fake_phys.h -- 1 MiB of physical memory for parsers of what firmware and loaders leave there.
 *
 * Invariants   1 phys_map hands out a copy of exactly the bytes asked for and takes it back at the
 *                next call, so that the address sanitizer sees any reading beyond or behind.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PHYS_SIZE = 1 << 20 };

static uint8_t phys[PHYS_SIZE];
static uint32_t phys_random;

static inline const void *
phys_map(uint64_t pa, size_t len)
{
    static void *window;

    free(window);
    window = NULL;
    if (pa >= PHYS_SIZE || len > PHYS_SIZE - pa) {
        return NULL;
    }
    window = malloc(len ? len : 1);
    return memcpy(window, phys + pa, len);
}

static inline void
phys_put(uint64_t *pa, const void *data, size_t len)
{
    memcpy(phys + *pa, data, len);
    *pa += len;
}

static inline void
phys_put8(uint64_t *pa, uint8_t value)
{
    phys_put(pa, &value, sizeof value);
}

static inline void
phys_put16(uint64_t *pa, uint16_t value)
{
    phys_put(pa, &value, sizeof value);
}

static inline void
phys_put32(uint64_t *pa, uint32_t value)
{
    phys_put(pa, &value, sizeof value);
}

static inline void
phys_put64(uint64_t *pa, uint64_t value)
{
    phys_put(pa, &value, sizeof value);
}

/* xorshift32: the same numbers for a seed on every host. */
static inline uint32_t
phys_next_random(void)
{
    phys_random ^= phys_random << 13;
    phys_random ^= phys_random >> 17;
    phys_random ^= phys_random << 5;
    return phys_random;
}

/* Overwrites up to 8 bytes of [base, base + len) with noise or extreme values. */
static inline void
phys_mutate(uint64_t base, size_t len)
{
    static const uint8_t extremes[] = {0, 1, 0x7f, 0x80, 0xff};

    for (uint32_t n = 1 + phys_next_random() % 8; n > 0; n--) {
        uint32_t r = phys_next_random();
        uint8_t value = r & 1 ? (uint8_t)(r >> 8) : extremes[(r >> 8) % sizeof extremes];

        phys[base + phys_next_random() % len] = value;
    }
}
