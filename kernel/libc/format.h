/* SPDX-License-Identifier: MIT */
/* format.h -- the engine behind every printf: text goes piece by piece to a function. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef void (*format_put)(void *ctx, const char *s, size_t n);

/* The length of the text; -1 and errno EOVERFLOW where that is no int (what came before the
 * conversion at fault has been put). Wants less than 2 KiB of stack, 1.5 KiB more for floating
 * point, 8 KiB more for a long double beyond a double's range. */
int format_emit(format_put put, void *ctx, const char *fmt, va_list ap);

/* The rest is between format.c and format_float.c. */

struct format_out {
    format_put put;
    void *ctx;
    size_t total;
};

struct format_spec {
    bool left, plus, space, alt, zero;
    int width;
    int precision; /* -1: not given */
    char length;   /* 'H' for hh, 'q' for ll, 0 for none, else the letter itself */
    char conv;
};

void format_write(struct format_out *out, const char *s, size_t n);
void format_pad(struct format_out *out, char c, long n);
/* What precedes a field of `body` characters: spaces, prefix, zeros. Returns how many spaces are
 * to follow it. */
long format_open(struct format_out *out, const struct format_spec *spec, const char *prefix,
                 long body);
void format_double(struct format_out *out, const struct format_spec *spec, double x);
void format_long_double(struct format_out *out, const struct format_spec *spec, long double x);
