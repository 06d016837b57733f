/* SPDX-License-Identifier: MIT */
/* libc_format_test.c -- kernel/libc's printf engine against the host's, text by text. */
#define _GNU_SOURCE
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "libc_host.h"

OURS(snprintf);
OURS(vsnprintf);
OURS(sprintf);

enum { TEXT_MAX = 8192 };

/* Compares both libraries' results for one call; true where they agree. */
#define SAME(fmt, ...)                                                                   \
    same_text(fmt, snprintf(theirs, sizeof theirs, fmt, __VA_ARGS__),                    \
              gamp_snprintf(ours, sizeof ours, fmt, __VA_ARGS__), __LINE__)

static char theirs[TEXT_MAX], ours[TEXT_MAX];

static bool
same_text(const char *fmt, int want, int got, int line)
{
    if (want == got && strcmp(theirs, ours) == 0) {
        return true;
    }
    if (tap_count_failure()) {
        printf("# line %d: \"%s\": want %d \"%s\", got %d \"%s\"\n", line, fmt, want, theirs, got,
               ours);
    }
    return false;
}

/* "%" with random flags, width, precision, then the given end. */
static const char *
random_format(const char *end, unsigned max_precision)
{
    static char fmt[64];
    char *p = fmt;

    *p++ = '%';
    for (const char *flag = "-+ #0"; *flag != '\0'; flag++) {
        if (random_below(4) == 0) {
            *p++ = *flag;
        }
    }
    if (random_below(2) == 0) {
        p += sprintf(p, "%u", random_below(40) + 1);
    }
    if (random_below(2) == 0) {
        p += sprintf(p, ".%u", random_below(max_precision));
    }
    strcpy(p, end);
    return fmt;
}

TEST(format_integers_match_the_hosts)
{
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "j", "z", "t"};
    static const long long edges[] = {0, 1, -1, 7, 8, 9, 10, 99, 255, 256, -128, 65535, -32768,
                                      INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN};

    for (int i = 0; i < 200000; i++) {
        char end[8];
        const char *length = lengths[random_below(8)];
        long long v = random_below(3) == 0 ? edges[random_below(sizeof edges / sizeof edges[0])]
                                           : (long long)(random_u64() >> random_below(64));
        sprintf(end, "%s%c", length, "diuoxX"[random_below(6)]);
        const char *fmt = random_format(end, 30);
        if (strlen(length) == 0 || length[0] == 'h') {
            SAME(fmt, (int)v);
        } else {
            SAME(fmt, v);
        }
    }
}

TEST(format_doubles_match_the_hosts)
{
    static const double edges[] = {0.0, -0.0, 0.5, 1.5, 2.5, 0.1, 9.5, 99.5, 999999.5, 9.9999995,
                                   1e22, 1e23, 123456789.0, 0.0001, 0.00001, 1e15, 1e16, 1e17,
                                   DBL_MAX, -DBL_MAX, DBL_MIN, 0x1p-1074, 0x1.fffffffffffffp-1023,
                                   INFINITY, -INFINITY, (double)NAN, 4503599627370496.5, 1e-308};

    for (int i = 0; i < 200000; i++) {
        char end[2] = {"eEfFgGaA"[random_below(8)], '\0'};
        bool edge = random_below(10) == 0;
        double x = edge ? edges[random_below(sizeof edges / sizeof edges[0])] : random_double();
        const char *fmt = random_format(end, random_below(20) == 0 ? 1200 : 25);
        /* %#g of what rounds up to a power of ten: glibc drops the zeros, which C wants kept. */
        if ((*end | 0x20) != 'g' || strchr(fmt, '#') == NULL || !edge) {
            SAME(fmt, x);
        }
    }
}

TEST(format_rounds_exact_ties_to_even)
{
    for (int i = 0; i < 20000; i++) {
        /* Odd multiples of 2^-k end in a 5 at the k-th place. */
        int k = 1 + (int)random_below(20);
        double x = (double)(random_u64() >> 40 | 1) / (double)(1u << k);
        const char *fmt = random_below(2) == 0 ? "%.*f" : "%.*e";
        int precision = (int)random_below(22);
        SAME(fmt, precision, x);
    }
}

