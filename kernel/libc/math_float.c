/* SPDX-License-Identifier: MIT */
/* math_float.c -- the functions of float: those of double, rounded once more (within 0.51 ulp). */
#include <math.h>
#include <stdint.h>

#define FLOAT_OF_1(name)              \
    float name##f(float x)            \
    {                                 \
        return (float)name(x);        \
    }
#define FLOAT_OF_2(name)              \
    float name##f(float x, float y)   \
    {                                 \
        return (float)name(x, y);     \
    }
#define INTEGER_OF_1(type, name)      \
    type name##f(float x)             \
    {                                 \
        return name(x);               \
    }
#define FLOAT_AND_INT(name)           \
    float name##f(float x, int n)     \
    {                                 \
        return (float)name(x, n);     \
    }

FLOAT_OF_1(acos)
FLOAT_OF_1(asin)
FLOAT_OF_1(atan)
FLOAT_OF_1(cos)
FLOAT_OF_1(sin)
FLOAT_OF_1(tan)
FLOAT_OF_1(acosh)
FLOAT_OF_1(asinh)
FLOAT_OF_1(atanh)
FLOAT_OF_1(cosh)
FLOAT_OF_1(sinh)
FLOAT_OF_1(tanh)
FLOAT_OF_1(exp)
FLOAT_OF_1(exp2)
FLOAT_OF_1(expm1)
FLOAT_OF_1(log)
FLOAT_OF_1(log10)
FLOAT_OF_1(log1p)
FLOAT_OF_1(log2)
FLOAT_OF_1(logb)
FLOAT_OF_1(cbrt)
FLOAT_OF_1(fabs)
FLOAT_OF_1(sqrt)
FLOAT_OF_1(ceil)
FLOAT_OF_1(floor)
FLOAT_OF_1(nearbyint)
FLOAT_OF_1(rint)
FLOAT_OF_1(round)
FLOAT_OF_1(trunc)
FLOAT_OF_2(atan2)
FLOAT_OF_2(pow)
FLOAT_OF_2(hypot)
FLOAT_OF_2(fmod)
FLOAT_OF_2(remainder)
FLOAT_OF_2(copysign)
FLOAT_OF_2(fdim)
FLOAT_OF_2(fmax)
FLOAT_OF_2(fmin)
FLOAT_AND_INT(ldexp)
FLOAT_AND_INT(scalbn)
INTEGER_OF_1(int, ilogb)
INTEGER_OF_1(long, lrint)
INTEGER_OF_1(long, lround)
INTEGER_OF_1(long long, llrint)
INTEGER_OF_1(long long, llround)

float
frexpf(float x, int *exponent)
{
    return (float)frexp(x, exponent);
}

float
modff(float x, float *whole)
{
    double w, fraction = modf(x, &w);

    *whole = (float)w;
    return (float)fraction;
}

void
sincosf(float x, float *s, float *c)
{
    *s = sinf(x);
    *c = cosf(x);
}

float
nanf(const char *tag)
{
    return (float)nan(tag);
}

float
nextafterf(float x, float y)
{
    uint32_t bits;

    if (isnan(x) || isnan(y)) {
        return x + y;
    }
    if (x == y) {
        return y;
    }
    __builtin_memcpy(&bits, &x, sizeof bits);
    if (x == 0) {
        bits = 1 | (uint32_t)(signbit(y) != 0) << 31;
    } else {
        bits = (x < y) == (x > 0) ? bits + 1 : bits - 1;
    }
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}
