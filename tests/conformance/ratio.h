/* SPDX-License-Identifier: MIT */
/*
 * ratio.h -- exact fractions, small enough that nothing overflows.
 */
#pragma once
#include <stdint.h>

struct ratio {
    int64_t num, den; /* den > 0, reduced */
};

static inline struct ratio
reduced(int64_t num, int64_t den)
{
    int64_t a = num < 0 ? -num : num, b = den;
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return (struct ratio){ num / a, den / a };
}

static inline struct ratio
sum(struct ratio a, struct ratio b)
{
    struct ratio g = reduced(a.den, b.den); /* a.den / b.den = g.num / g.den */
    return reduced(a.num * g.den + b.num * g.num, a.den * g.den);
}

static inline struct ratio
product(struct ratio a, struct ratio b)
{
    struct ratio p = reduced(a.num, b.den), q = reduced(b.num, a.den);
    return (struct ratio){ p.num * q.num, p.den * q.den };
}
