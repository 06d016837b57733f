/* SPDX-License-Identifier: MIT */
/*
 * math_trig.c -- trigonometric functions and their inverses, within 0.51 ulp.
 *
 * An angle is first reduced to r in [-pi/4, pi/4] and a quadrant: x * 2/pi is multiplied out
 * exactly in integers, from those words of 2/pi that matter at x's exponent, so that 1e300 is
 * reduced as well as 1. Then Taylor's series in extended precision.
 *
 * Rejected     fsin and its like: near multiples of pi no digit of theirs is right
 * Rejected     minimax polynomials: in extended precision ten terms of Taylor's are enough, and
 *              anyone can check them
 */
#include <math.h>
#include <stdint.h>

#include "x87.h"

static const long double half_pi = 1.570796326794896619231321691639751442L;

/* 2/pi, 64 binary places a word: enough for the largest double. */
static const uint64_t two_over_pi[] = {
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
    0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
};

enum { WINDOW = 4 }; /* words of 2/pi: 2 bits of quadrant, 62 that may cancel, 64 to keep */

/* x = r + quadrant * pi/2, modulo 2 pi */
struct reduced {
    long double r;
    unsigned quadrant;
};

/* product = m * window, most significant word first */
static void
multiply(uint64_t product[WINDOW + 1], uint64_t m, const uint64_t *window)
{
    uint64_t carry = 0;

    for (int i = WINDOW; i > 0; i--) {
        unsigned __int128 v = (unsigned __int128)m * window[i - 1] + carry;
        product[i] = (uint64_t)v;
        carry = (uint64_t)(v >> 64);
    }
    product[0] = carry;
}

/* 64 bits of the product from `bit` up; bit 0 is the least significant. None: zero. */
static uint64_t
word_at(const uint64_t product[WINDOW + 1], int bit)
{
    int i = WINDOW - bit / 64, shift = bit % 64;
    uint64_t low = i >= 0 ? product[i] : 0, high = i >= 1 ? product[i - 1] : 0;
    return shift == 0 ? low : low >> shift | high << (64 - shift);
}

/* f / 2^128, f signed, times pi/2 */
static long double
fraction_to_angle(unsigned __int128 f)
{
    long double sign = 1;

    if (f >> 127 != 0) {
        f = -f;
        sign = -1;
    }
    if (f == 0) {
        return 0;
    }
    uint64_t high = (uint64_t)(f >> 64);
    int shift = high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)f);
    uint64_t mantissa = (uint64_t)(f << shift >> 64);
    return sign * x87_scale((long double)mantissa, -64 - shift) * half_pi;
}

/* x > 0, finite */
static struct reduced
reduce(double x)
{
    uint64_t product[WINDOW + 1], bits;

    if (x < 0.78) {
        return (struct reduced){x, 0};
    }
    __builtin_memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52) - 1075;
    uint64_t m = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    /* Earlier words times 2^e are multiples of 4: whole turns. */
    int skip = e >= 2 ? (e - 2) / 64 : 0;
    multiply(product, m, two_over_pi + skip);
    int point = 64 * (skip + WINDOW) - e;
    unsigned __int128 f = (unsigned __int128)word_at(product, point - 64) << 64;
    f |= word_at(product, point - 128);
    /* The fraction as a signed one: from a half up it belongs to the next quadrant. */
    unsigned quadrant = (unsigned)(word_at(product, point) + (uint64_t)(f >> 127)) & 3;
    return (struct reduced){fraction_to_angle(f), quadrant};
}

static long double
polynomial(const long double *coefficients, int n, long double z)
{
    long double sum = 0;

    while (n-- > 0) {
        sum = sum * z + coefficients[n];
    }
    return sum;
}

/* |r| <= pi/4, where the first term left out is below 2^-68 */
static long double
sin_series(long double r)
{
    static const long double c[] = {
        -1 / 6.0L, 1 / 120.0L, -1 / 5040.0L, 1 / 362880.0L, -1 / 39916800.0L,
        1 / 6227020800.0L, -1 / 1307674368000.0L, 1 / 355687428096000.0L,
        -1 / 121645100408832000.0L,
    };
    long double z = r * r;
    return r + r * z * polynomial(c, sizeof c / sizeof c[0], z);
}

static long double
cos_series(long double r)
{
    static const long double c[] = {
        -1 / 2.0L, 1 / 24.0L, -1 / 720.0L, 1 / 40320.0L, -1 / 3628800.0L,
        1 / 479001600.0L, -1 / 87178291200.0L, 1 / 20922789888000.0L,
        -1 / 6402373705728000.0L, 1 / 2432902008176640000.0L,
    };
    long double z = r * r;
    return 1 + z * polynomial(c, sizeof c / sizeof c[0], z);
}

/* The sine of the reduced angle, `turns` quadrants on. */
static double
sin_reduced(struct reduced angle, unsigned turns)
{
    unsigned quadrant = angle.quadrant + turns;
    long double v = (quadrant & 1) != 0 ? cos_series(angle.r) : sin_series(angle.r);
    return (double)((quadrant & 2) != 0 ? -v : v);
}

double
sin(double x)
{
    if (x == 0 || !isfinite(x)) {
        return isinf(x) ? x - x : x;
    }
    double v = sin_reduced(reduce(fabs(x)), 0);
    return x < 0 ? -v : v;
}

double
cos(double x)
{
    return isfinite(x) ? sin_reduced(reduce(fabs(x)), 1) : x - x;
}

void
sincos(double x, double *s, double *c)
{
    *s = sin(x);
    *c = cos(x);
}

double
tan(double x)
{
    if (x == 0 || !isfinite(x)) {
        return isinf(x) ? x - x : x;
    }
    struct reduced angle = reduce(fabs(x));
    long double s = sin_series(angle.r), c = cos_series(angle.r);
    double v = (double)((angle.quadrant & 1) != 0 ? -c / s : s / c);
    return x < 0 ? -v : v;
}

double
atan(double x)
{
    return (double)x87_atan2(x, 1);
}

double
atan2(double y, double x)
{
    return (double)x87_atan2(y, x);
}

/* The other leg of the right triangle with hypotenuse 1; a NaN where there is none. */
static long double
other_leg(double x)
{
    return x87_sqrt((1 - (long double)x) * (1 + (long double)x));
}

double
asin(double x)
{
    return (double)x87_atan2(x, other_leg(x));
}

double
acos(double x)
{
    return (double)x87_atan2(other_leg(x), x);
}
