/* SPDX-License-Identifier: MIT */
/*
 * edit_model.h -- what kernel/lineedit.c is held to: an editor that knows characters, no terminal.
 *
 * Form         The including file defines DEMAND(condition, format, ...).
 *
 * edit_check asks whether a terminal shows its line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <lineedit.h>

#include "glass.h"

struct edit_text {
    unsigned n;
    uint32_t codes[LINETEXT_SIZE];
};

static struct {
    struct edit_text line, below, taken, before[LINEEDIT_HISTORY];
    uint8_t order[LINEEDIT_HISTORY]; /* of those before, the newest first */
    unsigned at, lines, back;
    char sequence[64]; /* since ESC; empty: in none */
    char bytes[8];     /* of a character */
    unsigned wanted;   /* how many it has */
} edit;

static inline void
edit_copy(struct edit_text *to, const struct edit_text *from)
{
    to->n = from->n;
    memcpy(to->codes, from->codes, from->n * sizeof *to->codes);
}

static inline size_t
edit_bytes(const struct edit_text *t, char *to)
{
    size_t n = 0;

    for (unsigned i = 0; i < t->n; i++) {
        uint32_t c = t->codes[i];
        unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

        if (to != NULL) {
            to[n] = (char)(more == 0 ? c : (0xf0 << (3 - more) & 0xff) | c >> 6 * more);
            for (unsigned k = 1; k <= more; k++) {
                to[n + k] = (char)(0x80 | (c >> 6 * (more - k) & 0x3f));
            }
        }
        n += 1 + more;
    }
    return n;
}

static inline void
edit_insert(const struct edit_text *t)
{
    if (edit_bytes(&edit.line, NULL) + edit_bytes(t, NULL) > LINETEXT_SIZE) {
        return;
    }
    for (unsigned i = 0; i < t->n; i++) {
        for (unsigned k = edit.line.n++; k > edit.at; k--) {
            edit.line.codes[k] = edit.line.codes[k - 1];
        }
        edit.line.codes[edit.at++] = t->codes[i];
    }
}

static inline void
edit_insert_one(uint32_t code)
{
    static struct edit_text one = { .n = 1 };

    one.codes[0] = code;
    edit_insert(&one);
}

static inline void
edit_cut(unsigned from, unsigned to, bool keep)
{
    if (keep && from < to) {
        edit.taken.n = 0;
    }
    for (unsigned i = from; i < to; i++) {
        if (keep) {
            edit.taken.codes[edit.taken.n++] = edit.line.codes[from];
        }
        for (unsigned k = from + 1; k < edit.line.n; k++) {
            edit.line.codes[k - 1] = edit.line.codes[k];
        }
        edit.line.n--;
    }
    edit.at = from;
}

static inline bool
edit_blank(unsigned i)
{
    return edit.line.codes[i] == ' ' || edit.line.codes[i] == '\t';
}

/* Where the word to the left begins: a character that is not blank, with a blank before it. */
static inline unsigned
edit_left(void)
{
    for (unsigned i = edit.at; i-- > 0;) {
        if (!edit_blank(i) && (i == 0 || edit_blank(i - 1))) {
            return i;
        }
    }
    return 0;
}

static inline unsigned
edit_right(void)
{
    for (unsigned i = edit.at + 1; i < edit.line.n; i++) {
        if (edit_blank(i) && !edit_blank(i - 1)) {
            return i;
        }
    }
    return edit.line.n;
}

static inline void
edit_recall(int by)
{
    int back = (int)edit.back + by;

    if (back < 0 || back > (int)edit.lines) {
        return;
    }
    if (edit.back == 0) {
        edit_copy(&edit.below, &edit.line);
    }
    edit.back = (unsigned)back;
    edit_copy(&edit.line, back == 0 ? &edit.below : &edit.before[edit.order[back - 1]]);
    edit.at = edit.line.n;
}

