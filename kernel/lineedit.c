/* SPDX-License-Identifier: MIT */
/*
 * lineedit.c -- the line that somebody types at a terminal: keys in, lines out.
 *
 * Invariants   1. `shown` is what the terminal shows from column `origin` on, unless `moved`.
 *              2. origin + shown.n < width: the row is never full, so nothing wraps.
 * Locks        none: the caller's.
 * Context      any, interrupts included.
 * Rejected     A line over several rows: how many depends on the width, and there are two terminals
 *              of different widths (serial, screen) which see the same bytes. Asking the serial one
 *              is asynchronous, and a log or a program there does not answer. So the line has one
 *              row, of which it shows as much as every terminal has; < and > stand for the rest.
 *              Redrawing beneath the output of others: it would need the prompt, and a copy of the
 *              line for each write. The next key shows the line once more, behind what came.
 */
#include "lineedit.h"

enum { OUTSIDE, ESCAPED, SEQUENCE, KEYPAD, FUNCTION };
enum { ESCAPE = 0x1b, DELETE = 0x7f, CTRL_MODIFIER = 5, ALT_MODIFIER = 3 };

#define CTRL(letter) ((letter)&0x1f)

static void
take_out(struct lineedit *e, unsigned from, unsigned to)
{
    struct linetext *l = &e->line;
    if (from < to) {
        e->taken.len = to - from;
        __builtin_memcpy(e->taken.bytes, &l->bytes[from], to - from);
        linetext_erase(l, from, to);
    }
}

/* ---- the lines before ---- */

enum { PLACES = LINEEDIT_HISTORY + 1 };

static struct linetext *
before(struct linehistory *h, unsigned back)
{
    return &h->before[(h->lines - back) % PLACES];
}

/* Shows what was typed `back` lines ago. What has been changed of such a line is lost. */
static void
recall(struct lineedit *e, unsigned back)
{
    struct linetext *l = &e->line;
    if (back == e->back || back > e->history->lines || back > LINEEDIT_HISTORY) {
        return;
    }
    if (e->back == 0) {
        linetext_copy(&e->below, l);
    }
    e->back = back;
    linetext_copy(l, back > 0 ? before(e->history, back) : &e->below);
    l->at = l->len;
}

static void
remember(struct lineedit *e)
{
    struct linehistory *h = e->history;
    if (e->line.len == 0 || (h->lines > 0 && linetext_equal(before(h, 1), &e->line))) {
        return;
    }
    linetext_copy(before(h, 0), &e->line);
    unsigned lines = h->lines + 1; /* never runs over: so many fewer have the same places */
    __atomic_store_n(&h->lines, lines < 2 * PLACES ? lines : PLACES, __ATOMIC_RELEASE);
}

/* ---- keys ---- */

/* Those of a sequence, by the last byte of it. */
static void
cursor_key(struct lineedit *e, uint8_t byte)
{
    struct linetext *l = &e->line;
    bool word = e->modifier == CTRL_MODIFIER || e->modifier == ALT_MODIFIER;
    switch (byte) {
    case 'A':
        recall(e, e->back + 1);
        break;
    case 'B':
        recall(e, e->back - (e->back > 0));
        break;
    case 'C':
        l->at = word ? linetext_word_behind(l) : linetext_next(l, l->at);
        break;
    case 'D':
        l->at = word ? linetext_word_before(l) : linetext_previous(l, l->at);
        break;
    case 'H':
        l->at = 0;
        break;
    case 'F':
        l->at = l->len;
        break;
    default:
        break;
    }
}

/* VT220 and its heirs: Home, Delete, End by number. */
static void
numbered_key(struct lineedit *e)
{
    struct linetext *l = &e->line;
    if (e->param == 1 || e->param == 7) {
        l->at = 0;
    } else if (e->param == 4 || e->param == 8) {
        l->at = l->len;
    } else if (e->param == 3) {
        linetext_erase(l, l->at, linetext_next(l, l->at));
    }
}

