/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h -- what every fuzzer here is made of: an entry point, an input taken apart, demands.
 *
 * A fuzzer is one file, NAME_fuzz.c, that defines LLVMFuzzerTestOneInput; tests/fuzz/run builds and
 * runs it. An input that ends early gives zeros, so every input means something.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where cond does not hold; the values that explain it are printed first. */
#define DEMAND(cond, ...)                                                                          \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: not so: %s; ", __FILE__, __LINE__, #cond);                     \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fprintf(stderr, "\n");                                                                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct input {
    const uint8_t *data;
    size_t size;
};

/* Up to len bytes, moved past; *got says how many. */
static inline const uint8_t *
take_bytes(struct input *in, size_t len, size_t *got)
{
    const uint8_t *p = in->data;

    *got = len < in->size ? len : in->size;
    in->data += *got;
    in->size -= *got;
    return p;
}

/* A little-endian number of n bytes. */
static inline uint64_t
take(struct input *in, size_t n)
{
    uint64_t value = 0;
    size_t got;
    const uint8_t *p = take_bytes(in, n, &got);

    if (got > 0) {
        memcpy(&value, p, got);
    }
    return value;
}
