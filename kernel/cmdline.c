/* SPDX-License-Identifier: MIT */
/*
 * cmdline.c -- the kernel command line: settings, then ` -- `, then the application's words.
 *
 * Invariants   1 A setting outside its range never reaches struct cmdline (apply).
 *              2 argv strings are NUL-terminated inside cl->words; argc < CMDLINE_ARGS.
 * Context      boot core, before there is a heap.
 * Rejected     Splitting in place: the text belongs to struct bootinfo and is printed in reports.
 */
#include "cmdline.h"

enum kind {
    FLAG,     /* bool:    name, name=0, name=1, name=off, name=on */
    INT,      /* int */
    MILLIS,   /* int64_t: a bare number */
    DURATION, /* int64_t: ns, with a unit */
    SIZE,     /* size_t */
    U64,      /* uint64_t */
    WORD,     /* char[32] */
};

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    uint64_t min, max;
};

#define AT(field) offsetof(struct cmdline, field)

static const struct setting settings[] = {
    { "gomaxprocs", INT, AT(gomaxprocs), 1, 1024 },
    { "stack", SIZE, AT(stack), 4096, 1ull << 30 },
    { "slice", DURATION, AT(slice_ns), 1000, 1000000000000 },
    { "schedtrace", MILLIS, AT(schedtrace_ms), 0, 1000000000 },
    { "trace", FLAG, AT(trace), 0, 1 },
    { "quiet", FLAG, AT(quiet), 0, 1 },
    { "tty", FLAG, AT(tty), 0, 1 },
    { "columns", INT, AT(columns), 40, 1000 },
    { "screen", FLAG, AT(screen), 0, 1 },
    { "serial", FLAG, AT(serial), 0, 1 },
    { "demo", WORD, AT(demo), 0, 0 },
    { "seed", U64, AT(seed), 0, UINT64_MAX },
};

/* Put there by loaders and machines, not by people: GRUB, boot menus, qemu's microvm. */
static const char *const platform_words[] = { "BOOT_IMAGE=", "initrd=", "virtio_mmio.device=" };

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit size_units[] = {
    { "", 1 },           { "K", 1ull << 10 }, { "k", 1ull << 10 },
    { "M", 1ull << 20 }, { "G", 1ull << 30 }, { 0 },
};
static const struct unit duration_units[] = {
    { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { 0 },
};

static bool
equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool
has_prefix(const char *text, const char *prefix)
{
    while (*prefix && *text == *prefix) {
        text++;
        prefix++;
    }
    return !*prefix;
}

static bool
is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned
digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 99;
}

/* Digits at *text, at least one; *text moves past them. */
static bool
parse_digits(const char **text, unsigned base, uint64_t *out)
{
    const char *s = *text;
    uint64_t n = 0;

    for (; digit_value(*s) < base; s++) {
        if (__builtin_mul_overflow(n, (uint64_t)base, &n)
            || __builtin_add_overflow(n, (uint64_t)digit_value(*s), &n)) {
            return false;
        }
    }
    if (s == *text) {
        return false;
    }
    *text = s;
    *out = n;
    return true;
}

bool
cmdline_parse_u64(const char *text, uint64_t *out)
{
    bool hex = text[0] == '0' && (text[1] | 0x20) == 'x';
    uint64_t n;

    if (hex) {
        text += 2;
    }
    if (!parse_digits(&text, hex ? 16 : 10, &n) || *text) {
        return false;
    }
    *out = n;
    return true;
}

static bool
parse_with_unit(const char *text, const struct unit *units, uint64_t *out)
{
    uint64_t n;

    if (!parse_digits(&text, 10, &n)) {
        return false;
    }
    for (; units->suffix; units++) {
        if (equal(text, units->suffix)) {
            return !__builtin_mul_overflow(n, units->factor, out);
        }
    }
    return false;
}

bool
cmdline_parse_size(const char *text, uint64_t *out)
{
    uint64_t n;
    bool good = parse_with_unit(text, size_units, &n);

    if (good) {
        *out = n;
    }
    return good;
}

bool
cmdline_parse_duration(const char *text, uint64_t *out)
{
    uint64_t n;
    bool good = parse_with_unit(text, duration_units, &n);

    if (good) {
        *out = n;
    }
    return good;
}

