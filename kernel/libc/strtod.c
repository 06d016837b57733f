/* SPDX-License-Identifier: MIT */
/*
 * strtod.c -- floating-point numbers from text, correctly rounded: strtod, strtof, atof.
 *
 * Invariants   1. rounded once, from all the digits given, to nearest, ties to even
 *              2. digits after the KEPT_DIGITS-th only matter by not being zero: the points half
 *                 way between doubles have 767 significant digits at most
 */
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"

enum {
    KEPT_DIGITS = 800,
    /* First digits outside of these powers of ten are infinity or zero in either type. */
    EXPONENT_MAX = 310,
    EXPONENT_MIN = -400,
    RADIX = EXPONENT_MAX / DECIMAL_WORD_DIGITS + 4,
    /* The largest numbers reach furthest: halved a thousand times, each time a digit longer. The
     * smallest ones' digits end at KEPT_DIGITS - EXPONENT_MIN places, before that. */
    WORDS = RADIX + (KEPT_DIGITS - EXPONENT_MAX + DBL_MAX_EXP) / DECIMAL_WORD_DIGITS + 4,
};

struct float_type {
    int bits;     /* of the mantissa */
    int exponent; /* of the least significant bit of the smallest number */
    double max;
};

static const struct float_type type_double = {DBL_MANT_DIG, DBL_MIN_EXP - DBL_MANT_DIG, DBL_MAX};
static const struct float_type type_float = {FLT_MANT_DIG, FLT_MIN_EXP - FLT_MANT_DIG, FLT_MAX};

/* m * 2^e, exact by the caller's care but for overflow; m < 2^54. */
static double
compose(uint64_t m, int e)
{
    uint64_t bits;
    double x;

    if (m == 0) {
        return 0;
    }
    int up = __builtin_clzll(m) - (64 - DBL_MANT_DIG), most = e - type_double.exponent;
    up = up < most ? up : most;
    m = up < 0 ? m >> -up : m << up;
    e -= up;
    if (m >> (DBL_MANT_DIG - 1) == 0) {
        bits = m;
    } else if (e - type_double.exponent >= 0x7fe) {
        return __builtin_inf();
    } else {
        bits = m + ((uint64_t)(e - type_double.exponent) << (DBL_MANT_DIG - 1));
    }
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* The result from a mantissa already rounded, and the two range errors. */
static double
finish(const struct float_type *type, uint64_t m, int e, bool inexact)
{
    double x = compose(m, e);

    if (x > type->max) {
        errno = ERANGE;
        return __builtin_inf();
    }
    if (inexact && m >> (type->bits - 1) == 0) {
        errno = ERANGE;
    }
    return x;
}

/* What stands in the text: `count` digits from the first that is not zero, which counts
 * 10^exponent. */
struct digits {
    const char *first; /* digits, perhaps with a point among them */
    long count;
    long exponent;
};

/* Behind the exponent, or p where there is none. Saturates, lest it wrap into range. */
static const char *
parse_exponent(const char *p, char letter, long *exponent)
{
    const char *q = p + 1;
    long v = 0;
    *exponent = 0;
    if ((*p | 0x20) != letter) {
        return p;
    }
    bool negative = *q == '-';
    q += *q == '-' || *q == '+';
    if (!isdigit((unsigned char)*q)) {
        return p;
    }
    for (; isdigit((unsigned char)*q); q++) {
        v = v < LONG_MAX / 20 ? v * 10 + (*q - '0') : v;
    }
    *exponent = negative ? -v : v;
    return q;
}

/* NULL: no number at p. */
static const char *
parse_digits(const char *p, struct digits *digits)
{
    long exponent, position = 0;
    bool any = false, point = false;

    *digits = (struct digits){0};
    for (;; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!isdigit((unsigned char)*p)) {
            break;
        }
        any = true;
        if (digits->count > 0 || *p != '0') {
            digits->first = digits->count++ == 0 ? p : digits->first;
            position += !point;
        } else {
            position -= point;
        }
    }
    if (!any) {
        return NULL;
    }
    p = parse_exponent(p, 'e', &exponent);
    digits->exponent = position - 1 + exponent;
    return p;
}

/* Few digits and a small power of ten: one exact operation, rounded by the processor. */
static bool
convert_quickly(const struct digits *digits, double *x)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    long shift = digits->exponent - digits->count + 1;
    uint64_t m = 0;

    if (digits->count > DBL_DIG || shift < -22 || shift > 22) {
        return false;
    }
    const char *p = digits->first;
    for (long left = digits->count; left > 0; p++) {
        if (*p != '.') {
            m = m * 10 + (uint64_t)(*p - '0');
            left--;
        }
    }
    *x = shift < 0 ? (double)m / powers[-shift] : (double)m * powers[shift];
    return true;
}

static void
put_digit(struct decimal *d, long exponent, uint32_t digit)
{
    long i = decimal_index(d, exponent);

    for (int place = decimal_place(exponent); place > 0; place--) {
        digit *= 10;
    }
    while (d->end <= i) {
        d->word[d->end++] = 0;
    }
    d->word[i] += digit;
}

static void
load_digits(struct decimal *d, uint32_t *words, const struct digits *digits)
{
    long exponent = digits->exponent;
    const char *p = digits->first;
    bool more = false;

    *d = (struct decimal){.word = words, .radix = RADIX};
    d->first = d->end = (int)decimal_index(d, exponent);
    for (long i = 0; i < digits->count; p++) {
        if (*p == '.') {
            continue;
        }
        if (i < KEPT_DIGITS) {
            put_digit(d, exponent - i, (uint32_t)(*p - '0'));
        } else {
            more |= *p != '0';
        }
        i++;
    }
    if (more) {
        put_digit(d, exponent - KEPT_DIGITS, 1);
    }
    decimal_trim(d);
}