static void
in_sequence(struct lineedit *e, uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        e->modifier = (uint8_t)(e->modifier < 10 ? e->modifier * 10 + byte - '0' : 99);
    } else if (byte == ';') {
        e->param = e->modifier;
        e->modifier = 0;
    } else if (byte >= '@') {
        e->state = byte == '[' ? FUNCTION : OUTSIDE; /* Linux's F1 to F5 have a letter more */
        e->param = e->param == 0 ? e->modifier : e->param;
        if (byte == '~') {
            numbered_key(e);
        } else {
            cursor_key(e, byte);
        }
    }
}

/* False where the byte is no part of a sequence, which a control ends wherever it is. */
static bool
escape(struct lineedit *e, uint8_t byte)
{
    struct linetext *l = &e->line;
    if (byte == ESCAPE) {
        e->state = ESCAPED;
        return true;
    }
    uint8_t state = byte < ' ' || byte >= DELETE ? OUTSIDE : e->state;
    e->state = OUTSIDE;
    if (state == ESCAPED && (byte == '[' || byte == 'O')) {
        e->state = byte == '[' ? SEQUENCE : KEYPAD;
        e->param = e->modifier = 0;
    } else if (state == ESCAPED && (byte == 'b' || byte == 'f')) {
        l->at = byte == 'b' ? linetext_word_before(l) : linetext_word_behind(l);
    } else if (state == SEQUENCE) {
        e->state = SEQUENCE;
        in_sequence(e, byte);
    } else if (state == KEYPAD) {
        cursor_key(e, byte);
    }
    return state != OUTSIDE;
}

/* Changes of one key each, and moves. */
static void
control(struct lineedit *e, uint8_t byte)
{
    struct linetext *l = &e->line;
    switch (byte) {
    case CTRL('A'):
        l->at = 0;
        break;
    case CTRL('B'):
        l->at = linetext_previous(l, l->at);
        break;
    case CTRL('D'):
        linetext_erase(l, l->at, linetext_next(l, l->at));
        break;
    case CTRL('E'):
        l->at = l->len;
        break;
    case CTRL('F'):
        l->at = linetext_next(l, l->at);
        break;
    case CTRL('H'):
    case DELETE:
        linetext_erase(l, linetext_previous(l, l->at), l->at);
        break;
    case CTRL('K'):
        take_out(e, l->at, l->len);
        break;
    case CTRL('N'):
        recall(e, e->back - (e->back > 0));
        break;
    case CTRL('P'):
        recall(e, e->back + 1);
        break;
    case CTRL('T'):
        linetext_swap(l);
        break;
    case CTRL('U'):
        take_out(e, 0, l->at);
        break;
    case CTRL('W'):
        take_out(e, linetext_word_before(l), l->at);
        break;
    case CTRL('Y'):
        linetext_insert(l, e->taken.bytes, e->taken.len);
        break;
    default:
        break;
    }
}

/* Part of a character of several bytes; what is no UTF-8 is dropped. */
static void
part(struct lineedit *e, uint8_t byte)
{
    struct linetext *l = &e->line;
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 }; /* of so many bytes */
    unsigned wanted = e->pending > 0 ? linetext_length(e->part[0]) : linetext_length(byte);
    if (((byte & 0xc0) == 0x80) != (e->pending > 0)) {
        e->pending = 0;
        wanted = linetext_length(byte);
    }
    if (wanted == 0) {
        return;
    }
    e->part[e->pending++] = byte;
    if (e->pending < wanted) {
        return;
    }
    uint32_t code = linetext_decode((char *)e->part);
    bool bad = code < least[wanted] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
    e->pending = 0;
    if (!bad) {
        linetext_insert(l, (char *)e->part, wanted);
    }
}

/* ---- the terminal ---- */

