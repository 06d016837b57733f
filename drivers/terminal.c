/* SPDX-License-Identifier: MIT */
/*
 * terminal.c -- text with escape sequences in, a grid of coloured characters out.
 *
 * Invariants   1. top <= y < rows and x <= cols
 *              2. Whatever comes in, after a printable ASCII byte that is no part of a sequence the
 *                 machine is in its outermost state: a broken sequence costs itself, nothing more.
 *              3. A row that differs from what it was when its `dirty` was cleared is dirty.
 * Locks        none: the caller's, around each call and each look at the cells.
 * Context      any, interrupts included; a call moves rows * cols cells at most once a line.
 * Rejected     A ring of rows instead of moving the cells: a screen is 24 KiB of them, which is
 *              nothing beside its 3 MiB of pixels, and those are not moved at all
 *              (kernel/screen.c).
 */
#include "terminal.h"

enum { OUTSIDE, ESCAPED, SEQUENCE, STRING };
enum { FG = 7, BG = 0, TAB = 8, PARAM_MAX = 9999 };
enum { BELL = 0x07, ESC = 0x1b };

static uint32_t
blank(const struct terminal *t)
{
    return CELL(' ', t->style.fg, t->style.bg);
}

static void
erase(struct terminal *t, unsigned y, unsigned from, unsigned to)
{
    for (unsigned x = from; x < to && x < t->cols; x++) {
        t->cells[y * t->cols + x] = blank(t);
    }
    t->dirty[y] = true;
}

static void
set_colours(struct terminal *t)
{
    t->style.fg = FG;
    t->style.bg = BG;
    t->style.bold = t->style.inverse = false;
}

void
terminal_init(struct terminal *t, uint32_t *cells, unsigned cols, unsigned rows)
{
    __builtin_memset(t, 0, sizeof(*t));
    t->cells = cells;
    t->cols = cols;
    t->rows = rows;
    set_colours(t);
    t->kept_style = t->style;
    for (unsigned y = 0; y < rows; y++) {
        erase(t, y, 0, cols);
    }
}

void
terminal_reserve(struct terminal *t, unsigned rows)
{
    rows = rows < t->rows ? rows : t->rows - 1;
    for (unsigned y = rows; y < t->top; y++) {
        erase(t, y, 0, t->cols);
    }
    t->dirty[t->y] = true;
    t->top = rows;
    t->above = t->below = 0;
    if (t->y < rows) {
        t->y = rows;
        t->x = 0;
    }
    t->dirty[t->y] = true;
}

static void
scroll(struct terminal *t)
{
    unsigned first = t->top + t->above, last = t->rows - t->below - 1;
    uint32_t *to = &t->cells[first * t->cols];
    __builtin_memmove(to, to + t->cols, (last - first) * t->cols * sizeof(*to));
    for (unsigned y = first; y < last; y++) {
        t->dirty[y] = true;
    }
    erase(t, last, 0, t->cols);
}

static void
new_line(struct terminal *t)
{
    t->dirty[t->y] = true;
    t->x = 0;
    if (t->y + 1 == t->rows - t->below) {
        scroll(t);
    } else if (t->y + 1 < t->rows) {
        t->y++;
    }
}

static void
put(struct terminal *t, uint32_t code)
{
    if (t->x == t->cols) {
        new_line(t);
    }
    unsigned fg = t->style.fg | (t->style.bold ? 8 : 0), bg = t->style.bg;
    code = code <= 0xffff ? code : CELL_UNKNOWN;
    t->cells[t->y * t->cols + t->x++] = t->style.inverse ? CELL(code, bg, fg) : CELL(code, fg, bg);
    t->dirty[t->y] = true;
}

/* ---- sequences ---- */

/* Parameter i; missing or 0: what is meant then. */
static unsigned
param(const struct terminal *t, unsigned i, unsigned otherwise)
{
    return i < t->nparams && t->params[i] != 0 ? t->params[i] : otherwise;
}

static void
move_to(struct terminal *t, unsigned x, unsigned y)
{
    t->dirty[t->y] = true;
    t->x = x < t->cols ? x : t->cols - 1;
    t->y = y < t->rows ? y : t->rows - 1;
    t->dirty[t->y] = true;
}