static inline void
edit_remember(void)
{
    const struct edit_text *newest = &edit.before[edit.order[0]];
    unsigned place = edit.lines < LINEEDIT_HISTORY ? edit.lines : edit.order[LINEEDIT_HISTORY - 1];

    if (edit.line.n == 0
        || (edit.lines > 0 && newest->n == edit.line.n
            && memcmp(newest->codes, edit.line.codes, edit.line.n * sizeof *newest->codes) == 0)) {
        return;
    }
    memmove(&edit.order[1], &edit.order[0], sizeof edit.order - 1);
    edit.order[0] = (uint8_t)place;
    edit_copy(&edit.before[place], &edit.line);
    edit.lines += edit.lines < LINEEDIT_HISTORY;
}

/* A whole sequence without its ESC. */
static inline void
edit_sequence(const char *s)
{
    unsigned first = 0, second = 0;
    char last = s[strlen(s) - 1];
    bool word, plain = *s == 'O';

    if (strcmp(s, "b") == 0) {
        edit.at = edit_left();
    } else if (strcmp(s, "f") == 0) {
        edit.at = edit_right();
    }
    if (*s != '[' && *s != 'O') {
        return;
    }
    for (const char *p = s; *p != '\0'; p++) {
        first = *p == ';' ? second : first;
        second = *p == ';'              ? 0
                 : *p < '0' || *p > '9' ? second
                 : second < 10          ? second * 10 + *p - '0'
                                        : 99;
    }
    first = first == 0 ? second : first;
    word = !plain && (second == 3 || second == 5);
    if (last == '~' && !plain) {
        edit.at = first == 1 || first == 7 ? 0 : first == 4 || first == 8 ? edit.line.n : edit.at;
        if (first == 3 && edit.at < edit.line.n) {
            edit_cut(edit.at, edit.at + 1, false);
        }
    } else if (last == 'A' || last == 'B') {
        edit_recall(last == 'A' ? 1 : -1);
    } else if (last == 'C') {
        edit.at = word ? edit_right() : edit.at + (edit.at < edit.line.n);
    } else if (last == 'D') {
        edit.at = word ? edit_left() : edit.at - (edit.at > 0);
    } else if (last == 'H' || last == 'F') {
        edit.at = last == 'H' ? 0 : edit.line.n;
    }
}

/* True where the byte is part of a sequence: ESC, then one byte, or [ and up to one from @ to ~, or
   [ [ and one more, or O and one more. */
static inline bool
edit_in_sequence(uint8_t byte)
{
    size_t n = strlen(edit.sequence);
    bool whole;

    if (byte == 0x1b) {
        strcpy(edit.sequence, "\x1b");
        return true;
    }
    if (n == 0 || byte < ' ' || byte >= 0x7f) {
        edit.sequence[0] = '\0';
        return false;
    }
    if (n < 60) {
        edit.sequence[n++] = (char)byte;
        edit.sequence[n] = '\0';
    } else { /* digits without end: what they say has no meaning */
        strcpy(edit.sequence, "\x1b[99;99");
        n = strlen(edit.sequence);
        edit.sequence[n++] = (char)byte;
        edit.sequence[n] = '\0';
    }
    if (n == 2) {
        whole = byte != '[' && byte != 'O';
    } else if (edit.sequence[1] == 'O') {
        whole = true;
    } else if (edit.sequence[n - 2] == '[' && n > 3) {
        edit.sequence[0] = '\0';
        return true;
    } else {
        whole = byte >= '@' && byte != '[';
    }
    if (whole) {
        edit_sequence(edit.sequence + 1);
        edit.sequence[0] = '\0';
    }
    return true;
}

static inline void
edit_control(uint8_t byte)
{
    unsigned n = edit.line.n, at = edit.at;
    uint32_t c;

    switch (byte | '@') {
    case 'A':
        edit.at = 0;
        break;
    case 'B':
        edit.at -= at > 0;
        break;
    case 'D':
        edit_cut(at, at + (at < n), false);
        break;
    case 'E':
        edit.at = n;
        break;
    case 'F':
        edit.at += at < n;
        break;
    case 'H':
    case 0x7f:
        edit_cut(at - (at > 0), at, false);
        break;
    case 'K':
        edit_cut(at, n, true);
        break;
    case 'N':
        edit_recall(-1);
        break;
    case 'P':
        edit_recall(1);
        break;
    case 'U':
        edit_cut(0, at, true);
        break;
    case 'W':
        edit_cut(edit_left(), at, true);
        break;
    case 'Y':
        edit_insert(&edit.taken);
        break;
    case 'T':
        at -= at == n && n > 0;
        if (at > 0) {
            c = edit.line.codes[at];
            edit.line.codes[at] = edit.line.codes[at - 1];
            edit.line.codes[at - 1] = c;
            edit.at = at + 1;
        }
        break;
    default:
        break;
    }
}

