/* SPDX-License-Identifier: MIT */
/*
 * format_gen.h -- a fuzzer's input turned into a call of printf whose arguments fit its format.
 *
 * Form         how (1 byte), room for the text (2), then either conversions, each six bytes or more
 *              (add_conversion), or, for a raw call, the format itself.
 *
 * A call is what the System V ABI makes of it: integers and pointers in six registers, doubles in
 * eight, the rest on the stack. A va_list is made to point at them, so both libraries take any
 * sequence of types. In a raw call all arguments are the same pointer, and nothing is compared but
 * the two results of the one library.
 */
#pragma once

#include <limits.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "fuzz.h"

enum {
    FORMAT_MAX = 1024,
    CONVERSIONS = 16,
    RESULT_MAX = 1 << 16,
    RAW_DIGITS = 3,
    PAGE = 0x14000, /* where the pointer of raw calls leads; no costly long double */
    PAGE_BYTES = 4096,
};

struct call {
    char format[FORMAT_MAX];
    size_t len;
    /* the ABI's register save area, and the stack */
    struct {
        uint64_t gp[6];
        double fp[8][2];
    } save;
    _Alignas(16) uint64_t stack[256];
    unsigned ngp, nfp, nstack;
    char *texts[CONVERSIONS];
    unsigned ntexts;
    bool raw;
};

/* What one library has more than the other. */
struct dialect {
    const char *conversions;
    bool extremes; /* text: NULL, and precisions INT_MAX and INT_MIN */
    int (*print)(char *buf, size_t n, const char *fmt, va_list ap);
};

static struct call call;

/* The sanitizer looks for a NUL behind text that a precision of 0, or a star's, keeps unread. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "check_printf=0";
}

/* ---- arguments ---- */

static inline void
push_word(uint64_t v)
{
    if (call.ngp < 6) {
        call.save.gp[call.ngp++] = v;
    } else {
        call.stack[call.nstack++] = v;
    }
}

static inline void
push_double(double x)
{
    if (call.nfp < 8) {
        call.save.fp[call.nfp++][0] = x;
    } else {
        memcpy(&call.stack[call.nstack++], &x, sizeof x);
    }
}

static inline void
push_long_double(long double x)
{
    call.nstack += call.nstack % 2;
    memcpy(&call.stack[call.nstack], &x, sizeof x);
    call.nstack += 2;
}

static inline int
run_call(int (*print)(char *, size_t, const char *, va_list), char *buf, size_t n)
{
    struct {
        unsigned gp_offset, fp_offset;
        void *stack, *save;
    } list = { 0, sizeof call.save.gp, call.stack, &call.save };
    va_list ap;

    _Static_assert(sizeof list == sizeof ap, "x86_64's va_list");
    memcpy(ap, &list, sizeof list);
    return print(buf, n, call.format, ap);
}

/* ---- conversions ---- */

static inline void
put_char(char c)
{
    call.format[call.len++] = c;
}

static inline void
put_text(const char *s)
{
    while (*s) {
        put_char(*s++);
    }
}

/* A width or precision: none, digits, or a star. Returns its value, -1 for none. */
static inline int
add_count(struct input *in, const char *lead, unsigned how, bool extreme)
{
    int value = (int)take(in, 2);
    char digits[16];

    value = how & 2 ? value % 40 : value % 1300;
    if (how % 8 < 3) {
        return -1;
    }
    put_text(lead);
    if (how % 8 < 6) {
        snprintf(digits, sizeof digits, "%d", value);
        put_text(value == 0 && !*lead ? "" : digits); /* a width of 0 would be a flag */
        return value;
    }
    put_char('*');
    if (extreme && how & 64) {
        value = how & 32 ? INT_MAX : INT_MIN;
    } else if (how & 128) {
        value = -value;
    }
    push_word((unsigned)value);
    return value;
}

static inline void
push_integer(struct input *in, const char *length)
{
    uint64_t v = take(in, 8);

    if (!*length || *length == 'h') {
        v = (unsigned)v;
    }
    push_word(v);
}

/* Text of the length that may be read, to the byte: with a precision no NUL need follow. */
static inline void
push_text(struct input *in, int precision, bool null)
{
    size_t len = take(in, 1) % 64, got;
    const uint8_t *from = take_bytes(in, len, &got);
    char *text;

    if (null && len == 63) {
        push_word(0);
        return;
    }
    if (precision >= 0 && (size_t)precision <= got) {
        got = (size_t)precision;
        text = malloc(got + !got);
    } else {
        text = malloc(got + 1);
        text[got] = 0;
    }
    if (got > 0) {
        memcpy(text, from, got);
    }
    call.texts[call.ntexts++] = text;
    push_word((uintptr_t)text);
}

/* Only what is a number to the processor: from the 80387 on some patterns are none. */
static inline void
push_long_double_of(struct input *in)
{
    uint64_t mantissa = take(in, 8);
    uint16_t top = (uint16_t)take(in, 2);
    long double x = 0;

    if (top & 7) { /* numbers with thousands of digits take long: not always */
        top = (uint16_t)((top & 0x8000) | (0x3fff - 512 + (top >> 3) % 1024));
    }
    if (top & 0x7fff) {
        mantissa |= 1ull << 63;
    } else {
        mantissa &= ~(1ull << 63);
    }
    memcpy(&x, &mantissa, sizeof mantissa);
    memcpy((char *)&x + sizeof mantissa, &top, sizeof top);
    push_long_double(x);
}

