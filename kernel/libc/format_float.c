/* SPDX-License-Identifier: MIT */
/*
 * format_float.c -- floating-point numbers for printf: %e %f %g %a, exact to the last digit.
 *
 * Invariants   1. every digit is the true one; the last is rounded to nearest, ties to even
 *              2. the digits of a number are an array on the stack, sized by its exponent:
 *                 SMALL_WORDS for all of double's range, LARGE_WORDS only beyond
 */
#include "format.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

#include "decimal.h"

/* m * 2^e */
struct real {
    uint64_t m;
    int e;
    bool negative, infinite, nan;
    int lead_bits; /* for %a: m's bits from here up are the digit before the point */
};

/* Room for sums that carry, and for a 64-bit integer's three words. */
enum { HEAD_WORDS = 4 };
enum {
    /* 2^-1074 has 1074 decimal places. */
    SMALL_WORDS = HEAD_WORDS + 1074 / DECIMAL_WORD_DIGITS + 2,
    /* LDBL_TRUE_MIN is 2^-16445. */
    LARGE_WORDS = HEAD_WORDS + 16445 / DECIMAL_WORD_DIGITS + 2,
};

/* The words that come before the point; 0.301 is log10(2). */
static int
integer_words(const struct real *r)
{
    return HEAD_WORDS + (r->e > 0 ? r->e * 31 / 100 / DECIMAL_WORD_DIGITS + 1 : 0);
}

static int
words_needed(const struct real *r)
{
    return integer_words(r) + (r->e < 0 ? -r->e / DECIMAL_WORD_DIGITS + 2 : 0);
}

static const char *
sign_of(const struct format_spec *spec, bool negative)
{
    return negative ? "-" : spec->plus ? "+" : spec->space ? " " : "";
}

static bool
is_upper(const struct format_spec *spec)
{
    return spec->conv >= 'A' && spec->conv <= 'Z';
}

/* The digits of 10^high down to 10^low. */
static void
emit_digits(struct format_out *out, const struct decimal *d, long high, long low)
{
    char text[DECIMAL_WORD_DIGITS];

    while (high >= low) {
        long i = decimal_index(d, high);
        if (i >= d->end) {
            format_pad(out, '0', high - low + 1);
            return;
        }
        uint32_t w = decimal_word(d, i);
        for (int k = DECIMAL_WORD_DIGITS; k-- > 0; w /= 10) {
            text[k] = (char)('0' + w % 10);
        }
        long n = decimal_place(high) + 1;
        const char *from = text + DECIMAL_WORD_DIGITS - n;
        n = n < high - low + 1 ? n : high - low + 1;
        format_write(out, from, (size_t)n);
        high -= n;
    }
}

static void
emit_fixed(struct format_out *out, const struct format_spec *spec, const char *sign,
           const struct decimal *d, long places)
{
    long high = decimal_exponent(d);
    bool point = places > 0 || spec->alt;

    high = high > 0 ? high : 0;
    long after = format_open(out, spec, sign, high + 1 + point + places);
    emit_digits(out, d, high, 0);
    format_write(out, ".", point);
    emit_digits(out, d, -1, -places);
    format_pad(out, ' ', after);
}

/* "e+05", "p-1022": letter, sign, at least `least` digits. Returns the length. */
static size_t
exponent_text(char *buf, char letter, int exponent, int least)
{
    char digits[8], *end = digits + sizeof digits, *p = end;
    unsigned v = exponent < 0 ? -(unsigned)exponent : (unsigned)exponent;

    for (; v > 0 || end - p < least; v /= 10) {
        *--p = (char)('0' + v % 10);
    }
    buf[0] = letter;
    buf[1] = exponent < 0 ? '-' : '+';
    memcpy(buf + 2, p, (size_t)(end - p));
    return (size_t)(end - p) + 2;
}

