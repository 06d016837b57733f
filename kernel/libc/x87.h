/* SPDX-License-Identifier: MIT */
/*
 * x87.h -- the x87 unit's transcendental instructions as functions of long double.
 *
 * Each is right to less than one unit in the 64-bit mantissa, eleven bits more than a double has
 * (SDM vol. 1, section 8.3.10), provided that arguments are first brought into the range named.
 * fsin, fcos and fptan are not used: they reduce by a pi of 66 bits (math_trig.c does better).
 */
#pragma once

/* y * log2(x), x > 0 */
static inline long double
x87_ylog2(long double y, long double x)
{
    long double r;
    __asm__("fyl2x" : "=t"(r) : "0"(x), "u"(y) : "st(1)");
    return r;
}

/* y * log2(1 + x), |x| < 0.29 */
static inline long double
x87_ylog2p1(long double y, long double x)
{
    long double r;
    __asm__("fyl2xp1" : "=t"(r) : "0"(x), "u"(y) : "st(1)");
    return r;
}

/* 2^x - 1, |x| <= 1 */
static inline long double
x87_exp2m1(long double x)
{
    __asm__("f2xm1" : "+t"(x));
    return x;
}

/* x * 2^n, n a whole number, |n| < 32768 */
static inline long double
x87_scale(long double x, long double n)
{
    __asm__("fscale" : "+t"(x) : "u"(n));
    return x;
}

/* To a whole number, in the current rounding mode. */
static inline long double
x87_rint(long double x)
{
    __asm__("frndint" : "+t"(x));
    return x;
}

static inline long double
x87_sqrt(long double x)
{
    __asm__("fsqrt" : "+t"(x));
    return x;
}

/* The angle of the point (x, y), every special case as C wants it. */
static inline long double
x87_atan2(long double y, long double x)
{
    long double r;
    __asm__("fpatan" : "=t"(r) : "0"(x), "u"(y) : "st(1)");
    return r;
}

enum { X87_INCOMPLETE = 0x400 }; /* C2: the exponents were more than 63 apart; go on */

/* x - y * trunc(x / y), exact */
static inline long double
x87_fmod(long double x, long double y)
{
    unsigned short status;

    do {
        __asm__("fprem\n\tfnstsw %1" : "+t"(x), "=a"(status) : "u"(y));
    } while ((status & X87_INCOMPLETE) != 0);
    return x;
}

/* x - y * n, n the whole number nearest to x / y, even where two are; exact */
static inline long double
x87_remainder(long double x, long double y)
{
    unsigned short status;

    do {
        __asm__("fprem1\n\tfnstsw %1" : "+t"(x), "=a"(status) : "u"(y));
    } while ((status & X87_INCOMPLETE) != 0);
    return x;
}
