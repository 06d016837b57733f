/* SPDX-License-Identifier: MIT */
/*
 * print.c -- integer-only formatted output.
 *
 * Context      any, with interrupts on or off; no lock, no heap, no static state. About 700 bytes
 *              of stack.
 * Rejected     one put() a character: a lock and an interrupt-off section each, and the lines of
 *              several cores would mix.
 */
#include "print.h"

#include <stdbool.h>
#include <stdint.h>

#include "console.h"

void (*print_sink)(const char *s, size_t n) = console_write;

struct output {
    print_put *put;
    void *ctx;
    size_t count;
};

/* one conversion: %[flags][width][.precision][length]letter */
struct spec {
    bool left, zero, plus, space, alternate;
    int width;
    int precision; /* -1: none given */
    int length;    /* as in LENGTH_* */
};

/* More in a width or a precision is a mistake; so bounded, their sums are ints, too. */
enum { COUNT_MAX = 100000 };

enum { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG };

static void
emit(struct output *out, const char *s, size_t n)
{
    if (n > 0) {
        out->put(out->ctx, s, n);
        out->count += n;
    }
}

static void
emit_fill(struct output *out, char c, int n)
{
    static const char spaces[] = "                ";
    static const char zeros[] = "0000000000000000";
    while (n > 0) {
        int piece = n < 16 ? n : 16;
        emit(out, c == '0' ? zeros : spaces, (size_t)piece);
        n -= piece;
    }
}

static void
emit_text(struct output *out, const struct spec *sp, const char *s)
{
    if (s == NULL) {
        s = "(null)";
    }
    int n = 0;
    while ((sp->precision < 0 || n < sp->precision) && s[n] != '\0') {
        n++;
    }
    emit_fill(out, ' ', sp->left ? 0 : sp->width - n);
    emit(out, s, (size_t)n);
    emit_fill(out, ' ', sp->left ? sp->width - n : 0);
}

static void
emit_number(struct output *out, const struct spec *sp, uint64_t v, unsigned base, bool upper,
            const char *prefix)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char buf[24];
    int pos = sizeof(buf);
    for (uint64_t rest = v; rest != 0; rest /= base) {
        buf[--pos] = digits[rest % base];
    }
    if (v == 0 && sp->precision != 0) {
        buf[--pos] = '0';
    }
    int ndigits = (int)sizeof(buf) - pos;
    int nprefix = 0;
    while (prefix[nprefix] != '\0') {
        nprefix++;
    }
    int zeros = sp->precision - ndigits;
    if (sp->precision < 0 && sp->zero && !sp->left) {
        zeros = sp->width - nprefix - ndigits;
    }
    if (sp->alternate && base == 8 && zeros < 1 && (ndigits == 0 || buf[pos] != '0')) {
        zeros = 1; /* # makes an octal number begin with a 0, not with one more */
    } else if (zeros < 0) {
        zeros = 0;
    }
    int pad = sp->width - nprefix - zeros - ndigits;
    emit_fill(out, ' ', sp->left ? 0 : pad);
    emit(out, prefix, (size_t)nprefix);
    emit_fill(out, '0', zeros);
    emit(out, buf + pos, (size_t)ndigits);
    emit_fill(out, ' ', sp->left ? pad : 0);
}

static void
emit_signed(struct output *out, const struct spec *sp, int64_t v)
{
    const char *sign = v < 0 ? "-" : sp->plus ? "+" : sp->space ? " " : "";
    emit_number(out, sp, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, false, sign);
}

static bool
parse_flag(struct spec *sp, char c)
{
    switch (c) {
    case '-':
        sp->left = true;
        return true;
    case '0':
        sp->zero = true;
        return true;
    case '+':
        sp->plus = true;
        return true;
    case ' ':
        sp->space = true;
        return true;
    case '#':
        sp->alternate = true;
        return true;
    default:
        return false;
    }
}

/* A number or '*' at *s, which is moved past it; at most COUNT_MAX, in either direction. */
static int
parse_count(const char **s, va_list *ap)
{
    if (**s == '*') {
        (*s)++;
        int given = va_arg(*ap, int);
        return given > COUNT_MAX ? COUNT_MAX : given < -COUNT_MAX ? -COUNT_MAX : given;
    }
    int n = 0;
    for (; **s >= '0' && **s <= '9'; (*s)++) {
        n = n * 10 + (**s - '0');
        n = n < COUNT_MAX ? n : COUNT_MAX;
    }
    return n;
}

static int
parse_length(const char **s)
{
    int length = LENGTH_INT;
    for (;; (*s)++) {
        switch (**s) {
        case 'h':
            length = length == LENGTH_SHORT ? LENGTH_CHAR : LENGTH_SHORT;
            break;
        case 'l':
        case 'z':
        case 't':
        case 'j':
            length = LENGTH_LONG;
            break;
        default:
            return length;
        }
    }
}

