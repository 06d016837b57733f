/* SPDX-License-Identifier: MIT */
/*
 * defer_test.c -- deferred calls, panics caught and replaced, goexit through everything.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "patience.h"

static char order[64];

static void
note(void *word)
{
    strncat(order, word, sizeof order - strlen(order) - 1);
}

static void
three_defers(void *arg)
{
    (void)arg;
    order[0] = '\0';
    defer(note, "a");
    defer(note, "b");
    defer(note, "c");
    note("body ");
}

TEST(defer_runs_last_first_at_the_end_of_a_try)
{
    CHECK(try(three_defers, NULL, NULL));
    CHECK(strcmp(order, "body cba") == 0);
}

static void
adds_one(void *arg)
{
    note("x");
    defer(note, arg);
}

static void
defers_that_defer(void *arg)
{
    (void)arg;
    order[0] = '\0';
    defer(note, "1");
    defer(adds_one, "y");
}

TEST(defer_within_a_deferred_call_runs_next)
{
    CHECK(try(defers_that_defer, NULL, NULL));
    CHECK(strcmp(order, "xy1") == 0);
}

static void
panics(void *arg)
{
    defer(note, "d");
    panic("value %d and %s", *(int *)arg, "a word");
}

TEST(defer_try_catches_a_panic_and_tells_about_it)
{
    struct panic_info info;
    int value = 42;
    memset(&info, 0xff, sizeof info);
    order[0] = '\0';
    CHECK(!try(panics, &value, &info));
    CHECK(strcmp(info.message, "value 42 and a word") == 0);
    CHECK(!info.fault);
    CHECK(info.pc != 0);
    CHECK(strcmp(order, "d") == 0);
    CHECK(!try(panics, &value, NULL));
}

static void
replaces(void *arg)
{
    panic("second, %s", (const char *)arg);
}

static void
panics_twice(void *arg)
{
    defer(note, "z");
    defer(replaces, arg);
    panic("first");
}

TEST(defer_panic_in_a_deferred_call_replaces_the_first)
{
    struct panic_info info;
    order[0] = '\0';
    CHECK(!try(panics_twice, "seen", &info));
    CHECK(strcmp(info.message, "second, seen") == 0);
    CHECK(strcmp(order, "z") == 0);
}

static void
inner_and_outer(void *arg)
{
    struct panic_info info;
    int value = 7;
    CHECK(!try(panics, &value, &info));
    note("between ");
    panic("outer, after %s", info.message);
    (void)arg;
}

TEST(defer_tries_nest)
{
    struct panic_info info;
    order[0] = '\0';
    CHECK(!try(inner_and_outer, NULL, &info));
    CHECK(strcmp(info.message, "outer, after value 7 and a word") == 0);
    CHECK(strcmp(order, "dbetween ") == 0);
}

/* ---- faults ---- */

static void
reads(void *at)
{
    (void)*(volatile int *)at;
}

static void
writes(void *at)
{
    *(volatile int *)at = 1;
}

static void
calls(void *at)
{
    ((void (*)(void))(uintptr_t)at)();
}

static volatile int one = 1, zero;

static void
divides(void *arg)
{
    *(volatile int *)arg = one / zero;
}

TEST(defer_faults_are_caught)
{
    static const char words[] = "invalid memory address or nil pointer dereference";
    static const char constant[64] = "not to be written";
    struct panic_info info;
    int sink;
    CHECK(!try(reads, (void *)16, &info));
    CHECK(info.fault && info.address == 16 && strcmp(info.message, words) == 0);
    CHECK(!try(writes, (void *)0x7fff00000000, &info));
    CHECK(info.fault && info.address == 0x7fff00000000);
    CHECK(!try(writes, (void *)(uintptr_t)&constant[16], &info));
    CHECK(info.fault && info.address == (uintptr_t)&constant[16]);
    CHECK(!try(calls, NULL, &info));
    CHECK(info.fault && info.address == 0);
    CHECK(!try(divides, &sink, &info));
    CHECK(info.fault && strcmp(info.message, "integer divide by zero") == 0);
    CHECK(!try(reads, (void *)0xdead000000000000, &info)); /* not canonical */
    CHECK(info.fault);
}

/* The fault comes at the very end of a page in use: the injected call needs the next. */
static void
fault_at_depth(void *arg)
{
    volatile char pad[(uintptr_t)arg];
    pad[0] = 1;
    reads(NULL);
    (void)pad;
}

TEST(defer_faults_are_caught_at_any_depth)
{
    for (uintptr_t depth = 16; depth < 20000; depth += 16) {
        struct panic_info info;
        if (try(fault_at_depth, (void *)depth, &info) || !info.fault) {
            CHECK_EQ(depth, 0);
            return;
        }
    }
}

