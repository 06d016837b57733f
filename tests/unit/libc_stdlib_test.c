/* SPDX-License-Identifier: MIT */
/* libc_stdlib_test.c -- kernel/libc's numbers from text, random numbers, sorting and searching. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "libc_host.h"

OURS(strtol); OURS(strtoul); OURS(strtoll); OURS(strtoull); OURS(strtod); OURS(strtof);
OURS(rand); OURS(srand);
/* Macros in some host headers. */
void *gamp_bsearch(const void *, const void *, size_t, size_t,
                   int (*)(const void *, const void *));
void gamp_qsort(void *, size_t, size_t, int (*)(const void *, const void *));

TEST(strtol_agrees_with_the_host)
{
    static const char *const texts[] = {
        "", " ", "-", "0", "0x", "0xg", "0x1f", "-0X1F", "  +42z", "077", "08", "z", "Zz", "- 1",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "18446744073709551615", "18446744073709551616",
        "-18446744073709551615", "99999999999999999999999", "\t\n\v\f\r7", "+-3", "0b101", "1e3"};
    static const int bases[] = {0, 2, 8, 10, 16, 36, 37, 1};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0] * 8; i++) {
        const char *s = texts[i / 8];
        int base = bases[i % 8];
        char *a, *b;
#define SAME_NUMBER(f)                                         \
    errno = host_errno = 0, a = b = NULL;                      \
    CHECK_EQ(gamp_##f(s, &a, base), f(s, &b, base));           \
    CHECK_EQ(host_errno, base == 1 || base == 37 ? EINVAL : errno == EINVAL ? 0 : errno); \
    CHECK(a == b || base == 1 || base == 37)
        SAME_NUMBER(strtol);
        SAME_NUMBER(strtoul);
        SAME_NUMBER(strtoll);
        SAME_NUMBER(strtoull);
    }
}

static void
check_strtod(const char *s)
{
    char *a, *b;

    errno = host_errno = 0;
    double want = strtod(s, &b), got = gamp_strtod(s, &a);
    if (!CHECK(isnan(want) ? isnan(got) : want == got && signbit(want) == signbit(got)) ||
        !CHECK_EQ(a - s, b - s) || !CHECK_EQ(host_errno, errno)) {
        printf("# strtod(\"%s\"): want %a, got %a\n", s, want, got);
    }
    errno = host_errno = 0;
    float want_f = strtof(s, NULL), got_f = gamp_strtof(s, NULL);
    if (!CHECK(isnan(want_f) ? isnan(got_f) : want_f == got_f) || !CHECK_EQ(host_errno, errno)) {
        printf("# strtof(\"%s\"): want %a, got %a\n", s, want_f, got_f);
    }
}

TEST(strtod_agrees_with_the_host)
{
    static const char *const texts[] = {
        "", ".", "-", "e5", "1e", "1e+", "1.", ".5", "-.5e-3x", "0x", "0x.p1", "0x1.8p3", "0x.8",
        "inf", "-Infinity", "infinit", "nan", "nan(12)", "nan(1", "NAN()", "0e999999999999999999",
        "1e400", "-1e400", "1e-400", "4.9e-324", "2.4703282292062327e-324", "1e99999999999999999",
        "2.4703282292062328e-324", "1.7976931348623158e308", "1.7976931348623159e308", "-0", "0.0",
        "2.2250738585072011e-308", "9007199254740993", "9007199254740992.99999", "1e23", "1e22",
        "0x1.fffffffffffff8p1023", "0x1p-1075", "0x1.8p-1075", "0x1p99999", "0x.0000001p-1050",
        "0x123456789abcdef0123456789p-20", "0x1.00000000000008000000000000001", "1_000", " +1.5e3",
        "3.4028235677973366e38", "3.4028235677973365e38", "16777217", "1e-46",
        "1.00000017881393432617187499", "1.00000017881393432617187500001",
        "7.0064923216240854e-46"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_strtod(texts[i]);
    }
    for (int i = 0; i < 60000; i++) {
        char s[1500];
        double x = random_double();
        switch (random_below(4)) {
        case 0:
            snprintf(s, sizeof s, "%.*g", 1 + (int)random_below(25), x);
            break;
        case 1:
            snprintf(s, sizeof s, "%u%llue%d", (unsigned)random_u64(),
                     (unsigned long long)random_u64(), (int)random_below(700) - 360);
            break;
        case 2:
            snprintf(s, sizeof s, "%.*a", (int)random_below(16), x);
            break;
        default:
            snprintf(s, sizeof s, "%.17g", x);
            CHECK(isnan(x) || gamp_strtod(s, NULL) == x);
            break;
        }
        check_strtod(s);
    }
}

