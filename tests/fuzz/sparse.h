/* SPDX-License-Identifier: MIT */
/*
 * sparse.h -- physical memory out of a fuzzer's input: some segments, with zeros around each.
 *
 * Form         repeated: address (4 bytes), length (2), that many bytes. Of segments that overlap
 *              the later one counts.
 *              What is not near a segment is out of reach: else reading zeros would take all the
 *              time, and find nothing.
 * Invariants   1 sparse_map hands out a copy of exactly the bytes asked for and takes it back at
 *                the next call, so that the address sanitizer sees any reading beyond or behind.
 */
#pragma once

#include "fuzz.h"

enum {
    SEGMENTS = 64,
    SPARSE_NEAR = 256,
    SPARSE_REQUEST_MAX = 0x21000, /* the BIOS area and a little more; larger ones are refused */
};

#define SPARSE_END (1ull << 32)

struct segment {
    uint64_t pa;
    size_t len;
    uint8_t *data;
};

static struct segment segments[SEGMENTS];
static size_t nsegments;
static uint64_t sparse_requested_max;

static inline void
sparse_load(struct input *in)
{
    for (nsegments = 0; nsegments < SEGMENTS && in->size > 0; nsegments++) {
        struct segment *s = &segments[nsegments];
        const uint8_t *from;

        s->pa = take(in, 4);
        from = take_bytes(in, take(in, 2), &s->len);
        s->data = malloc(s->len + 1);
        if (s->len > 0) {
            memcpy(s->data, from, s->len);
        }
    }
}

static inline void
sparse_unload(void)
{
    while (nsegments > 0) {
        free(segments[--nsegments].data);
    }
}

static inline bool
sparse_near(uint64_t pa, size_t len)
{
    for (size_t i = 0; i < nsegments; i++) {
        const struct segment *s = &segments[i];

        if (s->pa < pa + len + SPARSE_NEAR && pa < s->pa + s->len + SPARSE_NEAR) {
            return true;
        }
    }
    return false;
}

static inline const void *
sparse_map(uint64_t pa, size_t len)
{
    static uint8_t *window;

    sparse_requested_max = len > sparse_requested_max ? len : sparse_requested_max;
    free(window);
    window = NULL;
    if (pa >= SPARSE_END || len > SPARSE_END - pa || len > SPARSE_REQUEST_MAX
        || !sparse_near(pa, len)) {
        return NULL;
    }
    window = calloc(1, len ? len : 1);
    for (size_t i = 0; i < nsegments; i++) {
        const struct segment *s = &segments[i];
        uint64_t from = s->pa > pa ? s->pa : pa;
        uint64_t end = s->pa + s->len < pa + len ? s->pa + s->len : pa + len;

        if (from < end) {
            memcpy(window + (from - pa), s->data + (from - s->pa), end - from);
        }
    }
    return window;
}
