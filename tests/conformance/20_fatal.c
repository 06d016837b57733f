/* SPDX-License-Identifier: MIT */
/*
 * 20_fatal.c -- panics within panics, goexit within both: what a program can live through.
 *
 * What it cannot, and the texts it ends with, are the programs in exit/.
 *
 * Go           src/runtime/crash_test.go, testdata/testprog/deadlock.go
 */
#include "conform.h"

static char trail[64];

static void
leave_mark(void *mark)
{
    size_t n = strlen(trail);
    if (CHECK(n + 1 < sizeof trail)) {
        trail[n] = *(const char *)mark;
        trail[n + 1] = '\0';
    }
}

TEST(fatal_main_is_goroutine_1_and_alone)
{
    CHECK_EQ(goid(), 1);
    CHECK_EQ(num_goroutine(), 1); /* no helpers are counted */
    CHECK_EQ(stats_now().created - stats_now().finished, 1);
}

/* ---- a panic in a deferred call replaces the one that called it, one to five deep ---- */

static void
panics_again(void *level)
{
    uintptr_t n = (uintptr_t)level;
    if (n > 1) {
        defer(panics_again, (void *)(n - 1));
    }
    panic("%llu", (unsigned long long)n);
}

TEST(fatal_recursive_panics_are_caught)
{
    struct panic_info info;
    for (uintptr_t n = 1; n <= 5; n++) {
        CHECK(!try(panics_again, (void *)n, &info));
        CHECK_STREQ(info.message, "1"); /* the last */
        CHECK(!info.fault);
    }
}

static void
catches(void *level)
{
    struct panic_info info;
    CHECK(!try(panics_again, level, &info));
    leave_mark("c");
}

static void
catches_while_panicking(void *unused)
{
    (void)unused;
    defer(leave_mark, "a");
    defer(catches, (void *)3);
    defer(leave_mark, "b");
    panic("outer");
}

TEST(fatal_panic_caught_in_a_deferred_call_leaves_the_outer_one)
{
    struct panic_info info;
    trail[0] = '\0';
    CHECK(!try(catches_while_panicking, NULL, &info));
    CHECK_STREQ(info.message, "outer");
    CHECK_STREQ(trail, "bca");
}

/* ---- goexit ends the goroutine through every try; nothing stops it, nothing is skipped ---- */

static atomic_int ended;

static void
exits(void *unused)
{
    (void)unused;
    defer(leave_mark, "x");
    goexit();
}

static void
tries_to_stop_it(void *unused)
{
    (void)unused;
    defer(leave_mark, "y");
    try(exits, NULL, NULL);
    leave_mark("!");
}

static void
counts_its_end(void *unused)
{
    (void)unused;
    atomic_fetch_add(&ended, 1);
}

static void
exits_through_try(void *unused)
{
    (void)unused;
    defer(counts_its_end, NULL);
    try(tries_to_stop_it, NULL, NULL);
    leave_mark("!");
}

TEST(fatal_goexit_passes_through_try)
{
    trail[0] = '\0';
    start(exits_through_try, NULL);
    finish();
    CHECK_EQ(atomic_load(&ended), 1);
    CHECK_STREQ(trail, "xy");
}

/* goexit in a deferred call of a panic: the panic is forgotten, the goroutine ends. */
static void
goexit_now(void *unused)
{
    (void)unused;
    goexit();
}

static void
panics_then_exits(void *unused)
{
    (void)unused;
    defer(counts_its_end, NULL);
    defer(goexit_now, NULL);
    panic("forgotten");
}

TEST(fatal_goexit_in_a_panic_forgets_it)
{
    atomic_store(&ended, 0);
    start(panics_then_exits, NULL);
    finish();
    CHECK_EQ(atomic_load(&ended), 1);
    CHECK_ALONE();
}

/* A panic that is caught during a goexit does not stop it. */
static void
catches_one(void *unused)
{
    (void)unused;
    catches((void *)1);
}

static void
exits_past_a_caught_panic(void *unused)
{
    (void)unused;
    defer(leave_mark, "3");
    defer(catches_one, NULL);
    defer(leave_mark, "1");
    goexit();
}

TEST(fatal_caught_panic_does_not_stop_a_goexit)
{
    trail[0] = '\0';
    start(exits_past_a_caught_panic, NULL);
    finish();
    CHECK_STREQ(trail, "1c3");
    CHECK_ALONE();
}

static void
panics_in_its_goexit(void *unused)
{
    (void)unused;
    defer(panics_again, (void *)1);
    goexit();
}

static void
exits_into_a_panic_under_try(void *unused)
{
    struct panic_info info = { .message = "" };
    (void)unused;
    defer(counts_its_end, NULL);
    if (try(panics_in_its_goexit, NULL, &info)) {
        leave_mark("!");
    }
    leave_mark(info.message);
}

/* As in Go: a panic on the way out that is recovered does not call the goexit off. */
TEST(fatal_panic_in_a_goexit_is_caught_and_the_goexit_goes_on)
{
    atomic_store(&ended, 0);
    trail[0] = '\0';
    start(exits_into_a_panic_under_try, NULL);
    finish();
    CHECK_EQ(atomic_load(&ended), 1);
    CHECK_ALONE();
    CHECK_STREQ(trail, ""); /* it did not come back from try */
}

/* ---- faults are panics like others, in many at once ---- */

static void
faults(void *address)
{
    *(volatile int *)address = 1;
}

static volatile int nothing;

static void
divides(void *unused)
{
    (void)unused;
    nothing = 7 / nothing;
}

static void
survives_faults(void *unused)
{
    struct panic_info info;
    (void)unused;
    for (int i = 0; i < 20; i++) {
        CHECK(!try(faults, (void *)(uintptr_t)(i % 2 ? 0 : 4096 - 64), &info));
        CHECK_STREQ(info.message, "invalid memory address or nil pointer dereference");
        CHECK(info.fault);
        CHECK_EQ(info.address, i % 2 ? 0 : 4096 - 64);
        CHECK(!try(divides, NULL, &info));
        CHECK_STREQ(info.message, "integer divide by zero");
    }
}

TEST(fatal_faults_are_caught)
{
    if (CONFORM_ASAN || CONFORM_TSAN) {
        tap_skip("the sanitizers report these themselves");
        return;
    }
    for (size_t i = 0, n = scaled(200, 20); i < n; i++) {
        start(survives_faults, NULL);
    }
    finish();
}

CONFORM(TEST_ENTRY(fatal_main_is_goroutine_1_and_alone),
        TEST_ENTRY(fatal_recursive_panics_are_caught),
        TEST_ENTRY(fatal_panic_caught_in_a_deferred_call_leaves_the_outer_one),
        TEST_ENTRY(fatal_goexit_passes_through_try), TEST_ENTRY(fatal_goexit_in_a_panic_forgets_it),
        TEST_ENTRY(fatal_caught_panic_does_not_stop_a_goexit),
        TEST_ENTRY(fatal_panic_in_a_goexit_is_caught_and_the_goexit_goes_on),
        TEST_ENTRY(fatal_faults_are_caught))
