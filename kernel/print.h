/* SPDX-License-Identifier: MIT */
/*
 * print.h -- formatted output for the kernel: integers, strings and pointers; no floating point.
 *
 * Understood: %d %i %u %x %X %o %c %s %p %%, flags - + 0 # and space, width and precision (also *),
 * lengths hh h l ll z t j. A NULL string prints as "(null)".
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define PRINT_FORMAT(fmt, first) __attribute__((format(printf, fmt, first)))

typedef void print_put(void *ctx, const char *s, size_t n);

/* Hands the text to put() piece by piece; the answer is the number of characters. */
int kvprintf(print_put *put, void *ctx, const char *fmt, va_list ap) PRINT_FORMAT(3, 0);

/* To the console, any context; one call's text stays together up to 512 bytes. */
void kprintf(const char *fmt, ...) PRINT_FORMAT(1, 2);
void kvprintf_console(const char *fmt, va_list ap) PRINT_FORMAT(1, 0);

/* As in C99: always ended by a NUL where n > 0, and the answer is the untruncated length. */
int ksnprintf(char *buf, size_t n, const char *fmt, ...) PRINT_FORMAT(3, 4);
int kvsnprintf(char *buf, size_t n, const char *fmt, va_list ap) PRINT_FORMAT(3, 0);

/* Where kprintf's text goes: console_write; panics change it to console_write_sync. */
extern void (*print_sink)(const char *s, size_t n);

/* kernel/panic.c: reports that gamp itself is broken and stops every core. */
_Noreturn void panic_throw(const char *fmt, ...) PRINT_FORMAT(1, 2);
#define throw(...) panic_throw(__VA_ARGS__)

#ifdef DEBUG
#define ASSERT(x)                                                        \
    do {                                                                 \
        if (!(x)) {                                                      \
            panic_throw("assertion failed: %s, %s:%d", #x, __FILE__, __LINE__); \
        }                                                                \
    } while (0)
#else
#define ASSERT(x) ((void)sizeof((x) ? 1 : 0))
#endif