static void
emit_scientific(struct format_out *out, const struct format_spec *spec, const char *sign,
                const struct decimal *d, long places)
{
    char suffix[12];
    int exponent = decimal_exponent(d);
    size_t suffix_len = exponent_text(suffix, is_upper(spec) ? 'E' : 'e', exponent, 2);
    bool point = places > 0 || spec->alt;

    long after = format_open(out, spec, sign, 1 + point + places + (long)suffix_len);
    emit_digits(out, d, exponent, exponent);
    format_write(out, ".", point);
    emit_digits(out, d, exponent - 1L, exponent - places);
    format_write(out, suffix, suffix_len);
    format_pad(out, ' ', after);
}

/* %g: `digits` significant ones, in whichever style is shorter by C's rule. */
static void
emit_general(struct format_out *out, const struct format_spec *spec, const char *sign,
             struct decimal *d, long digits)
{
    digits = digits > 0 ? digits : 1;
    decimal_round(d, digits - 1 - decimal_exponent(d));
    long exponent = decimal_exponent(d), last = decimal_last_exponent(d);
    bool fixed = exponent >= -4 && exponent < digits;
    long places = fixed ? digits - 1 - exponent : digits - 1;

    if (!spec->alt) {
        long used = fixed ? -last : exponent - last;
        used = used > 0 ? used : 0;
        places = places < used ? places : used;
    }
    if (fixed) {
        emit_fixed(out, spec, sign, d, places);
    } else {
        emit_scientific(out, spec, sign, d, places);
    }
}

static void
emit_decimal(struct format_out *out, const struct format_spec *spec, const struct real *r,
             uint32_t *words)
{
    const char *sign = sign_of(spec, r->negative);
    long precision = spec->precision < 0 ? 6 : spec->precision;
    struct decimal d;

    decimal_init(&d, words, integer_words(r), r->m);
    for (int left = r->e; left > 0; left -= DECIMAL_SHIFT_MAX) {
        decimal_shl(&d, left < DECIMAL_SHIFT_MAX ? left : DECIMAL_SHIFT_MAX);
    }
    for (int left = -r->e; left > 0; left -= DECIMAL_SHIFT_MAX) {
        decimal_shr(&d, left < DECIMAL_SHIFT_MAX ? left : DECIMAL_SHIFT_MAX);
    }
    switch (spec->conv | 0x20) {
    case 'f':
        decimal_round(&d, precision);
        emit_fixed(out, spec, sign, &d, precision);
        break;
    case 'e':
        decimal_round(&d, precision - decimal_exponent(&d));
        emit_scientific(out, spec, sign, &d, precision);
        break;
    default:
        emit_general(out, spec, sign, &d, precision);
        break;
    }
}

__attribute__((noinline)) static void
emit_small(struct format_out *out, const struct format_spec *spec, const struct real *r)
{
    uint32_t words[SMALL_WORDS];
    emit_decimal(out, spec, r, words);
}

__attribute__((noinline)) static void
emit_large(struct format_out *out, const struct format_spec *spec, const struct real *r)
{
    uint32_t words[LARGE_WORDS];
    emit_decimal(out, spec, r, words);
}

/* %a: the mantissa as lead digit and `digits` hexadecimal places, left-aligned in *places. */
struct hex {
    unsigned lead;
    uint64_t places;
    int digits;
    int exponent;
};

static struct hex
hex_of(const struct real *r, int precision)
{
    struct hex h = {
        .lead = (unsigned)(r->m >> r->lead_bits),
        .places = r->m << (64 - r->lead_bits),
        .exponent = r->m == 0 ? 0 : r->e + r->lead_bits,
    };

    if (precision < 0 || precision >= r->lead_bits / 4) {
        h.digits = h.places == 0 ? 0 : 16 - __builtin_ctzll(h.places) / 4;
        return h;
    }
    uint64_t rest = h.places << 4 * precision, half = (uint64_t)1 << 63;
    uint64_t kept = precision == 0 ? 0 : h.places >> (64 - 4 * precision);
    unsigned odd = (precision == 0 ? h.lead : kept) & 1;
    kept += rest > half || (rest == half && odd);
    h.digits = precision;
    h.lead += (unsigned)(kept >> 4 * precision);
    h.places = precision == 0 ? 0 : kept << (64 - 4 * precision);
    if (h.lead == 16) {
        h.lead = 1;
        h.exponent += 4;
    }
    return h;
}