/* The integer part, which must be below 10^18. */
static uint64_t
integer_part(const struct decimal *d)
{
    return decimal_word(d, d->radix - 2) * (uint64_t)1000000000 + decimal_word(d, d->radix - 1);
}

static inline int
bit_length(uint64_t v)
{
    return v == 0 ? 0 : 64 - __builtin_clzll(v);
}

/* Shifts until the integer part is the mantissa; returns the power of two that it counts. */
static int
scale(struct decimal *d, const struct float_type *type)
{
    int e = 0;

    for (;;) {
        int missing = type->bits - bit_length(integer_part(d));
        if (d->first < d->radix - 2) {
            missing = -DECIMAL_SHIFT_MAX;
        }
        missing = missing < e - type->exponent ? missing : e - type->exponent;
        missing = missing < DECIMAL_SHIFT_MAX ? missing : DECIMAL_SHIFT_MAX;
        if (missing == 0) {
            return e;
        }
        if (missing > 0) {
            decimal_shl(d, missing);
        } else {
            int over = -missing < DECIMAL_SHIFT_MAX ? -missing : DECIMAL_SHIFT_MAX;
            decimal_shr(d, over);
            missing = -over;
        }
        e -= missing;
    }
}

static double
convert_exactly(const struct digits *digits, const struct float_type *type)
{
    uint32_t words[WORDS];
    struct decimal d;

    if (digits->exponent > EXPONENT_MAX || digits->exponent < EXPONENT_MIN) {
        errno = ERANGE;
        return digits->exponent > 0 ? __builtin_inf() : 0;
    }
    load_digits(&d, words, digits);
    int e = scale(&d, type);
    bool inexact = d.end > d.radix;
    decimal_round(&d, 0);
    return finish(type, integer_part(&d), e, inexact);
}

static double
convert_decimal(const struct digits *digits, const struct float_type *type)
{
    double x = 0;
    bool done = digits->count == 0 || (type == &type_double && convert_quickly(digits, &x));
    return done ? x : convert_exactly(digits, type);
}

static int
hex_value(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* m * 2^e, and something below m's last bit where `more`. */
static double
round_binary(uint64_t m, long e, bool more, const struct float_type *type)
{
    int length = bit_length(m);

    if (m == 0) {
        return 0;
    }
    if (e + length > 2000 || e + length < -2000) {
        errno = ERANGE;
        return e > 0 ? __builtin_inf() : 0;
    }
    long drop = length - type->bits, least = type->exponent - e;
    drop = drop > least ? drop : least;
    if (drop <= 0) {
        return finish(type, m, (int)e, more);
    }
    if (drop > 64) {
        return finish(type, 0, 0, true);
    }
    uint64_t kept = drop == 64 ? 0 : m >> drop, half = (uint64_t)1 << (drop - 1);
    uint64_t rest = drop == 64 ? m : m & ((half << 1) - 1);
    kept += rest > half || (rest == half && (more || (kept & 1) != 0));
    return finish(type, kept, (int)(e + drop), rest != 0 || more);
}

/* From behind "0x"; NULL: no digits there. */
static const char *
parse_hex(const char *p, const struct float_type *type, double *x)
{
    uint64_t m = 0;
    long e = 0, exponent;
    bool any = false, point = false, more = false;

    for (;; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!isxdigit((unsigned char)*p)) {
            break;
        }
        any = true;
        if (m >> 60 == 0) {
            m = m << 4 | (uint64_t)hex_value(*p);
            e -= point ? 4 : 0;
        } else {
            more |= *p != '0';
            e += point ? 0 : 4;
        }
    }
    if (!any) {
        return NULL;
    }
    p = parse_exponent(p, 'p', &exponent);
    *x = round_binary(m, e + exponent, more, type);
    return p;
}

/* "inf", "infinity", "nan", "nan(...)"; NULL: none of them. */
static const char *
parse_word(const char *p, double *x)
{
    if (strncasecmp(p, "inf", 3) == 0) {
        *x = __builtin_inf();
        return p + (strncasecmp(p, "infinity", 8) == 0 ? 8 : 3);
    }
    if (strncasecmp(p, "nan", 3) != 0) {
        return NULL;
    }
    *x = __builtin_nan("");
    const char *q = p + 3;
    if (*q == '(') {
        do {
            q++;
        } while (isalnum((unsigned char)*q) || *q == '_');
    }
    return *q == ')' && q > p + 3 ? q + 1 : p + 3;
}

static double
parse(const char *s, char **end, const struct float_type *type)
{
    const char *p = s, *stop;
    struct digits digits;
    double x = 0;

    while (isspace((unsigned char)*p)) {
        p++;
    }
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    stop = parse_word(p, &x);
    if (stop == NULL && p[0] == '0' && (p[1] | 0x20) == 'x') {
        stop = parse_hex(p + 2, type, &x);
    }
    if (stop == NULL && (stop = parse_digits(p, &digits)) != NULL) {
        x = convert_decimal(&digits, type);
    }
    if (end != NULL) {
        *end = (char *)(stop != NULL ? stop : s);
    }
    return negative && stop != NULL ? -x : x;
}

double
strtod(const char *restrict s, char **restrict end)
{
    return parse(s, end, &type_double);
}

float
strtof(const char *restrict s, char **restrict end)
{
    return (float)parse(s, end, &type_float);
}

double
atof(const char *s)
{
    return parse(s, NULL, &type_double);
}
