/* SPDX-License-Identifier: MIT */
/*
 * tap.h -- the whole of the unit-test framework: named tests, checks, TAP lines.
 *
 *     TEST(runq_keeps_order) { CHECK_EQ(runq_len(&q), 3); }
 *     static const struct test tests[] = { TEST_ENTRY(runq_keeps_order) };
 *     int main(void) { return tap_main(tests, sizeof tests / sizeof tests[0]); }
 *
 * Context      needs only printf and fflush, so one source runs on the host and in the image;
 *              checks may be made by any thread or goroutine of a test
 * Rejected     aborting at the first failed check: its values alone seldom explain a failure.
 *              A check returns its outcome, so `if (!CHECK(p != NULL)) { return; }` stops early.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name) static void test_##name(void)
#define TEST_ENTRY(name) { "test_" #name, test_##name }

/* atomic */
static unsigned tap_failed_checks;
static const char *tap_skip_reason;

/* A test that fails in a loop would bury its first values; past this many, checks only count. */
enum { TAP_SHOWN_FAILURES = 20 };

static inline bool
tap_count_failure(void)
{
    return __atomic_fetch_add(&tap_failed_checks, 1, __ATOMIC_RELAXED) < TAP_SHOWN_FAILURES;
}

static inline bool
tap_check(bool pass, const char *expr, const char *file, int line)
{
    if (!pass && tap_count_failure()) {
        printf("# %s:%d: CHECK(%s) failed\n", file, line, expr);
    }
    return pass;
}

static inline bool
tap_check_eq(long long a, long long b, const char *expr, const char *file, int line)
{
    if (a != b && tap_count_failure()) {
        printf("# %s:%d: CHECK_EQ(%s) failed: %lld (0x%llx) != %lld (0x%llx)\n", file, line, expr,
               a, (unsigned long long)a, b, (unsigned long long)b);
    }
    return a == b;
}

static inline bool
tap_check_streq(const char *a, const char *b, const char *expr, const char *file, int line)
{
    const char *p = a, *q = b;

    if (p != NULL && q != NULL) {
        while (*p != '\0' && *p == *q) {
            p++, q++;
        }
        if (*p == *q) {
            return true;
        }
    } else if (p == q) {
        return true;
    }
    if (tap_count_failure()) {
        printf("# %s:%d: CHECK_STREQ(%s) failed: \"%s\" != \"%s\"\n", file, line, expr,
               a != NULL ? a : "(NULL)", b != NULL ? b : "(NULL)");
    }
    return false;
}

/* Each is an expression, true where the check passed. CHECK_EQ: integers and pointers. */
#define CHECK(cond) tap_check(!!(cond), #cond, __FILE__, __LINE__)
#define CHECK_EQ(a, b) \
    tap_check_eq((long long)(a), (long long)(b), #a ", " #b, __FILE__, __LINE__)
#define CHECK_STREQ(a, b) tap_check_streq((a), (b), #a ", " #b, __FILE__, __LINE__)

/* Marks the running test as skipped; it should return at once. Failed checks still count. */
static inline void
tap_skip(const char *reason)
{
    tap_skip_reason = reason;
}

/* Runs every test in order; non-zero where one failed: main's result. */
static inline int
tap_main(const struct test *tests, size_t n)
{
    size_t failed = 0;

    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        __atomic_store_n(&tap_failed_checks, 0, __ATOMIC_RELAXED);
        tap_skip_reason = NULL;
        fflush(stdout);
        tests[i].run();
        unsigned bad = __atomic_load_n(&tap_failed_checks, __ATOMIC_RELAXED);
        if (bad > 0) {
            failed++;
            printf("not ok %zu - %s # %u failed checks\n", i + 1, tests[i].name, bad);
        } else if (tap_skip_reason != NULL) {
            printf("ok %zu - %s # SKIP %s\n", i + 1, tests[i].name, tap_skip_reason);
        } else {
            printf("ok %zu - %s\n", i + 1, tests[i].name);
        }
    }
#ifdef TAP_ENDED /* given by who builds several mains into one image, and wants the sum */
    extern void TAP_ENDED(size_t passed, size_t failed);
    TAP_ENDED(n - failed, failed);
#endif
    printf("%zu passed, %zu failed\n", n - failed, failed);
    fflush(stdout);
    return failed != 0;
}