static void
fault_with_full_x87(void *arg)
{
#if defined(__x86_64__)
    __asm__ volatile("fld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tstd\n\tmovl (%0), %%eax"
                     :
                     : "r"(arg)
                     : "eax", "memory");
#endif
}

TEST(defer_a_fault_leaves_no_state_behind)
{
    volatile long double x = 2.0L, sum = 0;
    char text[8] = "abcdefg", copy[8];
    for (int i = 0; i < 20; i++) {
        CHECK(!try(fault_with_full_x87, NULL, NULL));
    }
    sum = (x + 1) * ((x + 2) * ((x + 3) * ((x + 4) * ((x + 5) * (x + 6)))));
    CHECK_EQ((long)sum, 3 * 4 * 5 * 6 * 7 * 8);
    memcpy(copy, text, sizeof copy);
    CHECK(strcmp(copy, "abcdefg") == 0);
}

/* ---- goexit ---- */

static struct chan *results;

static void
note_result(void *word)
{
    chan_send(results, &word);
}

static void
leaves(void *arg)
{
    (void)arg;
    defer(note_result, "inner");
    goexit();
}

static void
leaves_through_tries(void *arg)
{
    defer(note_result, "own");
    try(leaves, arg, NULL);
    note_result("never");
}

static void
panics_while_leaving(void *arg)
{
    (void)arg;
    defer(replaces, "caught by its try");
    goexit();
}

static void
leaves_and_panics(void *arg)
{
    defer(note_result, "own");
    try(panics_while_leaving, arg, NULL);
    note_result("never");
}

static void
exits_in_panic(void *arg)
{
    (void)arg;
    defer(note_result, "own");
    defer((void (*)(void *))(uintptr_t)goexit, NULL);
    panic("replaced by goexit");
}

static const char *
next_result(void)
{
    const char *word = NULL;
    chan_recv(results, &word);
    return word;
}

TEST(defer_goexit_runs_every_deferred_call)
{
    results = chan_make(sizeof(char *), 0);
    size_t before = num_goroutine();
    go(leaves_through_tries, NULL);
    CHECK(strcmp(next_result(), "inner") == 0);
    CHECK(strcmp(next_result(), "own") == 0);
    go(leaves_and_panics, NULL);
    CHECK(strcmp(next_result(), "own") == 0);
    go(exits_in_panic, NULL);
    CHECK(strcmp(next_result(), "own") == 0);
    CHECK(WAIT_UNTIL(num_goroutine() == before));
    CHECK(chan_try_recv(results, NULL) == CHAN_EMPTY);
    chan_free(results);
}

/* ---- all at once ---- */

static struct waitgroup all;
static atomic_long caught;

static void
panics_quietly(void *arg)
{
    panic("%d", *(int *)arg);
}

static void
storm(void *arg)
{
    for (int i = 0; i < 300; i++) {
        struct panic_info info;
        int value = i;
        if (!try(i % 2 ? panics_quietly : reads, i % 2 ? (void *)&value : NULL, &info)
            && info.fault == (i % 2 == 0)) {
            atomic_fetch_add(&caught, 1);
        }
        if (i % 16 == 0) {
            gosched();
        }
    }
    waitgroup_done(arg);
}

static void
quiet_note(void *arg)
{
    (void)arg;
}

static void
storm_of_defers(void *arg)
{
    for (int i = 0; i < 300; i++) {
        defer(quiet_note, NULL);
    }
    waitgroup_done(arg);
}

TEST(defer_panics_on_all_cores_at_once)
{
    enum { CROWD = 16 };
    waitgroup_add(&all, 2 * CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(storm, &all);
        go(storm_of_defers, &all);
    }
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&caught), CROWD * 300);
}

static const struct test tests[] = {
    TEST_ENTRY(defer_runs_last_first_at_the_end_of_a_try),
    TEST_ENTRY(defer_within_a_deferred_call_runs_next),
    TEST_ENTRY(defer_try_catches_a_panic_and_tells_about_it),
    TEST_ENTRY(defer_panic_in_a_deferred_call_replaces_the_first),
    TEST_ENTRY(defer_tries_nest),
    TEST_ENTRY(defer_faults_are_caught),
    TEST_ENTRY(defer_faults_are_caught_at_any_depth),
    TEST_ENTRY(defer_a_fault_leaves_no_state_behind),
    TEST_ENTRY(defer_goexit_runs_every_deferred_call),
    TEST_ENTRY(defer_panics_on_all_cores_at_once),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
