/* SPDX-License-Identifier: MIT */
/* libc_math_test.c -- kernel/libc's math.h against the host's long double functions, in ulps. */
#define _GNU_SOURCE
#include <float.h>
#include <math.h>

#include "libc_host.h"

/* sign, magnitude and NaN alike */
static bool
same_double(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

/* How far x is from the truth, in units of x's last place. */
static double
ulps(double x, long double truth)
{
    if (same_double(x, (double)truth)) {
        return 0;
    }
    if (!isfinite(x)) {
        x = copysign(DBL_MAX, x);
    }
    int exponent;
    frexp(fabs(x) > fabs((double)truth) ? x : (double)truth, &exponent);
    exponent = exponent - 53 > -1074 ? exponent - 53 : -1074;
    double distance = (double)ldexpl(fabsl((long double)x - truth), -exponent);
    return isnan(distance) ? INFINITY : distance;
}

static const double edges[] = {0.0, -0.0, 0.5, -0.5, 1, -1, 1.5, 2, -2, 2.5, 3, 10, 1e-310, 1e300,
                               0x1p52, 0x1p53, 4503599627370495.5, 709.78, 709.79, -745.13, -745.2,
                               1024, -1075, M_PI, M_PI / 2, M_PI / 4, 6381956970095103.0 * 0x1p797,
                               0x1.921fb54442d18p+1, DBL_MAX, DBL_MIN, 0x1p-1074, INFINITY,
                               -INFINITY, NAN, 0x1.fffffffffffffp-2, -0.3, 0.9999999999999999};

static double
random_argument(void)
{
    if (random_below(8) == 0) {
        return edges[random_below(sizeof edges / sizeof edges[0])];
    }
    double x = random_below(2) == 0 ? (double)(int64_t)random_u64() * 0x1p-60 : random_double();
    /* Signalling NaNs are not C's business. */
    return isnan(x) ? (double)NAN : x;
}

static void
check_ulps(const char *name, double worst, double limit, double x, double y)
{
    if (!(worst <= limit)) {
        CHECK(worst <= limit);
        printf("# %s: %.3f ulp at (%a, %a)\n", name, worst, x, y);
    }
}

#define OURS_1(name) double gamp_##name(double);
#define OURS_2(name) double gamp_##name(double, double);
#define EXACT_1(F) F(fabs) F(sqrt) F(floor) F(ceil) F(trunc) F(round) F(rint) F(nearbyint) F(logb)
#define CLOSE_1(F)                                                                            \
    F(sin) F(cos) F(tan) F(asin) F(acos) F(atan) F(sinh) F(cosh) F(tanh) F(asinh) F(acosh)    \
    F(atanh) F(exp) F(exp2) F(expm1) F(log) F(log2) F(log10) F(log1p) F(cbrt)
#define EXACT_2(F) F(fmod) F(remainder) F(copysign) F(nextafter) F(fmin) F(fmax) F(fdim)
#define CLOSE_2(F) F(pow) F(atan2) F(hypot)

EXACT_1(OURS_1)
CLOSE_1(OURS_1)
EXACT_2(OURS_2)
CLOSE_2(OURS_2)

struct function {
    const char *name;
    double (*ours_1)(double);
    double (*theirs_1)(double);
    long double (*truth_1)(long double);
    double (*ours_2)(double, double);
    double (*theirs_2)(double, double);
    long double (*truth_2)(long double, long double);
};

#define ENTRY_1(n) {#n, gamp_##n, n, n##l, NULL, NULL, NULL},
#define ENTRY_2(n) {#n, NULL, NULL, NULL, gamp_##n, n, n##l},

static const struct function exact[] = {EXACT_1(ENTRY_1) EXACT_2(ENTRY_2)};
static const struct function close_ones[] = {CLOSE_1(ENTRY_1) CLOSE_2(ENTRY_2)};

TEST(math_exact_functions_agree_with_the_host)
{
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        const struct function *f = &exact[i];
        for (int k = 0; k < 20000; k++) {
            double x = random_argument(), y = random_argument();
            double want = f->ours_1 != NULL ? f->theirs_1(x) : f->theirs_2(x, y);
            double got = f->ours_1 != NULL ? f->ours_1(x) : f->ours_2(x, y);
            /* C leaves open which zero fmin(0, -0) is. */
            if (!same_double(want, got) && !(f->ours_2 != NULL && want == 0 && got == 0)) {
                CHECK(same_double(want, got));
                printf("# %s(%a, %a): want %a, got %a\n", f->name, x, y, want, got);
            }
        }
    }
}

