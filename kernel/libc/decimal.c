/* SPDX-License-Identifier: MIT */
/*
 * decimal.c -- exact decimal numbers that can be multiplied by powers of two.
 *
 * A binary floating-point number is an integer times a power of two, so it has a finite decimal
 * expansion: set the integer, shift, and every digit stands there. Text goes the other way: set
 * the digits, shift until the integer part is the mantissa, round once.
 *
 * Rejected     shortcuts with 128-bit powers of ten: quicker, but tables of kilobytes, and still
 *              this code behind them for the cases that they cannot decide
 */
#include "decimal.h"

static const uint32_t base = 1000000000;

static const uint32_t power_of_ten[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

void
decimal_trim(struct decimal *d)
{
    while (d->end > d->first && d->word[d->end - 1] == 0) {
        d->end--;
    }
    while (d->first < d->end && d->word[d->first] == 0) {
        d->first++;
    }
    if (d->first == d->end) {
        d->first = d->end = d->radix;
    }
}

void
decimal_init(struct decimal *d, uint32_t *words, int radix, uint64_t integer)
{
    *d = (struct decimal){.word = words, .first = radix, .end = radix, .radix = radix};
    for (; integer > 0; integer /= base) {
        words[--d->first] = (uint32_t)(integer % base);
    }
    decimal_trim(d);
}

void
decimal_shl(struct decimal *d, int bits)
{
    uint64_t carry = 0;

    for (int i = d->end - 1; i >= d->first; i--) {
        uint64_t v = ((uint64_t)d->word[i] << bits) + carry;
        d->word[i] = (uint32_t)(v % base);
        carry = v / base;
    }
    if (carry > 0) {
        d->word[--d->first] = (uint32_t)carry;
    }
    decimal_trim(d);
}

void
decimal_shr(struct decimal *d, int bits)
{
    uint64_t mask = ((uint64_t)1 << bits) - 1, rest = 0;

    for (int i = d->first; i < d->end || rest > 0; i++) {
        if (i == d->end) {
            d->word[d->end++] = 0;
        }
        uint64_t v = rest * base + d->word[i];
        d->word[i] = (uint32_t)(v >> bits);
        rest = v & mask;
    }
    decimal_trim(d);
}

/* Adds to word i, where the sum may carry through any number of words to the left. */
static void
add_at(struct decimal *d, int i, uint32_t amount)
{
    for (;; i--, amount = 1) {
        if (i < d->first) {
            d->first = i;
            d->word[i] = 0;
        }
        d->word[i] += amount;
        if (d->word[i] < base) {
            return;
        }
        d->word[i] -= base;
    }
}

void
decimal_round(struct decimal *d, long places)
{
    /* Word i keeps its digits above `unit`: for a multiple of nine places, none. */
    long i = decimal_index(d, -places - 1);
    int dropped = decimal_place(-places - 1) + 1;
    uint32_t unit = power_of_ten[dropped];

    if (i >= d->end) {
        return;
    }
    if (i < d->first) {
        d->first = d->end = d->radix;
        return;
    }
    uint32_t rest = d->word[i] % unit, half = unit / 2;
    bool more = d->end > i + 1;
    bool odd = dropped == DECIMAL_WORD_DIGITS ? decimal_word(d, i - 1) % 2 != 0
                                              : d->word[i] / unit % 2 != 0;
    bool up = rest > half || (rest == half && (more || odd));

    d->end = (int)i + 1;
    d->word[i] -= rest;
    if (up && dropped == DECIMAL_WORD_DIGITS) {
        add_at(d, (int)i - 1, 1);
    } else if (up) {
        add_at(d, (int)i, unit);
    }
    decimal_trim(d);
}

int
decimal_exponent(const struct decimal *d)
{
    int digits = 0;

    if (d->first == d->end) {
        return 0;
    }
    while (digits < DECIMAL_WORD_DIGITS && d->word[d->first] >= power_of_ten[digits]) {
        digits++;
    }
    return DECIMAL_WORD_DIGITS * (d->radix - 1 - d->first) + digits - 1;
}

int
decimal_last_exponent(const struct decimal *d)
{
    int zeros = 0;

    if (d->first == d->end) {
        return 0;
    }
    while (d->word[d->end - 1] % power_of_ten[zeros + 1] == 0) {
        zeros++;
    }
    return DECIMAL_WORD_DIGITS * (d->radix - d->end) + zeros;
}
