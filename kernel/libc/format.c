/* SPDX-License-Identifier: MIT */
/*
 * format.c -- the engine behind every printf: the format string, integers, text.
 *
 * Context      any goroutine; allocates nothing, takes no lock
 * Rejected     numbered arguments (%1$d): they need the whole format string parsed twice
 */
#include "format.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/* A va_list parameter is a pointer in disguise: inside a struct it can be passed on. */
struct args {
    va_list ap;
};

void
format_write(struct format_out *out, const char *s, size_t n)
{
    if (n > 0) {
        out->put(out->ctx, s, n);
        out->total += n;
    }
}

void
format_pad(struct format_out *out, char c, long n)
{
    static const char spaces[] = "                ", zeros[] = "0000000000000000";
    const char *from = c == ' ' ? spaces : zeros;
    const long chunk = sizeof spaces - 1;

    for (; n > 0; n -= chunk) {
        format_write(out, from, (size_t)(n < chunk ? n : chunk));
    }
}

long
format_open(struct format_out *out, const struct format_spec *spec, const char *prefix, long body)
{
    size_t prefix_len = strlen(prefix);
    long pad = spec->width - body - (long)prefix_len;

    if (!spec->left && !spec->zero) {
        format_pad(out, ' ', pad);
    }
    format_write(out, prefix, prefix_len);
    if (!spec->left && spec->zero) {
        format_pad(out, '0', pad);
    }
    return spec->left ? pad : 0;
}

static void
format_text(struct format_out *out, const struct format_spec *spec, const char *s, size_t n)
{
    struct format_spec plain = *spec;

    plain.zero = false;
    long after = format_open(out, &plain, "", (long)n);
    format_write(out, s, n);
    format_pad(out, ' ', after);
}

static void
format_string(struct format_out *out, const struct format_spec *spec, const char *s)
{
    size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

    if (s == NULL) {
        /* A part of the word would look like data. */
        s = max < strlen("(null)") ? "" : "(null)";
    }
    format_text(out, spec, s, strnlen(s, max));
}

/* The digits of v, ending at end; returns where they begin. None for zero. */
static char *
digits_of(char *end, uintmax_t v, char conv)
{
    const char *alphabet = conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned shift = conv == 'o' ? 3 : 4;

    if (conv == 'd' || conv == 'i' || conv == 'u') {
        for (; v > 0; v /= 10) {
            *--end = (char)('0' + v % 10);
        }
        return end;
    }
    for (; v > 0; v >>= shift) {
        *--end = alphabet[v & ((1u << shift) - 1)];
    }
    return end;
}

/* prefix: the sign, or "" for unsigned conversions, whose own prefix is found here. */
static void
format_integer(struct format_out *out, const struct format_spec *spec, uintmax_t v,
               const char *prefix)
{
    char text[(sizeof v * CHAR_BIT + 2) / 3];
    struct format_spec field = *spec;
    char *end = text + sizeof text, *start = digits_of(end, v, spec->conv);
    long digits = end - start;
    long least = spec->precision < 0 ? 1 : spec->precision;

    if (spec->alt && spec->conv == 'o' && least <= digits) {
        least = digits + 1;
    } else if (spec->alt && v != 0 && (spec->conv == 'x' || spec->conv == 'X')) {
        prefix = spec->conv == 'x' ? "0x" : "0X";
    }
    long zeros = least > digits ? least - digits : 0;
    field.zero = spec->zero && spec->precision < 0;
    long after = format_open(out, &field, prefix, zeros + digits);
    format_pad(out, '0', zeros);
    format_write(out, start, (size_t)digits);
    format_pad(out, ' ', after);
}

static intmax_t
arg_signed(const struct format_spec *spec, struct args *args)
{
    switch (spec->length) {
    case 'H':
        return (signed char)va_arg(args->ap, int);
    case 'h':
        return (short)va_arg(args->ap, int);
    case 0:
        return va_arg(args->ap, int);
    default:
        return va_arg(args->ap, intmax_t);
    }
}

static uintmax_t
arg_unsigned(const struct format_spec *spec, struct args *args)
{
    switch (spec->length) {
    case 'H':
        return (unsigned char)va_arg(args->ap, unsigned);
    case 'h':
        return (unsigned short)va_arg(args->ap, unsigned);
    case 0:
        return va_arg(args->ap, unsigned);
    default:
        return va_arg(args->ap, uintmax_t);
    }
}

