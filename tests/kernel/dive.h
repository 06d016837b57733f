/* SPDX-License-Identifier: MIT */
/*
 * dive.h -- going down a stack by so many bytes, and seeing on the way back what became of it.
 *
 * Every frame is filled with numbers that only it has and checked on the way up, so a page that
 * came back wrong, or came to two owners, shows at the frame it hit.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { KIB = 1024, MIB = 1024 * KIB, FRAME_WORDS = 56 };

static atomic_ullong bad_words;

/* Calls at(arg) with `bytes` of live frames above it. Returns the frames that were changed. */
static __attribute__((noinline)) uint64_t
descend(uintptr_t floor, uint64_t seed, void (*at)(void *), void *arg)
{
    volatile uint64_t frame[FRAME_WORDS];
    uint64_t bad = 0;

    for (uint64_t i = 0; i < FRAME_WORDS; i++) {
        frame[i] = seed * 0x9e3779b97f4a7c15 + i;
    }
    if ((uintptr_t)&frame[0] > floor) {
        bad = descend(floor, seed + 1, at, arg);
    } else if (at != NULL) {
        at(arg);
    }
    for (uint64_t i = 0; i < FRAME_WORDS; i++) {
        bad += frame[i] != seed * 0x9e3779b97f4a7c15 + i;
    }
    return bad;
}

/* Goes down by so many bytes from here. */
static void
go_deep(size_t bytes, uint64_t seed, void (*at)(void *), void *arg)
{
    uint64_t bad = descend((uintptr_t)__builtin_frame_address(0) - bytes, seed << 20, at, arg);

    if (bad != 0) {
        atomic_fetch_add(&bad_words, bad);
    }
}
