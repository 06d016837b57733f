/* SPDX-License-Identifier: MIT */
/* math.c -- rounding, remainders, roots, and a double's parts. All results are exact or correctly
 * rounded, but for hypot's (0.51 ulp). */
#include <limits.h>
#include <math.h>
#include <stdint.h>

#include "x87.h"

/* From here up every double is whole. */
static const double two52 = 4503599627370496.0;

static uint64_t
bits_of(double x)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double
of_bits(uint64_t bits)
{
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

double
fabs(double x)
{
    return __builtin_fabs(x);
}

double
copysign(double x, double y)
{
    return __builtin_copysign(x, y);
}

double
nan(const char *tag)
{
    (void)tag;
    return __builtin_nan("");
}

/* ---- rounding ---- */

double
trunc(double x)
{
    return fabs(x) < two52 ? copysign((double)(long long)x, x) : x;
}

double
floor(double x)
{
    double t = trunc(x);
    return t > x ? t - 1 : t;
}

double
ceil(double x)
{
    double t = trunc(x);
    return t < x ? copysign(t + 1, x) : t;
}

double
round(double x)
{
    double t = trunc(x);
    return fabs(x - t) >= 0.5 ? t + copysign(1, x) : t;
}

double
rint(double x)
{
    return fabs(x) < two52 ? copysign(fabs(x) + two52 - two52, x) : x;
}

double
nearbyint(double x)
{
    return rint(x);
}

long
lround(double x)
{
    return (long)round(x);
}

long long
llround(double x)
{
    return (long long)round(x);
}

long
lrint(double x)
{
    return (long)rint(x);
}

long long
llrint(double x)
{
    return (long long)rint(x);
}

/* ---- remainders, roots, differences ---- */

double
fmod(double x, double y)
{
    return (double)x87_fmod(x, y);
}

double
remainder(double x, double y)
{
    return (double)x87_remainder(x, y);
}

double
sqrt(double x)
{
    double r;
    __asm__("sqrtsd %1, %0" : "=x"(r) : "x"(x));
    return r;
}

/* An extended exponent holds any double's square. */
double
hypot(double x, double y)
{
    long double a = x, b = y;

    if (isinf(x) || isinf(y)) {
        return INFINITY;
    }
    return (double)x87_sqrt(a * a + b * b);
}

double
fdim(double x, double y)
{
    return x <= y ? 0 : x - y;
}

double
fmax(double x, double y)
{
    return isnan(x) || x < y ? y : x;
}

double
fmin(double x, double y)
{
    return isnan(x) || x > y ? y : x;
}

/* ---- parts ---- */

double
ldexp(double x, int n)
{
    /* Far enough from the smallest double to beyond the largest, and back. */
    const int most = 2200;

    n = n > most ? most : n < -most ? -most : n;
    return (double)x87_scale(x, n);
}

double
scalbn(double x, int n)
{
    return ldexp(x, n);
}

double
frexp(double x, int *exponent)
{
    *exponent = 0;
    if (x == 0 || !isfinite(x)) {
        return x;
    }
    if (!isnormal(x)) {
        x *= 0x1p54;
        *exponent = -54;
    }
    uint64_t bits = bits_of(x);
    *exponent += (int)(bits >> 52 & 0x7ff) - 1022;
    return of_bits((bits & ~((uint64_t)0x7ff << 52)) | (uint64_t)1022 << 52);
}

double
modf(double x, double *whole)
{
    *whole = trunc(x);
    return copysign(isinf(x) ? 0 : x - *whole, x);
}

int
ilogb(double x)
{
    int exponent;

    if (x == 0 || isnan(x)) {
        return FP_ILOGB0;
    }
    if (isinf(x)) {
        return INT_MAX;
    }
    frexp(x, &exponent);
    return exponent - 1;
}

double
logb(double x)
{
    if (x == 0) {
        return -HUGE_VAL;
    }
    return isfinite(x) ? ilogb(x) : x * x;
}

/* Doubles of one sign are ordered as their bits are. */
double
nextafter(double x, double y)
{
    if (isnan(x) || isnan(y)) {
        return x + y;
    }
    if (x == y) {
        return y;
    }
    if (x == 0) {
        return copysign(of_bits(1), y);
    }
    return of_bits((x < y) == (x > 0) ? bits_of(x) + 1 : bits_of(x) - 1);
}