static void
move_by(struct terminal *t, int dx, int dy)
{
    int x = (int)(t->x < t->cols ? t->x : t->cols - 1) + dx, y = (int)t->y + dy;
    move_to(t, x > 0 ? (unsigned)x : 0, y > (int)t->top ? (unsigned)y : t->top);
}

static void
erase_in_line(struct terminal *t, unsigned how)
{
    unsigned x = t->x < t->cols ? t->x : t->cols - 1;
    erase(t, t->y, how == 0 ? x : 0, how == 1 ? x + 1 : t->cols);
}

static void
erase_in_display(struct terminal *t, unsigned how)
{
    unsigned from = how == 0 ? t->y + 1 : t->top, to = how == 1 ? t->y : t->rows;
    for (unsigned y = from; y < to; y++) {
        erase(t, y, 0, t->cols);
    }
    if (how < 2) {
        erase_in_line(t, how);
    }
}

/* One of the parameters of `m`; the answer is the last one it has used. */
static unsigned
colour(struct terminal *t, unsigned i)
{
    unsigned n = param(t, i, 0);
    if (n == 0) {
        set_colours(t);
    } else if (n == 1 || n == 22) {
        t->style.bold = n == 1;
    } else if (n == 7 || n == 27) {
        t->style.inverse = n == 7;
    } else if (n >= 30 && n <= 37) {
        t->style.fg = (uint8_t)(n - 30);
    } else if (n >= 40 && n <= 47) {
        t->style.bg = (uint8_t)(n - 40);
    } else if (n >= 90 && n <= 97) {
        t->style.fg = (uint8_t)(n - 90 + 8);
    } else if (n >= 100 && n <= 107) {
        t->style.bg = (uint8_t)(n - 100 + 8);
    } else if (n == 39) {
        t->style.fg = FG;
    } else if (n == 49) {
        t->style.bg = BG;
    } else if ((n == 38 || n == 48) && param(t, i + 1, 0) == 5) {
        unsigned which = param(t, i + 2, 0);
        if (which < 16) {
            *(n == 38 ? &t->style.fg : &t->style.bg) = (uint8_t)which;
        }
        return i + 2;
    }
    return i;
}

/* The rows that scroll, at least two; the cursor goes home. */
static void
set_margins(struct terminal *t, unsigned first, unsigned last)
{
    unsigned rows = t->rows - t->top;
    last = last < rows ? last : rows;
    if (first < last) {
        t->above = first - 1;
        t->below = rows - last;
        move_to(t, 0, t->top);
    }
}

static void
keep(struct terminal *t)
{
    t->kept_x = t->x;
    t->kept_y = t->y - t->top;
    t->kept_style = t->style;
}

static void
go_back(struct terminal *t)
{
    move_to(t, t->kept_x, t->top + t->kept_y);
    t->style = t->kept_style;
}

static void
obey(struct terminal *t, uint8_t letter)
{
    int n = (int)param(t, 0, 1);
    switch (letter) {
    case 'A':
        move_by(t, 0, -n);
        break;
    case 'B':
        move_by(t, 0, n);
        break;
    case 'C':
        move_by(t, n, 0);
        break;
    case 'D':
        move_by(t, -n, 0);
        break;
    case 'G':
        move_to(t, param(t, 0, 1) - 1, t->y);
        break;
    case 'H':
    case 'f':
        move_to(t, param(t, 1, 1) - 1, t->top + param(t, 0, 1) - 1);
        break;
    case 'J':
        erase_in_display(t, param(t, 0, 0));
        break;
    case 'K':
        erase_in_line(t, param(t, 0, 0));
        break;
    case 'm':
        for (unsigned i = 0; i < (t->nparams > 0 ? t->nparams : 1); i++) {
            i = colour(t, i);
        }
        break;
    case 'r':
        set_margins(t, param(t, 0, 1), param(t, 1, t->rows));
        break;
    default:
        break;
    }
}