/* s stands behind the '%'; the answer is the conversion's letter. */
static const char *
parse_spec(struct spec *sp, const char *s, va_list *ap)
{
    *sp = (struct spec){.precision = -1};
    while (parse_flag(sp, *s)) {
        s++;
    }
    sp->width = parse_count(&s, ap);
    if (sp->width < 0) {
        sp->left = true;
        sp->width = -sp->width;
    }
    if (*s == '.') {
        s++;
        sp->precision = parse_count(&s, ap);
    }
    sp->length = parse_length(&s);
    return s;
}

static int64_t
take_signed(const struct spec *sp, va_list *ap)
{
    if (sp->length == LENGTH_LONG) {
        return va_arg(*ap, int64_t);
    }
    int v = va_arg(*ap, int);
    return sp->length == LENGTH_CHAR ? (signed char)v : sp->length == LENGTH_SHORT ? (short)v : v;
}

static uint64_t
take_unsigned(const struct spec *sp, va_list *ap)
{
    if (sp->length == LENGTH_LONG) {
        return va_arg(*ap, uint64_t);
    }
    unsigned v = va_arg(*ap, unsigned);
    return sp->length == LENGTH_CHAR ? (uint8_t)v : sp->length == LENGTH_SHORT ? (uint16_t)v : v;
}

static void
emit_unsigned(struct output *out, const struct spec *sp, char letter, va_list *ap)
{
    uint64_t v = take_unsigned(sp, ap);
    bool prefixed = sp->alternate && v != 0;
    switch (letter) {
    case 'x':
        emit_number(out, sp, v, 16, false, prefixed ? "0x" : "");
        break;
    case 'X':
        emit_number(out, sp, v, 16, true, prefixed ? "0X" : "");
        break;
    case 'o':
        emit_number(out, sp, v, 8, false, "");
        break;
    default:
        emit_number(out, sp, v, 10, false, "");
        break;
    }
}

static void
emit_conversion(struct output *out, const struct spec *sp, char letter, va_list *ap)
{
    switch (letter) {
    case 'd':
    case 'i':
        emit_signed(out, sp, take_signed(sp, ap));
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        emit_unsigned(out, sp, letter, ap);
        break;
    case 'p':
        emit_number(out, sp, (uintptr_t)va_arg(*ap, void *), 16, false, "0x");
        break;
    case 's':
        emit_text(out, sp, va_arg(*ap, const char *));
        break;
    case 'c': {
        char c = (char)va_arg(*ap, int);
        emit_fill(out, ' ', sp->left ? 0 : sp->width - 1);
        emit(out, &c, 1);
        emit_fill(out, ' ', sp->left ? sp->width - 1 : 0);
        break;
    }
    case '%':
        emit(out, "%", 1);
        break;
    default: /* shown, so that it is noticed; its argument is not taken */
        emit(out, "%?", 2);
        emit(out, &letter, 1);
        break;
    }
}

int
kvprintf(print_put *put, void *ctx, const char *fmt, va_list ap)
{
    struct output out = {.put = put, .ctx = ctx};
    va_list args; /* a parameter of array type has no address of its own to hand on */
    va_copy(args, ap);
    while (*fmt != '\0') {
        size_t plain = 0;
        while (fmt[plain] != '\0' && fmt[plain] != '%') {
            plain++;
        }
        emit(&out, fmt, plain);
        fmt += plain;
        if (*fmt == '%') {
            struct spec sp;
            fmt = parse_spec(&sp, fmt + 1, &args);
            if (*fmt == '\0') {
                break;
            }
            emit_conversion(&out, &sp, *fmt++, &args);
        }
    }
    va_end(args);
    return (int)out.count;
}

struct line {
    size_t used;
    char text[512];
};

static void
line_flush(struct line *l)
{
    if (l->used > 0) {
        print_sink(l->text, l->used);
        l->used = 0;
    }
}

static void
line_put(void *ctx, const char *s, size_t n)
{
    struct line *l = ctx;
    for (size_t i = 0; i < n; i++) {
        if (l->used == sizeof(l->text)) {
            line_flush(l);
        }
        l->text[l->used++] = s[i];
    }
}

void
kvprintf_console(const char *fmt, va_list ap)
{
    struct line l;
    l.used = 0;
    kvprintf(line_put, &l, fmt, ap);
    line_flush(&l);
}

void
kprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    kvprintf_console(fmt, ap);
    va_end(ap);
}

struct bounded {
    char *buf;
    size_t size;
    size_t used;
};

static void
bounded_put(void *ctx, const char *s, size_t n)
{
    struct bounded *b = ctx;
    for (size_t i = 0; i < n && b->used + 1 < b->size; i++) {
        b->buf[b->used++] = s[i];
    }
}

int
kvsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
{
    struct bounded b = {.buf = buf, .size = n};
    int total = kvprintf(bounded_put, &b, fmt, ap);
    if (n > 0) {
        buf[b.used] = '\0';
    }
    return total;
}

int
ksnprintf(char *buf, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int total = kvsnprintf(buf, n, fmt, ap);
    va_end(ap);
    return total;
}