TEST(math_functions_are_within_an_ulp)
{
    for (size_t i = 0; i < sizeof close_ones / sizeof close_ones[0]; i++) {
        const struct function *f = &close_ones[i];
        double worst = 0, worst_x = 0, worst_y = 0;
        for (int k = 0; k < 50000; k++) {
            double x = random_argument(), y = random_argument();
            if (f->ours_2 != NULL && random_below(4) == 0) {
                x = fabs(x);
            }
            double e = f->ours_1 != NULL ? ulps(f->ours_1(x), f->truth_1(x))
                                         : ulps(f->ours_2(x, y), f->truth_2(x, y));
            if (e > worst) {
                worst = e, worst_x = x, worst_y = y;
            }
        }
        check_ulps(f->name, worst, strcmp(f->name, "pow") == 0 ? 1.5 : 0.52, worst_x, worst_y);
    }
}

TEST(math_pow_has_the_special_values_of_C)
{
    static const double special[] = {0.0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 2.5, INFINITY,
                                     -INFINITY, NAN, 0x1p53, 1e300, -1e300, 1e-300};
    size_t n = sizeof special / sizeof special[0];

    for (size_t i = 0; i < n * n; i++) {
        double x = special[i / n], y = special[i % n];
        if (!same_double(gamp_pow(x, y), pow(x, y))) {
            CHECK(same_double(gamp_pow(x, y), pow(x, y)));
            printf("# pow(%a, %a): want %a, got %a\n", x, y, pow(x, y), gamp_pow(x, y));
        }
    }
    CHECK(gamp_pow(10, 22) == 1e22);
    CHECK(gamp_pow(3, 33) == 5559060566555523.0);
}

double gamp_frexp(double, int *);
double gamp_ldexp(double, int);
double gamp_modf(double, double *);
long gamp_lround(double);
long gamp_lrint(double);
int gamp_ilogb(double);

TEST(math_parts_of_a_double_agree_with_the_host)
{
    for (int i = 0; i < 50000; i++) {
        double x = random_argument(), whole_a, whole_b;
        int exponent_a = 0, exponent_b = 0, n = (int)random_below(4400) - 2200;
        CHECK(same_double(gamp_frexp(x, &exponent_a), frexp(x, &exponent_b)));
        CHECK(!isfinite(x) || exponent_a == exponent_b);
        CHECK(same_double(gamp_ldexp(x, n), ldexp(x, n)));
        CHECK(same_double(gamp_modf(x, &whole_a), modf(x, &whole_b)));
        CHECK(same_double(whole_a, whole_b));
        CHECK_EQ(gamp_ilogb(x), ilogb(x));
        if (fabs(x) < 1e18) {
            CHECK_EQ(gamp_lround(x), lround(x));
            CHECK_EQ(gamp_lrint(x), lrint(x));
        }
    }
}

float gamp_sinf(float);
float gamp_powf(float, float);
float gamp_sqrtf(float);
float gamp_floorf(float);
float gamp_nextafterf(float, float);

TEST(math_floats_agree_with_the_host)
{
    for (int i = 0; i < 50000; i++) {
        float x = (float)random_argument(), y = (float)random_argument();
        float s = gamp_sinf(x), truth = (float)sin(x);
        CHECK(same_double(s, truth));
        CHECK(same_double(gamp_sqrtf(x), sqrtf(x)));
        CHECK(same_double(gamp_floorf(x), floorf(x)));
        CHECK(same_double(gamp_nextafterf(x, y), nextafterf(x, y)));
    }
    CHECK(gamp_powf(2, 10) == 1024);
}

static const struct test tests[] = {
    TEST_ENTRY(math_exact_functions_agree_with_the_host),
    TEST_ENTRY(math_functions_are_within_an_ulp),
    TEST_ENTRY(math_pow_has_the_special_values_of_C),
    TEST_ENTRY(math_parts_of_a_double_agree_with_the_host),
    TEST_ENTRY(math_floats_agree_with_the_host),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
