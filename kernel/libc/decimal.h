/* SPDX-License-Identifier: MIT */
/* decimal.h -- exact decimal numbers that can be multiplied by powers of two. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    DECIMAL_WORD_DIGITS = 9,
    DECIMAL_SHIFT_MAX = 29, /* bits in one decimal_shl or decimal_shr */
};

/* sum of word[i] * 10^(9 * (radix - 1 - i)) for first <= i < end; a zero has first == end. */
struct decimal {
    uint32_t *word; /* the caller's; each below 10^9 */
    int first, end; /* word[first] and word[end - 1] are not zero */
    int radix;      /* words before this one are the integer part */
};

/* words must hold three words before radix, and what the shifts to come need. */
void decimal_init(struct decimal *d, uint32_t *words, int radix, uint64_t integer);
/* Times, or divided by, 2^bits. Each may need one word more at the left, or bits / 9 + 1 at the
 * right. */
void decimal_shl(struct decimal *d, int bits);
void decimal_shr(struct decimal *d, int bits);
/* Drops zero words at both ends: restores the invariant after words were written directly. */
void decimal_trim(struct decimal *d);
/* To `places` decimal places (below zero: tens, hundreds ...), ties to even. */
void decimal_round(struct decimal *d, long places);
/* The power of ten of the first digit, and of the last that is not zero; 0 for zero. */
int decimal_exponent(const struct decimal *d);
int decimal_last_exponent(const struct decimal *d);

/* Any word, zero where none is stored. */
static inline uint32_t
decimal_word(const struct decimal *d, long i)
{
    return i >= d->first && i < d->end ? d->word[i] : 0;
}

/* The word that holds the digit of 10^exponent, and that digit's place in it (0: the units). */
static inline long
decimal_index(const struct decimal *d, long exponent)
{
    long floor = exponent / DECIMAL_WORD_DIGITS - (exponent % DECIMAL_WORD_DIGITS < 0);
    return d->radix - 1 - floor;
}

static inline int
decimal_place(long exponent)
{
    int r = (int)(exponent % DECIMAL_WORD_DIGITS);
    return r < 0 ? r + DECIMAL_WORD_DIGITS : r;
}
