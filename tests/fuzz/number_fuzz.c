/* SPDX-License-Identifier: MIT */
/*
 * number_fuzz.c -- kernel/libc's strtol and strtod families against the host's.
 *
 * Form         base (1 byte), text
 */
#define _GNU_SOURCE
#include <errno.h>
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

#define SAME_REAL(f)                                                                               \
    do {                                                                                           \
        char *a = NULL, *b = NULL;                                                                 \
        errno = host_errno = 0;                                                                    \
        double want = f(s, &b), got = gamp_##f(s, &a);                                             \
        DEMAND(isnan(want) ? isnan(got) : want == got && signbit(want) == signbit(got),            \
               #f "(\"%s\"): want %a, got %a", s, want, got);                                      \
        /* The host's nan(...) may have a payload that is out of range. */                         \
        DEMAND(errno == host_errno || isnan(want), #f "(\"%s\"): want errno %d, got %d", s, errno, \
               host_errno);                                                                        \
        DEMAND(a == b, #f "(\"%s\"): ends %td, not %td", s, a - s, b - s);                         \
    } while (0)

static void
demand_same_numbers(const char *s, int base)
{
    SAME_INTEGER(strtol);
    SAME_INTEGER(strtoul);
    SAME_INTEGER(strtoll);
    SAME_INTEGER(strtoull);
    SAME_INTEGER(strtoimax);
    SAME_INTEGER(strtoumax);
    SAME_REAL(strtod);
    SAME_REAL(strtof);
    /* Out of range atoi is not defined; ours and the host's take strtol's low half. */
    DEMAND(gamp_atoi(s) == atoi(s) && gamp_atol(s) == atol(s) && gamp_atoll(s) == atoll(s), "%s",
           s);
    double want = atof(s), got = gamp_atof(s);
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