TEST(strtod_rounds_ties_from_all_digits)
{
    for (int i = 0; i < 3000; i++) {
        char s[1500];
        uint64_t bits = random_u64() >> 1;
        if (i % 2 == 0) {
            bits &= ((uint64_t)1 << 54) - 1; /* the longest expansions: near the smallest */
        }
        double x, next;
        memcpy(&x, &bits, sizeof x);
        next = nextafter(x, INFINITY);
        if (!isfinite(x) || !isfinite(next)) {
            continue;
        }
        /* Exactly half way, a little above (far behind), and below. */
        snprintf(s, sizeof s, "%.1200Le", ((long double)x + next) / 2);
        check_strtod(s);
        char *e = strchr(s, 'e');
        e[-1] = '1';
        check_strtod(s);
        snprintf(s, sizeof s, "%.1000Le", nextafterl(((long double)x + next) / 2, 0));
        check_strtod(s);
    }
}

TEST(rand_repeats_with_its_seed)
{
    int first[8], distinct = 0;

    gamp_srand(7);
    for (int i = 0; i < 8; i++) {
        first[i] = gamp_rand();
        CHECK(first[i] >= 0);
        distinct += i == 0 || first[i] != first[i - 1];
    }
    CHECK_EQ(distinct, 8);
    gamp_srand(7);
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(gamp_rand(), first[i]);
    }
}

/* ---- sorting ---- */

static size_t comparisons;

static int
compare_ints(const void *a, const void *b)
{
    int x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    comparisons++;
    return (x > y) - (x < y);
}

static int
pattern(unsigned kind, int i, int n)
{
    switch (kind) {
    case 0:
        return (int)random_u64();
    case 1:
        return i;
    case 2:
        return -i;
    case 3:
        return i % 7;
    case 4:
        return i < n / 2 ? i : n - i; /* organ pipe */
    case 5:
        return i % 2 ? i : n - i;
    default:
        return 0;
    }
}

TEST(qsort_sorts_every_pattern_in_n_log_n)
{
    static char a[8000 * 20], b[8000 * 20];

    for (int i = 0; i < 600; i++) {
        size_t size = (size_t[]){4, 8, 12, 20}[random_below(4)];
        int n = (int)random_below(i % 20 == 0 ? 8000 : 200);
        for (int k = 0; k < n; k++) {
            int v = pattern((unsigned)i % 7, k, n);
            memset(a + (size_t)k * size, v, size);
            memcpy(a + (size_t)k * size, &v, sizeof v);
        }
        memcpy(b, a, (size_t)n * size);
        qsort(a, (size_t)n, size, compare_ints);
        comparisons = 0;
        gamp_qsort(b, (size_t)n, size, compare_ints);
        /* Equal keys have equal elements here, so there is but one right result. */
        CHECK(memcmp(a, b, (size_t)n * size) == 0);
        CHECK(comparisons <= 20 + 4 * (size_t)n * (64 - (size_t)__builtin_clzll((size_t)n | 1)));
    }
}

TEST(bsearch_finds_each_and_nothing_else)
{
    int a[100];

    for (size_t n = 0; n <= 100; n++) {
        for (size_t i = 0; i < n; i++) {
            a[i] = 2 * (int)i + 1;
        }
        for (int key = 0; key <= 2 * (int)n; key++) {
            int *found = gamp_bsearch(&key, a, n, sizeof a[0], compare_ints);
            CHECK_EQ(found, key % 2 ? &a[key / 2] : NULL);
        }
    }
}

static const struct test tests[] = {
    TEST_ENTRY(strtol_agrees_with_the_host),
    TEST_ENTRY(strtod_agrees_with_the_host),
    TEST_ENTRY(strtod_rounds_ties_from_all_digits),
    TEST_ENTRY(rand_repeats_with_its_seed),
    TEST_ENTRY(qsort_sorts_every_pattern_in_n_log_n),
    TEST_ENTRY(bsearch_finds_each_and_nothing_else),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