static void
emit_hex(struct format_out *out, const struct format_spec *spec, const struct real *r)
{
    const char *alphabet = is_upper(spec) ? "0123456789ABCDEF" : "0123456789abcdef";
    struct hex h = hex_of(r, spec->precision);
    long places = spec->precision < 0 ? h.digits : spec->precision;
    bool point = places > 0 || spec->alt;
    char prefix[4], text[16], suffix[12];
    size_t suffix_len = exponent_text(suffix, is_upper(spec) ? 'P' : 'p', h.exponent, 1);

    stpcpy(stpcpy(prefix, sign_of(spec, r->negative)), is_upper(spec) ? "0X" : "0x");
    for (int i = 0; i < h.digits; i++) {
        text[i] = alphabet[h.places >> (60 - 4 * i) & 15];
    }
    long after = format_open(out, spec, prefix, 1 + point + places + (long)suffix_len);
    format_write(out, &alphabet[h.lead], 1);
    format_write(out, ".", point);
    format_write(out, text, (size_t)h.digits);
    format_pad(out, '0', places - h.digits);
    format_write(out, suffix, suffix_len);
    format_pad(out, ' ', after);
}

static void
emit_word(struct format_out *out, const struct format_spec *spec, const struct real *r)
{
    struct format_spec plain = *spec;
    const char *word = r->nan ? (is_upper(spec) ? "NAN" : "nan") : is_upper(spec) ? "INF" : "inf";

    plain.zero = false;
    long after = format_open(out, &plain, sign_of(spec, r->negative), 3);
    format_write(out, word, 3);
    format_pad(out, ' ', after);
}

static void
emit_real(struct format_out *out, const struct format_spec *spec, struct real *r)
{
    if (r->infinite || r->nan) {
        emit_word(out, spec, r);
        return;
    }
    if ((spec->conv | 0x20) == 'a') {
        emit_hex(out, spec, r);
        return;
    }
    if (r->m == 0) {
        r->e = 0;
    } else {
        int zeros = __builtin_ctzll(r->m);
        r->m >>= zeros;
        r->e += zeros;
    }
    if (words_needed(r) <= SMALL_WORDS) {
        emit_small(out, spec, r);
    } else {
        emit_large(out, spec, r);
    }
}

void
format_double(struct format_out *out, const struct format_spec *spec, double x)
{
    uint64_t bits, hidden = (uint64_t)1 << (DBL_MANT_DIG - 1);

    __builtin_memcpy(&bits, &x, sizeof bits);
    int biased = (int)(bits >> (DBL_MANT_DIG - 1) & 0x7ff);
    uint64_t m = bits & (hidden - 1);
    struct real r = {
        .m = biased > 0 ? m | hidden : m,
        .e = (biased > 0 ? biased : 1) + DBL_MIN_EXP - DBL_MANT_DIG - 1,
        .negative = bits >> 63 != 0,
        .infinite = biased == 0x7ff && m == 0,
        .nan = biased == 0x7ff && m != 0,
        .lead_bits = 52,
    };
    emit_real(out, spec, &r);
}

void
format_long_double(struct format_out *out, const struct format_spec *spec, long double x)
{
    uint64_t m;
    uint16_t top;

    __builtin_memcpy(&m, &x, sizeof m);
    __builtin_memcpy(&top, (const char *)&x + sizeof m, sizeof top);
    int biased = top & 0x7fff;
    struct real r = {
        .m = m,
        .e = (biased > 0 ? biased : 1) + LDBL_MIN_EXP - LDBL_MANT_DIG - 1,
        .negative = top >> 15 != 0,
        .infinite = biased == 0x7fff && m << 1 == 0,
        .nan = biased == 0x7fff && m << 1 != 0,
        .lead_bits = 60,
    };
    emit_real(out, spec, &r);
}