static bool
parse_value(enum kind kind, const char *value, uint64_t *out)
{
    switch (kind) {
    case FLAG:
        if (equal(value, "on") || equal(value, "off")) {
            *out = equal(value, "on");
            return true;
        }
        return cmdline_parse_u64(value, out);
    case SIZE:
        return cmdline_parse_size(value, out);
    case DURATION:
        return cmdline_parse_duration(value, out);
    default:
        return cmdline_parse_u64(value, out);
    }
}

/* Stores value, NULL where the word had no '='; returns what is wrong with it, or NULL. */
static const char *
apply(struct cmdline *cl, const struct setting *s, const char *value)
{
    char *field = (char *)cl + s->offset;
    uint64_t n = 1;

    if (s->kind == WORD) {
        size_t len = value ? __builtin_strlen(value) : 0;

        if (len == 0 || len >= sizeof cl->demo) {
            return len ? "value is too long" : "needs a value";
        }
        __builtin_memcpy(field, value, len + 1);
        return NULL;
    }
    if (!value && s->kind != FLAG) {
        return "needs a value";
    }
    if (value && !parse_value(s->kind, value, &n)) {
        return "bad value";
    }
    if (n < s->min || n > s->max) {
        return "value is out of range";
    }
    switch (s->kind) {
    case FLAG:
        *(bool *)field = n != 0;
        break;
    case INT:
        *(int *)(void *)field = (int)n;
        break;
    default: /* all the others are 64 bits wide */
        __builtin_memcpy(field, &n, sizeof n);
    }
    return NULL;
}

static void
parse_setting(struct cmdline *cl, char *word, cmdline_complain_fn complain)
{
    const char *why = "unknown word";
    char *eq = word;

    while (*eq && *eq != '=') {
        eq++;
    }
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        size_t len = __builtin_strlen(settings[i].name);

        if (len == (size_t)(eq - word) && has_prefix(word, settings[i].name)) {
            why = apply(cl, &settings[i], *eq ? eq + 1 : NULL);
        }
    }
    if (why && complain) {
        complain(word, why);
    }
}

static bool
is_platform_word(const char *word)
{
    for (size_t i = 0; i < sizeof platform_words / sizeof platform_words[0]; i++) {
        if (has_prefix(word, platform_words[i])) {
            return true;
        }
    }
    return false;
}

/*
 * Unquotes the next word of *text into out, which has room for size bytes, and moves *text past
 * it. False if there is none. A word that does not fit is cut, and *cut set.
 */
static bool
next_word(const char **text, char *out, size_t size, bool *cut)
{
    const char *s = *text;
    size_t n = 0;
    bool quoted = false;

    while (is_blank(*s)) {
        s++;
    }
    if (!*s || size == 0) {
        *cut |= *s != 0;
        return false;
    }
    for (; *s && (quoted || !is_blank(*s)); s++) {
        if (*s == '"') {
            quoted = !quoted;
            continue;
        }
        if (*s == '\\' && (s[1] == '"' || s[1] == '\'' || s[1] == '\\' || is_blank(s[1]))) {
            s++;
        }
        if (n + 1 < size) {
            out[n++] = *s;
        } else {
            *cut = true;
        }
    }
    out[n] = 0;
    *text = s;
    return true;
}

static void
set_defaults(struct cmdline *cl)
{
    __builtin_memset(cl, 0, sizeof *cl);
    cl->stack = 256 << 10;
    cl->columns = 80;
    cl->slice_ns = 10 * 1000000;
    cl->screen = cl->serial = true;
}

void
cmdline_parse(const char *text, struct cmdline *cl, cmdline_complain_fn complain)
{
    static char default_name[] = "gamp";
    char *out = cl->words;
    char *end = cl->words + sizeof cl->words;
    bool in_args = false;
    bool cut = false;

    set_defaults(cl);
    cl->argc = 1;
    while (next_word(&text, out, (size_t)(end - out), &cut)) {
        if (is_platform_word(out)) {
            continue; /* qemu appends them, that is behind the application's words */
        }
        if (!in_args) {
            in_args = equal(out, "--");
            if (!in_args) {
                parse_setting(cl, out, complain);
            }
        } else if (cl->argc < CMDLINE_ARGS - 1) {
            cl->argv[cl->argc++] = out;
            out += __builtin_strlen(out) + 1;
        } else if (complain) {
            complain(out, "too many arguments");
        }
    }
    cl->argv[0] = cl->demo[0] ? cl->demo : default_name;
    if (cut && complain) {
        complain("--", "the command line is too long and was cut");
    }
}