/* A character is inserted when it is whole and the shortest form of a code point. */
static inline void
edit_part(uint8_t byte)
{
    size_t n = strlen(edit.bytes);
    uint32_t code = 0;
    char again[8] = "";
    static struct edit_text one = { .n = 1 };

    if ((byte & 0xc0) != 0x80) {
        n = 0;
        edit.wanted = byte >= 0xf8 ? 0 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
        edit.wanted = byte == 0xc0 || byte == 0xc1 || byte > 0xf4 ? 0 : edit.wanted;
    } else if (n == 0) {
        edit.wanted = 0;
    }
    edit.bytes[n] = edit.wanted > 0 ? (char)byte : '\0';
    edit.bytes[n + 1] = '\0';
    if (edit.wanted == 0 || n + 1 < edit.wanted) {
        return;
    }
    code = (uint8_t)edit.bytes[0] & (0x7f >> edit.wanted);
    for (size_t i = 1; i <= n; i++) {
        code = code << 6 | ((uint8_t)edit.bytes[i] & 0x3f);
    }
    one.codes[0] = code;
    edit_bytes(&one, again);
    if (strcmp(again, edit.bytes) == 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff)) {
        edit_insert_one(code);
    }
    edit.bytes[0] = '\0';
}

/* Enter, ^C and ^D on an empty line are the caller's: what they mean is more than this line. */
static inline enum lineedit_event
edit_key(uint8_t byte)
{
    if (edit_in_sequence(byte)) {
        edit.bytes[0] = byte < 0x80 ? '\0' : edit.bytes[0];
        return LINEEDIT_MORE;
    }
    if (byte >= 0x80) {
        edit_part(byte);
        return LINEEDIT_MORE;
    }
    edit.bytes[0] = '\0';
    if (byte == '\r' || byte == '\n') {
        edit_remember();
        return LINEEDIT_LINE;
    }
    if (byte == 0x03 || (byte == 0x04 && edit.line.n == 0)) {
        return byte == 0x03 ? LINEEDIT_BREAK : LINEEDIT_END;
    }
    if (byte == '\t' || (byte >= ' ' && byte < 0x7f)) {
        edit_insert_one(byte);
    } else {
        edit_control(byte);
    }
    return LINEEDIT_MORE;
}

static inline void
edit_drop(void)
{
    edit.line.n = edit.at = edit.back = 0;
    edit.sequence[0] = edit.bytes[0] = '\0';
}

/* ---- what the terminal must show ---- */

/* From column `origin` of the cursor's row: the line, or a part of it around the cursor; nothing
   else behind it. */
static inline void
edit_check(unsigned origin, unsigned width)
{
    unsigned room = width - 1 - origin, n = edit.line.n, cursor = glass.x - origin, first, shown;
    room = room < LINESHOW_CELLS ? room : LINESHOW_CELLS;
    const uint32_t *row = &glass.cells[glass.y][origin];

    DEMAND(glass.x >= origin && cursor <= edit.at, "cursor in column %u", glass.x);
    first = edit.at - cursor;
    shown = n - first < room ? n - first : room;
    DEMAND(n > room || first == 0, "%u characters of %u are not shown", first, n);
    DEMAND(first == 0 || cursor > 0, "the cursor is on <");
    DEMAND(first + shown == n || cursor + 1 < shown, "the cursor is on >");
    for (unsigned i = 0; i < glass.cols - origin; i++) {
        uint32_t code = i < shown ? lineshow_glyph(edit.line.codes[first + i]) : 0;

        code = i == 0 && first > 0 ? '<' : i + 1 == shown && first + shown < n ? '>' : code;
        code = code == ' ' ? 0 : code;
        DEMAND(row[i] == code, "column %u shows %x, not %x", origin + i, row[i], code);
    }
}
