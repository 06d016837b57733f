/* SPDX-License-Identifier: MIT */
/* libc_rest_test.c -- what the other libc tests leave out: floats, quotients, copies, streams. */
#define _GNU_SOURCE
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "libc_host.h"

/* ---- math.h's float and integer functions ---- */

#define FLOATS_1(F)                                                                             \
    F(acos) F(acosh) F(asin) F(asinh) F(atan) F(atanh) F(cbrt) F(ceil) F(cos) F(cosh) F(exp)    \
    F(exp2) F(expm1) F(fabs) F(floor) F(log) F(log10) F(log1p) F(log2) F(logb) F(nearbyint)     \
    F(rint) F(round) F(sin) F(sinh) F(sqrt) F(tan) F(tanh) F(trunc)
#define FLOATS_2(F) \
    F(atan2) F(copysign) F(fdim) F(fmax) F(fmin) F(fmod) F(hypot) F(pow) F(remainder)
#define DECLARE_1(name) float gamp_##name##f(float);
#define DECLARE_2(name) float gamp_##name##f(float, float);
FLOATS_1(DECLARE_1)
FLOATS_2(DECLARE_2)

struct function {
    const char *name;
    float (*ours_1)(float);
    double (*truth_1)(double);
    float (*ours_2)(float, float);
    double (*truth_2)(double, double);
};

#define ENTRY_1(n) {#n "f", gamp_##n##f, n, NULL, NULL},
#define ENTRY_2(n) {#n "f", NULL, NULL, gamp_##n##f, n},
static const struct function floats[] = {FLOATS_1(ENTRY_1) FLOATS_2(ENTRY_2)};

static float
random_float(void)
{
    static const float edges[] = {0, -0.0f, 1, -1, 0.5f, 2, FLT_MAX, FLT_MIN, 0x1p-149f, INFINITY,
                                  -INFINITY, NAN, 88.7f, -104, 2.5f, -1.5f, 0x1p24f};

    switch (random_below(4)) {
    case 0:
        return edges[random_below(sizeof edges / sizeof edges[0])];
    case 1:
        return (float)random_double();
    default:
        return (float)(int32_t)random_u64() * 0x1p-26f;
    }
}

/* The truth rounded, or one of its neighbours. */
static bool
close_enough(float got, double truth)
{
    float want = (float)truth;

    return isnan(want) ? isnan(got)
                       : got == want || got == nextafterf(want, INFINITY) ||
                             got == nextafterf(want, -INFINITY);
}

TEST(math_every_float_function_is_right)
{
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        const struct function *f = &floats[i];

        for (int k = 0; k < 5000; k++) {
            float x = random_float(), y = random_float();
            double truth = f->ours_1 != NULL ? f->truth_1(x) : f->truth_2(x, y);
            float got = f->ours_1 != NULL ? f->ours_1(x) : f->ours_2(x, y);

            if (!close_enough(got, truth)) {
                CHECK(close_enough(got, truth));
                printf("# %s(%a, %a): want %a, got %a\n", f->name, x, y, truth, got);
            }
        }
    }
}

OURS(scalbn); OURS(scalbnf); OURS(ldexpf); OURS(frexpf); OURS(modff); OURS(sincos); OURS(sincosf);
OURS(ilogbf); OURS(lrintf); OURS(lroundf); OURS(llrint); OURS(llrintf); OURS(llround);
OURS(llroundf); OURS(nan); OURS(nanf);

TEST(math_parts_of_a_float_agree_with_the_host)
{
    for (int i = 0; i < 20000; i++) {
        float x = random_float(), whole_a, whole_b, s, c;
        double d = random_double(), ds, dc;
        int n = (int)random_below(600) - 300, a = 0, b = 0;

        CHECK(isnan(x) || gamp_scalbnf(x, n) == scalbnf(x, n));
        CHECK(isnan(x) || gamp_ldexpf(x, n) == ldexpf(x, n));
        CHECK(isnan(d) || gamp_scalbn(d, 5 * n) == scalbn(d, 5 * n));
        CHECK(isnan(x) || gamp_frexpf(x, &a) == frexpf(x, &b));
        CHECK(!isfinite(x) || a == b);
        CHECK(isnan(x) || gamp_modff(x, &whole_a) == modff(x, &whole_b));
        CHECK_EQ(gamp_ilogbf(x), ilogbf(x));
        if (fabsf(x) < 1e18f) {
            CHECK_EQ(gamp_lrintf(x), lrintf(x));
            CHECK_EQ(gamp_llrintf(x), llrintf(x));
            CHECK_EQ(gamp_lroundf(x), lroundf(x));
            CHECK_EQ(gamp_llroundf(x), llroundf(x));
            CHECK_EQ(gamp_llrint(x + 0.5), llrint(x + 0.5));
            CHECK_EQ(gamp_llround(x - 0.5), llround(x - 0.5));
        }
        gamp_sincosf(x, &s, &c);
        CHECK(close_enough(s, sin(x)) && close_enough(c, cos(x)));
        gamp_sincos(d, &ds, &dc);
        CHECK(!isfinite(d) || (fabs(ds - sin(d)) < 1e-15 && fabs(dc - cos(d)) < 1e-15));
    }
    CHECK(isnan(gamp_nan("")) && isnan(gamp_nanf("1")));
}

