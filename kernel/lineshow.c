/* SPDX-License-Identifier: MIT */
/*
 * lineshow.c -- part of a row of a terminal: what it shows, and the bytes that make it show more.
 *
 * Invariants   lineshow_change sends characters, blanks and \b, and never goes left of cell 0.
 * Context      any, interrupts included; a change costs LINESHOW_TEXT bytes at most.
 * Rejected     Sequences to move and to erase: characters and \b do as well, on any terminal, and
 *              what they cost is bounded by the row.
 */
#include "lineshow.h"

#include <stdbool.h>

enum {
    TAB = 8,
    LOOK_BACK = 512, /* a row has fewer bytes, colours included */
    ESCAPE = 0x1b,
};

/* Characters of one column everywhere. Left out: controls, what combines, what is wide in Asia. */
static const struct {
    uint16_t first, last;
} narrow[] = {
    { 0x20, 0x7e },     { 0xa0, 0xac },     { 0xae, 0x2ff },    { 0x370, 0x482 },
    { 0x48a, 0x52f },   { 0x1e00, 0x1fff }, { 0x2010, 0x2027 }, { 0x2030, 0x205e },
    { 0x20a0, 0x20bf }, { 0x2190, 0x2319 }, { 0x2500, 0x25fc },
};

uint32_t
lineshow_glyph(uint32_t code)
{
    if (code == '\t') {
        return ' ';
    }
    for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
        if (code >= narrow[i].first && code <= narrow[i].last) {
            return code;
        }
    }
    return '?';
}

static char *
put(char *text, uint32_t code)
{
    if (code >= 0x800) {
        *text++ = (char)(0xe0 | code >> 12);
        *text++ = (char)(0x80 | (code >> 6 & 0x3f));
    } else if (code >= 0x80) {
        *text++ = (char)(0xc0 | code >> 6);
    }
    *text++ = (char)(code < 0x80 ? code : 0x80 | (code & 0x3f));
    return text;
}

/* To the right by writing once more what is there. */
static char *
move(char *text, const struct lineshow *row, unsigned at, unsigned to)
{
    for (; at < to; at++) {
        text = put(text, row->cells[at]);
    }
    for (; at > to; at--) {
        *text++ = '\b';
    }
    return text;
}

size_t
lineshow_change(const struct lineshow *from, const struct lineshow *to, char *text)
{
    char *end = text;
    unsigned same = 0, at = from->at;
    while (same < from->n && same < to->n && from->cells[same] == to->cells[same]) {
        same++;
    }
    if (same < from->n || same < to->n) {
        end = move(end, to, at, same);
        end = move(end, to, same, to->n);
        for (at = to->n; at < from->n; at++) {
            *end++ = ' ';
        }
    }
    end = move(end, to, at, to->at);
    return (size_t)(end - text);
}

/* The first byte of a sequence is at s; what is behind it. */
static const char *
skip_escape(const char *s, const char *end)
{
    if (++s < end && *s == '[') {
        s++;
        while (s < end && (uint8_t)*s >= ' ' && (uint8_t)*s < '@') {
            s++;
        }
    }
    return s < end ? s + 1 : end;
}

unsigned
lineshow_column(unsigned column, unsigned width, const char *s, size_t n)
{
    const char *end = s + n, *from = end;
    while (from > s && end - from < LOOK_BACK && from[-1] != '\n') {
        from--;
    }
    column = from > s ? 0 : column;
    while (from < end) {
        uint8_t byte = (uint8_t)*from++;
        if (byte == ESCAPE) {
            from = skip_escape(from - 1, end);
        } else if (byte == '\r') {
            column = 0;
        } else if (byte == '\b') {
            column -= column > 0;
        } else if (byte == '\t') {
            column = (column / TAB + 1) * TAB;
        } else if (byte >= ' ' && (byte & 0xc0) != 0x80) {
            column++;
        }
        column = column < width ? column : width;
    }
    return column;
}