/* A row of `room` cells: the line, or what of it is around the cursor. */
static void
compose(struct lineedit *e, struct lineshow *want, unsigned room)
{
    struct linetext *l = &e->line;
    unsigned n = 0, cursor = 0, i = 0;
    for (unsigned at = 0; at < l->len; at = linetext_next(l, at), n++) {
        cursor += at < l->at;
    }
    unsigned lowest = e->first > 0 ? e->first + 1 : 0;
    unsigned highest = n - e->first > room ? e->first + room - 2 : n;
    if (n <= room || cursor <= room / 2) {
        e->first = 0;
    } else if (e->first > n || cursor < lowest || cursor > highest) {
        e->first = cursor - room / 2;
    }
    want->n = n - e->first < room ? n - e->first : room;
    want->at = cursor - e->first;
    for (unsigned at = 0; at < l->len && i < e->first + want->n; at = linetext_next(l, at), i++) {
        if (i >= e->first) {
            want->cells[i - e->first] = lineshow_glyph(linetext_decode(&l->bytes[at]));
        }
    }
    if (e->first > 0) {
        want->cells[0] = '<';
    }
    if (e->first + want->n < n) {
        want->cells[want->n - 1] = '>';
    }
}

/* Where others have written, the line begins once more: there, or in the next row. */
static size_t
begin_again(struct lineedit *e, char *text)
{
    struct linetext *l = &e->line;
    if (!e->moved) {
        return 0;
    }
    bool full = l->len > 0 && e->column + LINEEDIT_SHORTEST >= e->width;
    e->shown.n = e->shown.at = 0;
    e->origin = full ? 0 : e->column;
    text[0] = '\n';
    return full;
}

void
lineedit_show(struct lineedit *e)
{
    struct lineshow want;
    char text[1 + LINESHOW_TEXT];
    size_t n = begin_again(e, text);
    unsigned room = e->width - 1 - e->origin;
    compose(e, &want, room < LINESHOW_CELLS ? room : LINESHOW_CELLS);
    n += lineshow_change(&e->shown, &want, text + n);
    e->behind = n > 0 && !e->write(text, n);
    if (!e->behind && n > 0) {
        e->shown = want;
        e->moved = false;
    }
}

void
lineedit_wrote(struct lineedit *e, const char *s, size_t n)
{
    e->column = lineshow_column(e->moved ? e->column : e->origin + e->shown.at, e->width, s, n);
    e->moved = true;
}

void
lineedit_drop(struct lineedit *e)
{
    struct linetext *l = &e->line;
    if (e->shown.n > 0) {
        lineedit_wrote(e, "", 0); /* what is shown stays there: the next line begins behind it */
    }
    l->len = 0;
    l->at = e->back = e->first = 0;
    e->pending = e->state = 0;
    e->behind = false;
}

/* The row is done: `s` goes where the cursor is, and has a newline. */
static void
leave_row(struct lineedit *e, const char *s, size_t n)
{
    lineedit_show(e);
    e->write(s, n);
    e->shown.n = e->shown.at = e->origin = 0;
    e->moved = false;
}

enum lineedit_event
lineedit_key(struct lineedit *e, uint8_t byte)
{
    struct linetext *l = &e->line;
    e->pending = byte < 0x80 ? 0 : e->pending;
    if ((e->state != OUTSIDE || byte == ESCAPE) && escape(e, byte)) {
        return LINEEDIT_MORE;
    }
    if (byte == '\r' || byte == '\n') {
        leave_row(e, "\n", 1);
        remember(e);
        return LINEEDIT_LINE;
    }
    if (byte == CTRL('C')) {
        l->at = l->len;
        leave_row(e, "^C\n", 3);
        lineedit_drop(e);
        return LINEEDIT_BREAK;
    }
    if (byte == CTRL('D') && l->len == 0) {
        return LINEEDIT_END;
    }
    if (byte >= 0x80) {
        part(e, byte);
    } else if ((byte >= ' ' && byte != DELETE) || byte == '\t') {
        linetext_insert(l, (const char *)&byte, 1);
    } else {
        control(e, byte);
    }
    return LINEEDIT_MORE;
}
