/* SPDX-License-Identifier: MIT */
/*
 * print.h -- in front of the kernel's on the include path: throw ends the test, or is the test.
 */
#pragma once

#include <stddef.h>

void kprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void panic_throw(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define throw(...) panic_throw(__VA_ARGS__)
#define ASSERT(x)                                                               \
    do {                                                                        \
        if (!(x)) {                                                             \
            panic_throw("assertion failed: %s, %s:%d", #x, __FILE__, __LINE__); \
        }                                                                       \
    } while (0)