/* ---- stdlib.h ---- */

OURS(abs); OURS(labs); OURS(llabs); OURS(imaxabs); OURS(div); OURS(ldiv); OURS(lldiv);
OURS(imaxdiv); OURS(rand_r); OURS(atoi); OURS(atol); OURS(atoll); OURS(atof); OURS(strtoimax);
OURS(strtoumax); OURS(getenv); OURS(qsort_r);

TEST(stdlib_quotients_agree_with_the_host)
{
    for (int i = 0; i < 20000; i++) {
        long a = (long)random_u64() >> random_below(60), b = (long)random_u64() >> random_below(60);
        int c = (int)a >> 1, d = (int)b | 1;

        b |= 1;
        CHECK_EQ(gamp_abs(c), abs(c));
        CHECK_EQ(gamp_labs(a | 1), labs(a | 1));
        CHECK_EQ(gamp_llabs(a | 1), llabs(a | 1));
        CHECK_EQ(gamp_imaxabs(b), imaxabs(b));
        CHECK(gamp_div(c, d).quot == c / d && gamp_div(c, d).rem == c % d);
        a >>= 1;
        CHECK(gamp_ldiv(a, b).quot == a / b && gamp_ldiv(a, b).rem == a % b);
        CHECK(gamp_lldiv(a, b).quot == a / b && gamp_lldiv(a, b).rem == a % b);
        CHECK(gamp_imaxdiv(a, b).quot == a / b && gamp_imaxdiv(a, b).rem == a % b);
    }
}

TEST(stdlib_short_conversions_agree_with_the_host)
{
    char *a, *b;

    CHECK_EQ(gamp_atoi(" -42x"), -42);
    CHECK_EQ(gamp_atol("9223372036854775807"), INT64_MAX);
    CHECK_EQ(gamp_atoll("-9223372036854775808"), INT64_MIN);
    CHECK(gamp_atof("2.5e3z") == 2500);
    CHECK_EQ(gamp_strtoimax("-0x10z", &a, 0), strtoimax("-0x10z", &b, 0));
    CHECK_STREQ(a, b);
    CHECK_EQ(gamp_strtoumax("18446744073709551615", NULL, 10), UINT64_MAX);
    CHECK_EQ(gamp_getenv("PATH"), NULL);
}

TEST(rand_r_keeps_its_own_sequence)
{
    unsigned seed = 5, same = 5, zeros = 0;

    for (int i = 0; i < 1000; i++) {
        int r = gamp_rand_r(&seed);

        CHECK(r >= 0);
        CHECK_EQ(gamp_rand_r(&same), r);
        zeros += (r & 1) == 0;
    }
    CHECK(zeros > 400 && zeros < 600);
}

static int
compare_downwards(const void *a, const void *b, void *arg)
{
    ++*(unsigned *)arg;
    return *(const int *)b - *(const int *)a;
}

TEST(qsort_r_hands_its_argument_over)
{
    int a[50];
    unsigned calls = 0;

    for (int i = 0; i < 50; i++) {
        a[i] = i * 37 % 50;
    }
    gamp_qsort_r(a, 50, sizeof a[0], compare_downwards, &calls);
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(a[i], 49 - i);
    }
    CHECK(calls > 0);
}

/* ---- string.h ---- */

OURS(mempcpy); OURS(stpncpy); OURS(strcoll); OURS(strncasecmp); OURS(strxfrm); OURS(strtok);
OURS(bcmp);
char *gamp_stpcpy(char *, const char *), *gamp_strchrnul(const char *, int);
char *gamp_strndup(const char *, size_t);

static int
sign(int n)
{
    return (n > 0) - (n < 0);
}

