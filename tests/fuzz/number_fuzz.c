/* SPDX-License-Identifier: MIT */
/*
 * number_fuzz.c -- kernel/libc's strtol and strtod families against the host's.
 *
 * Form         base (1 byte), text
 */
#define _GNU_SOURCE
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "fuzz.h"
#include "libc_host.h"

OURS(strtol);
OURS(strtoul);
OURS(strtoll);
OURS(strtoull);
OURS(strtoimax);
OURS(strtoumax);
OURS(strtod);
OURS(strtof);
OURS(atoi);
OURS(atol);
OURS(atoll);
OURS(atof);

/* The host's answers, then ours, for one text; end and errno as well. */
#define SAME_INTEGER(f)                                                                            \
    do {                                                                                           \
        char *a = NULL, *b = NULL;                                                                 \
        errno = host_errno = 0;                                                                    \
        uintmax_t want = (uintmax_t)f(s, &b, base), got = (uintmax_t)gamp_##f(s, &a, base);        \
        DEMAND(want == got, #f "(\"%s\", %d): want %" PRIxMAX ", got %" PRIxMAX, s, base, want,    \
               got);                                                                               \
        DEMAND(errno == host_errno, #f "(\"%s\", %d): want errno %d, got %d", s, base, errno,      \
               host_errno);                                                                        \
        DEMAND(a == b || errno == EINVAL, #f "(\"%s\", %d): ends %td, not %td", s, base, a - s,    \
               b - s);                                                                             \
    } while (0)

/* ---- strtod and strtof, as one ---- */

struct real_type {
    const char *name;
    double (*ours)(const char *s, char **end);
    double (*theirs)(const char *s, char **end);
    double (*narrow)(long double x);
    double min; /* the smallest normal number */
};

static double
our_float(const char *s, char **end)
{
    return gamp_strtof(s, end);
}

static double
their_float(const char *s, char **end)
{
    return strtof(s, end);
}

static double
narrow_to_float(long double x)
{
    return (float)x;
}

static double
our_double(const char *s, char **end)
{
    return gamp_strtod(s, end);
}

static double
narrow_to_double(long double x)
{
    return (double)x;
}

static const struct real_type types[] = {
    { "strtod", our_double, strtod, narrow_to_double, DBL_MIN },
    { "strtof", our_float, their_float, narrow_to_float, FLT_MIN },
};

enum { EXACT_CHARS = 16 }; /* so many cannot hold more digits than a long double */

/* glibc loses a bit of a hexadecimal number whose result is subnormal: it may take an inexact one
 * for exact, and a number above a tie for the tie. So those are held against a long double. */
static void
demand_right_tiny(const struct real_type *type, const char *s, double got)
{
    errno = 0;
    long double exact = strtold(s, NULL);
    if (strlen(s) > EXACT_CHARS || errno != 0) {
        return;
    }
    double want = type->narrow(exact);
    DEMAND(want == got, "%s(\"%s\"): want %a, got %a", type->name, s, want, got);
    /* Whether what rounds up to the smallest normal number was tiny is nobody's business. */
    DEMAND(fabs(want) == type->min || (host_errno == ERANGE) == (exact != (long double)want),
           "%s(\"%s\"): errno %d", type->name, s, host_errno);
}

static void
demand_same_real(const struct real_type *type, const char *s)
{
    char *a = NULL, *b = NULL;

    errno = host_errno = 0;
    double want = type->theirs(s, &b), got = type->ours(s, &a);
    DEMAND(a == b, "%s(\"%s\"): ends %td, not %td", type->name, s, a - s, b - s);
    if (isnan(want)) { /* the host's errno may be that of a nan(...) too large for it */
        DEMAND(isnan(got), "%s(\"%s\"): want %a, got %a", type->name, s, want, got);
    } else if (fabs(want) <= type->min && strpbrk(s, "xX")) {
        demand_right_tiny(type, s, got);
    } else {
        DEMAND(want == got && signbit(want) == signbit(got), "%s(\"%s\"): want %a, got %a",
               type->name, s, want, got);
        DEMAND(errno == host_errno, "%s(\"%s\"): want errno %d, got %d", type->name, s, errno,
               host_errno);
    }
}

static void
demand_same_numbers(const char *s, int base)
{
    SAME_INTEGER(strtol);
    SAME_INTEGER(strtoul);
    SAME_INTEGER(strtoll);
    SAME_INTEGER(strtoull);
    SAME_INTEGER(strtoimax);
    SAME_INTEGER(strtoumax);
    demand_same_real(&types[0], s);
    demand_same_real(&types[1], s);
    /* Out of range atoi is not defined; ours and the host's take strtol's low half. */
    DEMAND(gamp_atoi(s) == atoi(s) && gamp_atol(s) == atol(s) && gamp_atoll(s) == atoll(s), "%s",
           s);
    double want = gamp_strtod(s, NULL), got = gamp_atof(s);
    DEMAND(isnan(want) ? isnan(got) : want == got, "atof(\"%s\")", s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    int base = (int)(take(&in, 1) % 38);
    char *s = malloc(in.size + 1);

    memcpy(s, in.data, in.size);
    s[in.size] = 0;
    demand_same_numbers(s, base);
    free(s);
    return 0;
}