TEST(format_long_doubles_match_the_hosts)
{
    for (int i = 0; i < 3000; i++) {
        char end[3] = {'L', "eEfFgGaA"[random_below(8)], '\0'};
        uint64_t mantissa = random_u64() | (uint64_t)1 << 63;
        int exponent = random_below(4) == 0 ? (int)random_below(32700) - 16400
                                            : (int)random_below(200) - 100;
        long double x = ldexpl((long double)mantissa, exponent - 63);
        const char *fmt = random_format(end, 40);
        SAME(fmt, x);
        SAME(fmt, -x);
    }
    SAME("%.5000Lf", LDBL_MIN);
    SAME("%Lf", LDBL_MAX);
    SAME("%La %La", LDBL_TRUE_MIN, 0.0L);
    SAME("%Lg %LF", (long double)INFINITY, (long double)NAN);
    SAME("%.0La %.1La", 0xf.8p0L, 0xf.f8p0L);
}

TEST(format_text_matches_the_hosts)
{
    static const char *const formats[] = {"%s", "%10s", "%-10s|", "%.3s", "%10.2s", "%-10.0s|"};
    const char *null = NULL;

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        SAME(formats[i], "");
        SAME(formats[i], "gopher");
        SAME(formats[i], null);
    }
    SAME("%.4s", "abcd not read");
    SAME("%.*s %.2147483647s", INT_MAX, "all of it", "and this");
    SAME("%c%3c%-3c|", 'a', 'b', 'c');
    SAME("%p %20p %-20p|", (void *)&console, (void *)&null, (void *)formats);
    SAME("%p %10p", (void *)NULL, (void *)NULL);
    SAME("%*d|%-*d|%.*d|%*.*d", 5, 42, 5, 42, 5, 42, -8, -1, 42);
    SAME("100%% %d%%", 5);
    SAME("%ld %s %c %f %x", 1L, "two", '3', 4.0, 5u);
    SAME("no conversion%s", "");
    SAME("%d %d %d %d %d %d %d %d %g %g %g %g %g %g %g %g %g %s", 1, 2, 3, 4, 5, 6, 7, 8, 1.0, 2.0,
         3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, "end");
}

TEST(format_counts_what_came_before)
{
    int n = 0;
    signed char small = 0;
    long large = 0;

    gamp_snprintf(ours, sizeof ours, "abc%ndef%hhn%5d%ln", &n, &small, 1, &large);
    CHECK_EQ(n, 3);
    CHECK_EQ(small, 6);
    CHECK_EQ(large, 11);
}

TEST(format_shows_unknown_conversions_as_written)
{
    const char *fmt = "a %y b %";

    CHECK_EQ(gamp_snprintf(ours, sizeof ours, fmt), 8);
    CHECK_STREQ(ours, "a %y b %");
}

TEST(format_refuses_more_than_an_int_of_text)
{
    char most[] = "%2147483647d", beyond[] = "%99999999999d";

    CHECK_EQ(gamp_snprintf(ours, sizeof ours, most, 1), -1);
    CHECK_EQ(gamp_snprintf(ours, sizeof ours, beyond, 1), -1);
}

TEST(snprintf_never_writes_past_its_room)
{
    for (size_t room = 0; room < 20; room++) {
        memset(ours, '#', 32);
        CHECK_EQ(gamp_snprintf(ours, room, "%s-%d", "0123456789", 42), 13);
        for (size_t i = room; i < 32; i++) {
            CHECK_EQ(ours[i], '#');
        }
        if (room > 0) {
            CHECK_EQ(strlen(ours), room - 1 < 13 ? room - 1 : 13);
        }
    }
    CHECK_EQ(gamp_snprintf(NULL, 0, "%d", 12345), 5);
    CHECK_EQ(gamp_sprintf(ours, "%s", "whole"), 5);
    CHECK_STREQ(ours, "whole");
}

static const struct test tests[] = {
    TEST_ENTRY(format_integers_match_the_hosts),
    TEST_ENTRY(format_doubles_match_the_hosts),
    TEST_ENTRY(format_rounds_exact_ties_to_even),
    TEST_ENTRY(format_long_doubles_match_the_hosts),
    TEST_ENTRY(format_text_matches_the_hosts),
    TEST_ENTRY(format_counts_what_came_before),
    TEST_ENTRY(format_shows_unknown_conversions_as_written),
    TEST_ENTRY(format_refuses_more_than_an_int_of_text),
    TEST_ENTRY(snprintf_never_writes_past_its_room),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