static void
store_count(const struct format_spec *spec, size_t total, void *where)
{
    switch (spec->length) {
    case 'H':
        *(signed char *)where = (signed char)total;
        break;
    case 'h':
        *(short *)where = (short)total;
        break;
    case 0:
        *(int *)where = (int)total;
        break;
    default:
        *(intmax_t *)where = (intmax_t)total;
        break;
    }
}

static void
format_pointer(struct format_out *out, const struct format_spec *spec, void *p)
{
    struct format_spec hex = *spec;

    if (p == NULL) {
        format_text(out, spec, "(nil)", strlen("(nil)"));
        return;
    }
    hex.conv = 'x';
    hex.alt = true;
    format_integer(out, &hex, (uintptr_t)p, spec->plus ? "+" : spec->space ? " " : "");
}

static void
format_signed(struct format_out *out, const struct format_spec *spec, intmax_t v)
{
    const char *sign = v < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    format_integer(out, spec, v < 0 ? -(uintmax_t)v : (uintmax_t)v, sign);
}

/* False: no such conversion. */
static bool
format_argument(struct format_out *out, const struct format_spec *spec, struct args *args)
{
    char c;

    switch (spec->conv) {
    case 'd':
    case 'i':
        format_signed(out, spec, arg_signed(spec, args));
        return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        format_integer(out, spec, arg_unsigned(spec, args), "");
        return true;
    case 'c':
        c = (char)va_arg(args->ap, int);
        format_text(out, spec, &c, 1);
        return true;
    case 's':
        format_string(out, spec, va_arg(args->ap, const char *));
        return true;
    case 'p':
        format_pointer(out, spec, va_arg(args->ap, void *));
        return true;
    case 'n':
        store_count(spec, out->total, va_arg(args->ap, void *));
        return true;
    case '%':
        format_write(out, "%", 1);
        return true;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        if (spec->length == 'L') {
            format_long_double(out, spec, va_arg(args->ap, long double));
        } else {
            format_double(out, spec, va_arg(args->ap, double));
        }
        return true;
    default:
        return false;
    }
}

static const char *
parse_flags(const char *p, struct format_spec *spec)
{
    for (;; p++) {
        switch (*p) {
        case '-':
            spec->left = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '#':
            spec->alt = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '\'': /* groups of thousands: the C locale has none */
            break;
        default:
            return p;
        }
    }
}

/* A number or a star; *n saturates at INT_MAX. */
static const char *
parse_count(const char *p, int *n, struct args *args)
{
    if (*p == '*') {
        *n = va_arg(args->ap, int);
        return p + 1;
    }
    for (*n = 0; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, *p - '0', n)) {
            *n = INT_MAX;
        }
    }
    return p;
}

static const char *
parse_length(const char *p, struct format_spec *spec)
{
    switch (*p) {
    case 'h':
    case 'l':
        if (p[1] == p[0]) {
            spec->length = *p == 'h' ? 'H' : 'q';
            return p + 2;
        }
        spec->length = *p;
        return p + 1;
    case 'j':
    case 'z':
    case 't':
    case 'L':
    case 'q':
        spec->length = *p;
        return p + 1;
    default:
        return p;
    }
}

/* From behind the percent sign to behind the conversion's letter. */
static const char *
parse_spec(const char *p, struct format_spec *spec, struct args *args)
{
    *spec = (struct format_spec){.precision = -1};
    p = parse_flags(p, spec);
    p = parse_count(p, &spec->width, args);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = spec->width == INT_MIN ? INT_MAX : -spec->width;
    }
    if (*p == '.') {
        p = parse_count(p + 1, &spec->precision, args);
        if (spec->precision < 0) {
            spec->precision = -1;
        }
    }
    p = parse_length(p, spec);
    spec->conv = *p;
    return *p != '\0' ? p + 1 : p;
}

int
format_emit(format_put put, void *ctx, const char *fmt, va_list ap)
{
    struct format_out out = {.put = put, .ctx = ctx};
    struct format_spec spec;
    struct args args;

    va_copy(args.ap, ap);
    while (*fmt != '\0' && out.total <= INT_MAX) {
        const char *percent = strchrnul(fmt, '%');
        format_write(&out, fmt, (size_t)(percent - fmt));
        if (*percent == '\0') {
            break;
        }
        fmt = parse_spec(percent + 1, &spec, &args);
        if (spec.width == INT_MAX || (spec.precision == INT_MAX && spec.conv != 's')) {
            out.total = (size_t)INT_MAX + 1;
        } else if (!format_argument(&out, &spec, &args)) {
            format_write(&out, percent, (size_t)(fmt - percent));
        }
    }
    va_end(args.ap);
    if (out.total > INT_MAX) {
        errno = EOVERFLOW;
        return -1;
    }
    return (int)out.total;
}
