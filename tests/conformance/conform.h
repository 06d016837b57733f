/* SPDX-License-Identifier: MIT */
/*
 * conform.h -- what the conformance programs share: sizes that fit the machine, a crowd.
 *
 * Each program stands for one row of docs/conformance.md and uses gamp.h and the C library only.
 *
 * Arguments    the size in thousandths; by default 1000 in a process, 50 on the metal (emulated,
 *              as a rule) and less under the sanitizers, where a goroutine costs much more
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../kernel/patience.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define CONFORM_TSAN     1
#define CONFORM_ASAN     0
#define CONFORM_THOUSAND 5
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define CONFORM_TSAN     0
#define CONFORM_ASAN     1
#define CONFORM_THOUSAND 30
#else
#define CONFORM_TSAN 0
#define CONFORM_ASAN 0
#if __has_include(<unistd.h>)
#define CONFORM_THOUSAND 1000
#else
#define CONFORM_THOUSAND 50
#endif
#endif

static unsigned long conform_size = CONFORM_THOUSAND;

/* So many thousandths of full, but `least` at least: what must be there to mean anything. */
static inline size_t
scaled(size_t full, size_t least)
{
    size_t n = full * conform_size / 1000;
    return n > least ? n : least;
}

static struct waitgroup crowd;

static inline void
start(void (*fn)(void *), void *arg)
{
    waitgroup_go(&crowd, fn, arg);
}

static inline void
finish(void)
{
    waitgroup_wait(&crowd);
}

/* Starts one that is to park, and comes back once it has: the order of such calls is the order of
 * the waiters. */
static inline void
start_parked(void (*fn)(void *), void *arg)
{
    uint64_t before = stats_now().waiting;
    start(fn, arg);
    CHECK(WAIT_UNTIL(stats_now().waiting == before + 1));
}

/* Nobody else is left: what a test started has ended. */
#define CHECK_ALONE() CHECK(WAIT_UNTIL(num_goroutine() == 1))

static inline int
conform_main(const struct test *tests, size_t n, int argc, char **argv)
{
    if (argc > 1) {
        conform_size = strtoul(argv[1], NULL, 10);
    }
    return tap_main(tests, n);
}

#define CONFORM(...)                                                                               \
    static const struct test tests[] = { __VA_ARGS__ };                                            \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return conform_main(tests, sizeof tests / sizeof tests[0], argc, argv);                    \
    }