/* A byte behind ESC [. */
static void
in_sequence(struct terminal *t, uint8_t byte)
{
    unsigned *last = &t->params[t->nparams > 0 ? t->nparams - 1 : 0];
    if (byte >= '0' && byte <= '9') {
        t->nparams += t->nparams == 0;
        *last = *last < PARAM_MAX ? *last * 10 + byte - '0' : *last;
    } else if (byte == ';') {
        t->nparams += t->nparams == 0 ? 2 : t->nparams < TERMINAL_PARAMS;
    } else if (byte == '?') {
        t->private = true;
    } else if (byte >= 0x40) {
        t->state = OUTSIDE;
        if (!t->private) {
            obey(t, byte);
        } else if (t->params[0] == 25 && (byte == 'h' || byte == 'l')) {
            t->cursor_hidden = byte == 'l';
        }
    }
}

/* False where the byte means nothing in a sequence, and is to be taken for itself. */
static bool
escape(struct terminal *t, uint8_t byte)
{
    if (byte == ESC) {
        t->state = ESCAPED;
    } else if (byte < ' ' && !(t->state == STRING && byte == BELL)) {
        return false; /* a newline in a sequence is a newline */
    } else if (t->state == ESCAPED) {
        t->state = byte == '[' ? SEQUENCE : byte == ']' ? STRING : OUTSIDE;
        if (byte == '7') {
            keep(t);
        } else if (byte == '8') {
            go_back(t);
        }
        t->nparams = 0;
        t->private = false;
        __builtin_memset(t->params, 0, sizeof(t->params));
    } else if (t->state == SEQUENCE) {
        in_sequence(t, byte);
    } else if (byte == BELL) { /* a title for the window, which has none */
        t->state = OUTSIDE;
    }
    return true;
}

/* ---- characters ---- */

static void
control(struct terminal *t, uint8_t byte)
{
    switch (byte) {
    case '\n':
        t->state = OUTSIDE;
        new_line(t);
        break;
    case '\r':
        t->x = 0;
        break;
    case '\b':
        move_by(t, -1, 0);
        break;
    case '\t':
        move_to(t, (t->x / TAB + 1) * TAB, t->y);
        break;
    case ESC:
        t->state = ESCAPED;
        break;
    default:
        break;
    }
}

/* The first byte of a character of several, or one that cannot be. */
static void
begin_code(struct terminal *t, uint8_t byte)
{
    if (byte >= 0xc2 && byte < 0xe0) {
        t->code = byte & 0x1f;
        t->more = 1;
        t->least = 0x80;
    } else if (byte >= 0xe0 && byte < 0xf0) {
        t->code = byte & 0x0f;
        t->more = 2;
        t->least = 0x800;
    } else if (byte >= 0xf0 && byte < 0xf5) {
        t->code = byte & 0x07;
        t->more = 3;
        t->least = 0x10000;
    } else {
        put(t, CELL_UNKNOWN);
    }
}

static void
go_on(struct terminal *t, uint8_t byte)
{
    t->code = t->code << 6 | (byte & 0x3f);
    if (--t->more == 0) {
        bool bad = t->code < t->least || (t->code >= 0xd800 && t->code < 0xe000);
        put(t, bad ? CELL_UNKNOWN : t->code);
    }
}

static void
take(struct terminal *t, uint8_t byte)
{
    if (t->more > 0 && (byte & 0xc0) == 0x80) {
        go_on(t, byte);
        return;
    }
    if (t->more > 0) { /* cut short */
        t->more = 0;
        put(t, CELL_UNKNOWN);
    }
    if (t->state != OUTSIDE && escape(t, byte)) {
        return;
    }
    if (byte < ' ' || byte == 0x7f) {
        control(t, byte);
    } else if (byte < 0x80) {
        put(t, byte);
    } else {
        begin_code(t, byte);
    }
}

void
terminal_write(struct terminal *t, const char *s, size_t n)
{
    t->dirty[t->y] = true; /* the cursor leaves it */
    for (size_t i = 0; i < n; i++) {
        take(t, (uint8_t)s[i]);
    }
    t->dirty[t->y] = true;
}