static inline void
push_real(struct input *in, bool is_long)
{
    uint64_t bits;
    double x;

    if (is_long) {
        push_long_double_of(in);
        return;
    }
    bits = take(in, 8);
    memcpy(&x, &bits, sizeof x);
    if (bits >> 63 && bits & 1) { /* often a number with few digits */
        x = (double)(int32_t)(bits >> 1) / 1000;
    }
    push_double(x);
}

/* The flags that mean something for a conversion: with the others C leaves the result open. */
static inline void
add_flags(unsigned flags, char conv)
{
    bool real = strchr("eEfFgGaA", conv), sign = real || strchr("di", conv);
    bool zero = sign || strchr("uoxX", conv);
    /* %#g: the host drops zeros that C wants kept, where rounding adds a digit. */
    bool alt = strchr("oxXeEfFaA", conv);

    put_text(flags & 1 ? "-" : "");
    put_text(flags & 2 && sign ? "+" : "");
    put_text(flags & 4 && sign ? " " : "");
    put_text(flags & 8 && alt ? "#" : "");
    put_text(flags & 16 && zero ? "0" : "");
}

static inline void
add_conversion(struct input *in, const struct dialect *dialect)
{
    static const char *const lengths[] = { "", "", "hh", "h", "l", "ll", "j", "z", "t" };
    char conv = dialect->conversions[take(in, 1) % strlen(dialect->conversions)];
    unsigned flags = (unsigned)take(in, 1), how = (unsigned)take(in, 1);
    unsigned how_precise = (unsigned)take(in, 1);
    const char *length = lengths[flags / 32 + how % 2];
    bool is_text = conv == 's', real = strchr("eEfFgGaA", conv);
    int precision = -1;

    put_char('%');
    if (conv == '%') {
        put_char('%');
        return;
    }
    add_flags(flags, conv);
    add_count(in, "", how, false);
    if (conv != 'c' && conv != 'p') {
        precision = add_count(in, ".", how_precise, dialect->extremes && is_text);
    }
    if (real) {
        put_text(flags & 128 ? "L" : "");
        push_real(in, flags & 128);
    } else if (is_text) {
        push_text(in, precision, dialect->extremes);
    } else if (conv == 'p') {
        push_word(take(in, 8) | !dialect->extremes);
    } else if (conv == 'c') {
        push_word(take(in, 1));
    } else {
        put_text(length);
        push_integer(in, length);
    }
    put_char(conv);
}

static inline void
generate(struct input *in, const struct dialect *dialect)
{
    for (unsigned i = 0; i < CONVERSIONS && in->size > 0; i++) {
        size_t n = take(in, 1) % 24;

        for (; n > 0 && in->size > 0; n--) {
            char c = (char)take(in, 1);

            if (c && c != '%') {
                put_char(c);
            }
        }
        add_conversion(in, dialect);
    }
}

/* The format as it comes, but for stars and long numbers, which would only take long. */
static inline void
take_raw(struct input *in)
{
    unsigned digits = 0;

    for (; in->size > 0 && call.len < FORMAT_MAX - 1;) {
        char c = (char)take(in, 1);

        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (c && c != '*' && digits <= RAW_DIGITS) {
            put_char(c);
        }
    }
    for (unsigned i = 0; i < sizeof call.save.gp / 8; i++) {
        call.save.gp[i] = PAGE;
    }
    for (unsigned i = 0; i < sizeof call.stack / 8; i++) {
        call.stack[i] = PAGE;
    }
}

/* ---- the comparison ---- */

static inline void
reset_page(void)
{
    static bool mapped;

    if (!mapped) {
        mapped = mmap((void *)PAGE, PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
                 == (void *)PAGE;
        DEMAND(mapped, "no memory at %x", PAGE);
    }
    memset((void *)PAGE, 0, PAGE_BYTES);
    memcpy((void *)PAGE, "some text", 10);
}

/* Ours in exactly `room` bytes is the beginning of what the whole text is. */
static inline void
demand_beginning(const struct dialect *dialect, size_t room, const char *whole, int len)
{
    char *cut = malloc(room + !room);

    reset_page();
    int got = run_call(dialect->print, cut, room);
    DEMAND(got == len, "\"%s\" in %zu bytes: length %d, not %d", call.format, room, got, len);
    if (len >= 0 && len < RESULT_MAX && room > 0) {
        size_t kept = (size_t)len < room - 1 ? (size_t)len : room - 1;

        DEMAND(memcmp(cut, whole, kept) == 0 && cut[kept] == 0, "\"%s\" in %zu bytes: \"%.*s\"",
               call.format, room, (int)kept, cut);
    }
    free(cut);
}

static inline void
fuzz_format(const uint8_t *data, size_t size, const struct dialect *dialect)
{
    static char theirs[RESULT_MAX], ours[RESULT_MAX];
    struct input in = { data, size };
    bool raw = take(&in, 1) % 8 == 7;
    size_t room = take(&in, 2) % 700;

    memset(&call, 0, sizeof call);
    if (raw) {
        take_raw(&in);
    } else {
        generate(&in, dialect);
    }
    reset_page();
    int len = run_call(dialect->print, ours, sizeof ours);
    if (!raw) {
        int want = run_call(vsnprintf, theirs, sizeof theirs);

        DEMAND(want == len, "\"%s\": length %d, not %d: \"%s\", not \"%s\"", call.format, len, want,
               ours, theirs);
        DEMAND(want < 0
                   || memcmp(ours, theirs, want < RESULT_MAX ? (size_t)want + 1 : RESULT_MAX) == 0,
               "\"%s\": \"%s\", not \"%s\"", call.format, ours, theirs);
    }
    demand_beginning(dialect, room, ours, len);
    while (call.ntexts > 0) {
        free(call.texts[--call.ntexts]);
    }
}
