/* SPDX-License-Identifier: MIT */
/*
 * 13_stack.c -- at every depth, calls of each kind find their arguments and their frames intact.
 *
 * A recursion that at each level starts a goroutine, runs something under try, leaves a deferred
 * call, or passes a large struct by value; every frame is checked on the way back.
 *
 * Go           test/stack.go
 */
#include "../kernel/dive.h"
#include "conform.h"

struct large {
    uint64_t words[24];
};

static struct large
large_of(uint64_t seed)
{
    struct large l;
    for (uint64_t i = 0; i < 24; i++) {
        l.words[i] = seed * 31 + i;
    }
    return l;
}

static bool
is_large_of(const struct large *l, uint64_t seed)
{
    struct large wanted = large_of(seed);
    return memcmp(l, &wanted, sizeof wanted) == 0;
}

static atomic_uint checked, deferred, tried;

static void
goes(void *arg)
{
    struct large *l = arg;
    CHECK(is_large_of(l, l->words[0] / 31));
    atomic_fetch_add(&checked, 1);
    waitgroup_done(&crowd);
}

static void
is_deferred(void *arg)
{
    atomic_fetch_add(&deferred, (unsigned)(uintptr_t)arg);
}

static void
is_tried(void *arg)
{
    const uint64_t *level = arg;
    defer(is_deferred, (void *)1);
    atomic_fetch_add(&tried, 1);
    if (*level % 2 == 1) {
        panic("level %llu", (unsigned long long)*level);
    }
}

static void
one_of_each(uint64_t level)
{
    struct large l = large_of(level);
    struct panic_info info = { .message = "" };
    uint64_t mine = level;
    waitgroup_add(&crowd, 1);
    CHECK_EQ(go_with(&(struct go_attr){ .arg_size = sizeof l }, goes, &l), 0);
    memset(&l, 0, sizeof l); /* it has a copy */
    CHECK_EQ(try(is_tried, &mine, &info), level % 2 == 0);
    CHECK_EQ(mine, level);
    if (level % 2 == 1) {
        char text[64];
        snprintf(text, sizeof text, "level %llu", (unsigned long long)level);
        CHECK_STREQ(info.message, text);
    }
}

static __attribute__((noinline)) uint64_t
level_down(uint64_t level, uint64_t levels, struct large by_value)
{
    uint64_t before = level * 3, below = 0;
    if (level % 16 == 0) {
        one_of_each(level);
    }
    if (level < levels) {
        below = level_down(level + 1, levels, large_of(level + 1));
    }
    CHECK(is_large_of(&by_value, level));
    CHECK_EQ(before, level * 3);
    return below + 1;
}

static void
go_down(void *levels)
{
    uint64_t n = (uint64_t)(uintptr_t)levels;
    CHECK_EQ(level_down(0, n, large_of(0)), n + 1);
}

TEST(stack_keeps_arguments_at_every_depth)
{
    uintptr_t levels = scaled(20000, 400);
    unsigned each = (unsigned)levels / 16 + 1;
    go_down((void *)levels); /* main has 64 MiB */
    finish();
    CHECK_EQ(atomic_load(&checked), each);
    CHECK_EQ(atomic_load(&tried), each);
    CHECK_EQ(atomic_load(&deferred), each);
}

TEST(stack_keeps_arguments_in_many_at_once)
{
    for (int i = 0; i < 20; i++) {
        start(go_down, (void *)(uintptr_t)(10 + 6 * i));
    }
    finish();
    CHECK_ALONE();
}

/* ---- deferred calls and panics from the deepest level ---- */

static void
panics_down_there(void *arg)
{
    (void)arg;
    panic("from the depth");
}

static void
panics_deep(void *bytes)
{
    defer(is_deferred, (void *)100);
    go_deep((size_t)(uintptr_t)bytes, 5, panics_down_there, NULL);
}

TEST(stack_is_back_after_a_panic_from_the_depth)
{
    struct panic_info info;
    atomic_store(&deferred, 0);
    for (uintptr_t kib = 8; kib <= 8192; kib *= 2) {
        CHECK(!try(panics_deep, (void *)(kib * KIB), &info));
        CHECK_STREQ(info.message, "from the depth");
        go_deep(64 * KIB, kib, NULL, NULL);
    }
    CHECK_EQ(atomic_load(&deferred), 11 * 100);
    CHECK_EQ(atomic_load(&bad_words), 0);
}

/* ---- waiting at a depth: what is sent to a parked frame arrives there ---- */

static struct chan *lane;

static void
receives_down_there(void *sum)
{
    struct large l;
    while (chan_recv(lane, &l)) {
        CHECK(is_large_of(&l, l.words[0] / 31));
        *(uint64_t *)sum += l.words[0] / 31;
        gosched();
    }
}

static void
receives_deep(void *arg)
{
    uint64_t *sum = arg;
    go_deep(*sum, *sum, receives_down_there, sum);
}

TEST(stack_receives_at_every_depth)
{
    enum { RECEIVERS = 12 };
    uint64_t sums[RECEIVERS], total = 0, n = scaled(5000, 100), wanted = n * (n + 1) / 2;
    lane = chan_make(sizeof(struct large), 0);
    for (uint64_t i = 0; i < RECEIVERS; i++) {
        sums[i] = i * (CONFORM_ASAN || CONFORM_TSAN ? 4 : 16) * KIB;
        wanted += sums[i];
        start(receives_deep, &sums[i]);
    }
    for (uint64_t i = 1; i <= n; i++) {
        struct large l = large_of(i);
        chan_send(lane, &l);
    }
    chan_close(lane);
    finish();
    for (int i = 0; i < RECEIVERS; i++) {
        total += sums[i];
    }
    CHECK_EQ(total, wanted);
    CHECK_EQ(atomic_load(&bad_words), 0);
    chan_free(lane);
}

CONFORM(TEST_ENTRY(stack_keeps_arguments_at_every_depth),
        TEST_ENTRY(stack_keeps_arguments_in_many_at_once),
        TEST_ENTRY(stack_is_back_after_a_panic_from_the_depth),
        TEST_ENTRY(stack_receives_at_every_depth))
