/* SPDX-License-Identifier: MIT */
/* strtol.c -- integers from text: strtol and its family, atoi and its family. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static int
digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : INT_MAX;
}

struct integer {
    uintmax_t magnitude;
    bool negative;
    bool overflow;
};

/* The longest number at s, in struct form; no number: zero, and *end = s. */
static struct integer
parse_integer(const char *restrict s, char **restrict end, int base)
{
    struct integer n = {0};
    const char *p = s, *stop = s;

    if (base != 0 && (base < 2 || base > 36)) {
        errno = EINVAL;
        if (end != NULL) {
            *end = (char *)s;
        }
        return n;
    }
    while (isspace((unsigned char)*p)) {
        p++;
    }
    n.negative = *p == '-';
    p += *p == '-' || *p == '+';
    if ((base == 0 || base == 16) && p[0] == '0' && (p[1] | 0x20) == 'x' &&
        digit_value(p[2]) < 16) {
        p += 2;
        base = 16;
    } else if (base == 0) {
        base = p[0] == '0' ? 8 : 10;
    }
    for (int d; (d = digit_value(*p)) < base; stop = ++p) {
        n.overflow |= __builtin_mul_overflow(n.magnitude, (uintmax_t)base, &n.magnitude);
        n.overflow |= __builtin_add_overflow(n.magnitude, (uintmax_t)d, &n.magnitude);
    }
    if (end != NULL) {
        *end = (char *)stop;
    }
    return n;
}

long long
strtoll(const char *restrict s, char **restrict end, int base)
{
    struct integer n = parse_integer(s, end, base);
    uintmax_t limit = (uintmax_t)LLONG_MAX + n.negative;

    if (n.overflow || n.magnitude > limit) {
        errno = ERANGE;
        return n.negative ? LLONG_MIN : LLONG_MAX;
    }
    return (long long)(n.negative ? -n.magnitude : n.magnitude);
}

unsigned long long
strtoull(const char *restrict s, char **restrict end, int base)
{
    struct integer n = parse_integer(s, end, base);

    if (n.overflow) {
        errno = ERANGE;
        return ULLONG_MAX;
    }
    return n.negative ? -n.magnitude : n.magnitude;
}

long
strtol(const char *restrict s, char **restrict end, int base)
{
    return strtoll(s, end, base);
}

unsigned long
strtoul(const char *restrict s, char **restrict end, int base)
{
    return strtoull(s, end, base);
}

intmax_t
strtoimax(const char *restrict s, char **restrict end, int base)
{
    return strtoll(s, end, base);
}

uintmax_t
strtoumax(const char *restrict s, char **restrict end, int base)
{
    return strtoull(s, end, base);
}

int
atoi(const char *s)
{
    return (int)strtoll(s, NULL, 10);
}

long
atol(const char *s)
{
    return strtoll(s, NULL, 10);
}

long long
atoll(const char *s)
{
    return strtoll(s, NULL, 10);
}