TEST(string_other_copies_agree_with_the_host)
{
    for (int i = 0; i < 20000; i++) {
        char s[40], t[40], a[80], b[80], *copy;
        size_t len = random_below(39), n = random_below(60);

        for (size_t k = 0; k < len; k++) {
            s[k] = "aAbB,"[random_below(5)];
            t[k] = random_below(8) ? s[k] ^ (random_below(2) ? 0 : ' ') : '.';
        }
        s[len] = t[len] = 0;
        memset(a, '#', sizeof a);
        memset(b, '#', sizeof b);
        CHECK_EQ(gamp_stpncpy(a, s, n) - a, stpncpy(b, s, n) - b);
        CHECK(memcmp(a, b, sizeof a) == 0);
        CHECK_EQ(gamp_stpcpy(a, s), a + len);
        CHECK_EQ(gamp_mempcpy(a + 40, s, len), a + 40 + len);
        CHECK(strcmp(a, s) == 0 && memcmp(a + 40, s, len) == 0);
        CHECK_EQ(gamp_strxfrm(a, s, n), len);
        CHECK(n <= len || strcmp(a, s) == 0);
        CHECK_EQ(gamp_strchrnul(s, ','), strchrnul(s, ','));
        CHECK_EQ(sign(gamp_strncasecmp(s, t, n)), sign(strncasecmp(s, t, n)));
        CHECK_EQ(sign(gamp_strcoll(s, t)), sign(strcmp(s, t)));
        CHECK_EQ(gamp_bcmp(s, t, len) != 0, memcmp(s, t, len) != 0);
        copy = gamp_strndup(s, n);
        CHECK(strncmp(copy, s, n) == 0 && strlen(copy) == (n < len ? n : len));
        free(copy);
        strcpy(a, s);
        strcpy(b, s);
        for (char *x = gamp_strtok(a, ","), *y = strtok(b, ","); x != NULL || y != NULL;) {
            if (!CHECK(x != NULL && y != NULL && strcmp(x, y) == 0)) {
                break;
            }
            x = gamp_strtok(NULL, ",");
            y = strtok(NULL, ",");
        }
    }
}

/* ---- stdio.h ---- */

struct gamp_file;
extern struct gamp_file *const gamp_stdin, *const gamp_stdout, *const gamp_stderr;
int gamp_fprintf(struct gamp_file *, const char *, ...), gamp_vprintf(const char *, va_list);
int gamp_fputc(int, struct gamp_file *), gamp_putc(int, struct gamp_file *);
int gamp_fgetc(struct gamp_file *), gamp_getc(struct gamp_file *);
int gamp_feof(struct gamp_file *), gamp_fflush(struct gamp_file *);
int gamp_ferror(struct gamp_file *);
void gamp_clearerr(struct gamp_file *), gamp_perror(const char *);
OURS(vsprintf);

static int
forward(int (*print)(const char *, va_list), char *buf, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = print != NULL ? print(fmt, ap) : gamp_vsprintf(buf, fmt, ap);
    va_end(ap);
    return n;
}

TEST(stdio_other_calls_print)
{
    static const char want[] = "a 1\nb 2\nxyno: No such file or directory\nNo such file or "
                               "directory\n";
    char buf[32];

    console.len = 0;
    CHECK_EQ(gamp_fprintf(gamp_stdout, "a %d\n", 1), 4);
    CHECK_EQ(forward(gamp_vprintf, NULL, "b %d\n", 2), 4);
    CHECK_EQ(gamp_fputc('x', gamp_stderr), 'x');
    CHECK_EQ(gamp_putc('y', gamp_stdout), 'y');
    host_errno = ENOENT;
    gamp_perror("no");
    host_errno = ENOENT;
    gamp_perror(NULL);
    CHECK(console.len == strlen(want) && memcmp(console.text, want, console.len) == 0);
    CHECK_EQ(forward(NULL, buf, "%s-%d", "c", 3), 3);
    CHECK_STREQ(buf, "c-3");
    CHECK_EQ(gamp_fprintf(gamp_stdin, "x"), EOF);
    CHECK_EQ(host_errno, EBADF);
    CHECK_EQ(gamp_fflush(gamp_stdout), 0);
}

TEST(stdin_ends_and_goes_on_when_cleared)
{
    console.input = "ab";
    CHECK_EQ(gamp_fgetc(gamp_stdin), 'a');
    CHECK_EQ(gamp_getc(gamp_stdin), 'b');
    CHECK_EQ(gamp_getc(gamp_stdin), '\n');
    CHECK_EQ(gamp_getc(gamp_stdin), EOF);
    CHECK(gamp_feof(gamp_stdin) && !gamp_ferror(gamp_stdin));
    console.input = "c\n";
    CHECK_EQ(gamp_getc(gamp_stdin), EOF);
    gamp_clearerr(gamp_stdin);
    CHECK(!gamp_feof(gamp_stdin));
    CHECK_EQ(gamp_getc(gamp_stdin), 'c');
    CHECK_EQ(gamp_fgetc(gamp_stdout), EOF);
}

static const struct test tests[] = {
    TEST_ENTRY(math_every_float_function_is_right),
    TEST_ENTRY(math_parts_of_a_float_agree_with_the_host),
    TEST_ENTRY(stdlib_quotients_agree_with_the_host),
    TEST_ENTRY(stdlib_short_conversions_agree_with_the_host),
    TEST_ENTRY(rand_r_keeps_its_own_sequence),
    TEST_ENTRY(qsort_r_hands_its_argument_over),
    TEST_ENTRY(string_other_copies_agree_with_the_host),
    TEST_ENTRY(stdio_other_calls_print),
    TEST_ENTRY(stdin_ends_and_goes_on_when_cleared),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
