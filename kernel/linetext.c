/* SPDX-License-Identifier: MIT */
/*
 * linetext.c -- a line of UTF-8 with a cursor in it.
 *
 * Invariants   bytes[0 .. len) is valid UTF-8; `at` is where a character of it begins, or len.
 */
#include "linetext.h"

void
linetext_copy(struct linetext *to, const struct linetext *from)
{
    to->len = from->len;
    to->at = from->at;
    __builtin_memcpy(to->bytes, from->bytes, from->len);
}

bool
linetext_equal(const struct linetext *a, const struct linetext *b)
{
    return a->len == b->len && __builtin_memcmp(a->bytes, b->bytes, a->len) == 0;
}

unsigned
linetext_length(uint8_t byte)
{
    if (byte < 0x80) {
        return 1;
    }
    return byte < 0xc2 || byte > 0xf4 ? 0 : 2 + (byte >= 0xe0) + (byte >= 0xf0);
}

uint32_t
linetext_decode(const char *s)
{
    unsigned n = linetext_length((uint8_t)*s);
    uint32_t code = (uint8_t)*s & (n == 1 ? 0x7f : 0xff >> (n + 1));
    for (unsigned i = 1; i < n; i++) {
        code = code << 6 | ((uint8_t)s[i] & 0x3f);
    }
    return code;
}

unsigned
linetext_next(const struct linetext *l, unsigned at)
{
    return at < l->len ? at + linetext_length((uint8_t)l->bytes[at]) : at;
}

unsigned
linetext_previous(const struct linetext *l, unsigned at)
{
    if (at == 0) {
        return 0;
    }
    while (((uint8_t)l->bytes[--at] & 0xc0) == 0x80) {
    }
    return at;
}

static bool
blank_at(const struct linetext *l, unsigned at)
{
    return l->bytes[at] == ' ' || l->bytes[at] == '\t';
}

unsigned
linetext_word_before(const struct linetext *l)
{
    unsigned at = l->at;
    while (at > 0 && blank_at(l, at - 1)) {
        at--;
    }
    while (at > 0 && !blank_at(l, at - 1)) {
        at--;
    }
    return at;
}

unsigned
linetext_word_behind(const struct linetext *l)
{
    unsigned at = l->at;
    while (at < l->len && blank_at(l, at)) {
        at++;
    }
    while (at < l->len && !blank_at(l, at)) {
        at++;
    }
    return at;
}

void
linetext_insert(struct linetext *l, const char *s, unsigned n)
{
    if (l->len + n > LINETEXT_SIZE) {
        return;
    }
    char *to = &l->bytes[l->at];
    __builtin_memmove(to + n, to, l->len - l->at);
    __builtin_memcpy(to, s, n);
    l->len += n;
    l->at += n;
}

void
linetext_erase(struct linetext *l, unsigned from, unsigned to)
{
    __builtin_memmove(&l->bytes[from], &l->bytes[to], l->len - to);
    l->len -= to - from;
    l->at = from;
}

void
linetext_swap(struct linetext *l)
{
    unsigned middle = l->at < l->len ? l->at : linetext_previous(l, l->at);
    unsigned from = linetext_previous(l, middle), to = linetext_next(l, middle);
    char moved[4];
    if (from < middle) {
        __builtin_memcpy(moved, &l->bytes[middle], to - middle);
        __builtin_memmove(&l->bytes[from + to - middle], &l->bytes[from], middle - from);
        __builtin_memcpy(&l->bytes[from], moved, to - middle);
        l->at = to;
    }
}
