/* SPDX-License-Identifier: MIT */
/*
 * math_exp.c -- exponentials, logarithms, powers, hyperbolic functions.
 *
 * Everything is computed in extended precision and rounded to double once: within 0.51 ulp, but
 * for pow, whose exponent y * log2(x) loses up to ten of the eleven spare bits: within 1.3 ulp.
 */
#include <math.h>
#include <stdbool.h>

#include "x87.h"

static const long double log2_e = 1.442695040888963407359924681001892137L;
static const long double ln_2 = 0.693147180559945309417232121458176568L;
static const long double log10_2 = 0.301029995663981195213738894724493027L;
/* ln_2 in two parts; the first has 40 bits, so its product with an exponent is exact. */
static const long double ln_2_high = 0xb17217f7d1p-40L;
static const long double ln_2_low = 7.371002565167798901834040130001343602553E-13L;

/* Where exp(x) is past every double, on either side, but not past every extended number. */
static const double exp_limit = 800;

/* ---- in extended precision ---- */

/* 2^x, |x| < 16000 */
static long double
exp2_extended(long double x)
{
    long double n = x87_rint(x);
    return x87_scale(1 + x87_exp2m1(x - n), n);
}

static double
clamp(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

/* |x| <= 2 * exp_limit */
static long double
exp_extended(double x)
{
    long double n = x87_rint(x * log2_e);
    long double r = x - n * ln_2_high - n * ln_2_low;
    return x87_scale(1 + x87_exp2m1(r * log2_e), n);
}

static long double
expm1_extended(double x)
{
    return fabs(x) < 0.5 ? x87_exp2m1(x * log2_e) : exp_extended(x) - 1;
}

/* scale * log2(x), scale * log2(1 + x) */
static long double
log_extended(long double scale, long double x)
{
    long double above = x - 1;
    return fabs((double)above) < 0.25 ? x87_ylog2p1(scale, above) : x87_ylog2(scale, x);
}

static long double
log1p_extended(long double scale, long double x)
{
    return fabs((double)x) < 0.25 ? x87_ylog2p1(scale, x) : x87_ylog2(scale, 1 + x);
}

/* ---- exponentials and logarithms ---- */

double
exp(double x)
{
    return isnan(x) ? x : (double)exp_extended(clamp(x, exp_limit));
}

double
exp2(double x)
{
    return isnan(x) ? x : (double)exp2_extended(clamp(x, 1200));
}

double
expm1(double x)
{
    return isnan(x) || x == 0 ? x : (double)expm1_extended(clamp(x, exp_limit));
}

double
log(double x)
{
    return isnan(x) ? x : (double)log_extended(ln_2, x);
}

double
log2(double x)
{
    return isnan(x) ? x : (double)log_extended(1, x);
}

double
log10(double x)
{
    return isnan(x) ? x : (double)log_extended(log10_2, x);
}

double
log1p(double x)
{
    return isnan(x) || x == 0 ? x : (double)log1p_extended(ln_2, x);
}

/* ---- powers ---- */

static bool
is_odd(double y)
{
    return fabs(y) < 0x1p53 && fmod(y, 2) != 0;
}

/* x of 0, 1 or infinity, y infinite */
static double
pow_extreme(double x, double y)
{
    if (x == 1) {
        return 1;
    }
    return (x > 1) == (y > 0) ? INFINITY : 0;
}

double
pow(double x, double y)
{
    if (y == 0 || x == 1) {
        return 1;
    }
    if (isnan(x) || isnan(y)) {
        return x + y;
    }
    bool whole = trunc(y) == y;
    double magnitude = fabs(x), sign = signbit(x) && whole && is_odd(y) ? -1 : 1;
    if (isinf(y) || magnitude == 0 || isinf(magnitude)) {
        return sign * pow_extreme(magnitude, y);
    }
    if (x < 0 && !whole) {
        return (double)NAN;
    }
    long double exponent = log_extended(y, magnitude);
    return sign * (double)exp2_extended(exponent > 1200 ? 1200 : exponent < -1200 ? -1200
                                                                                   : exponent);
}

double
cbrt(double x)
{
    if (x == 0 || !isfinite(x)) {
        return x;
    }
    long double a = fabs(x), r = exp2_extended(x87_ylog2(1, a) / 3);
    r -= (r * r * r - a) / (3 * r * r);
    return copysign((double)r, x);
}

/* ---- hyperbolic functions ---- */

double
sinh(double x)
{
    if (isnan(x)) {
        return x;
    }
    long double t = expm1_extended(fmin(fabs(x), exp_limit));
    return copysign((double)((t + t / (t + 1)) / 2), x);
}

double
cosh(double x)
{
    if (isnan(x)) {
        return x;
    }
    long double t = exp_extended(fmin(fabs(x), exp_limit));
    return (double)((t + 1 / t) / 2);
}

double
tanh(double x)
{
    if (isnan(x)) {
        return x;
    }
    long double t = expm1_extended(2 * fmin(fabs(x), exp_limit));
    return copysign((double)(t / (t + 2)), x);
}

double
asinh(double x)
{
    if (!isfinite(x)) {
        return x;
    }
    long double a = fabs(x), square = a * a;
    return copysign((double)log1p_extended(ln_2, a + square / (1 + x87_sqrt(1 + square))), x);
}

double
acosh(double x)
{
    if (!(x >= 1)) {
        return isnan(x) ? x : (double)NAN;
    }
    long double above = (long double)x - 1;
    return (double)log1p_extended(ln_2, above + x87_sqrt(above * (above + 2)));
}

double
atanh(double x)
{
    if (isnan(x)) {
        return x;
    }
    long double a = fabs(x);
    if (a > 1) {
        return (double)NAN;
    }
    return copysign((double)(log1p_extended(ln_2, 2 * a / (1 - a)) / 2), x);
}
