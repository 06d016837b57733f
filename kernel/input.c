/* SPDX-License-Identifier: MIT */
/*
 * input.c -- what has been typed or sent: collected line by line, then kept until it is read.
 *
 * What is typed at a terminal is edited apart (kernel/lineedit.c) and comes here by whole lines.
 * What a program sends is collected in place in a ring:
 *
 *     head           commit         edit
 *      | whole lines   | line begun  |        (each index counts for ever, modulo INPUT_SIZE)
 *
 * Invariants   1. head <= commit <= edit <= head + INPUT_SIZE.
 *              2. A key at a terminal is taken only while the ring has room for a whole line.
 * Locks        none: the console's, held by all callers.
 */
#include "input.h"

#include "bootinfo.h"
#include "lineedit.h"

enum { INPUT_SIZE = 4096 };

enum {
    CTRL_C = 0x03,
    CTRL_D = 0x04, /* in the input ring: the end of input, or of a line without a newline */
    BACKSPACE = 0x08,
    CTRL_U = 0x15,
    ESCAPE = 0x1b,
    DELETE = 0x7f,
};

static struct linehistory history KEPT;
static struct lineedit typed;

static struct {
    uint32_t head, commit, edit;
    bool raw;       /* bytes, not lines */
    uint8_t escape; /* how far into a terminal's key sequence: 0, ESC seen, ESC [ seen */
    uint8_t bytes[INPUT_SIZE];
} in;

bool
input_has_room(enum input_source source)
{
    uint32_t least = source == INPUT_TERMINAL && !in.raw ? LINETEXT_SIZE + 1 : 1;
    return INPUT_SIZE - (in.edit - in.head) >= least;
}

void
input_init(bool (*echo_to)(const char *s, size_t n), unsigned columns)
{
    typed.write = echo_to;
    typed.history = &history;
    typed.width = columns;
}

void
input_show(void)
{
    if (!in.raw) {
        lineedit_show(&typed);
    }
}

bool
input_show_due(void)
{
    return typed.behind;
}

void
input_wrote(const char *s, size_t n)
{
    lineedit_wrote(&typed, s, n);
}

uint32_t
input_lines(void)
{
    return in.commit;
}

static uint8_t *
input_at(uint32_t index)
{
    return &in.bytes[index % INPUT_SIZE];
}

static void
echo(const char *s, size_t n)
{
    if (typed.write(s, n)) {
        input_wrote(s, n);
    }
}

/* A character may be several bytes of UTF-8; all but its first look like 10xxxxxx. */
static void
erase_character(void)
{
    while (in.edit != in.commit) {
        uint8_t byte = *input_at(--in.edit);
        if ((byte & 0xc0) != 0x80) {
            echo("\b \b", 3);
            return;
        }
    }
}

/* True when the byte belongs to a key sequence (cursor keys and the like), which is ignored. */
static bool
in_escape(uint8_t byte)
{
    if (in.escape == 0) {
        in.escape = byte == ESCAPE;
        return byte == ESCAPE;
    }
    if (in.escape == 1) {
        in.escape = byte == '[' || byte == 'O' ? 2 : 0;
        return true;
    }
    if (byte >= 0x40) {
        in.escape = 0;
    }
    return true;
}

static void
append(uint8_t byte)
{
    *input_at(in.edit++) = byte;
    if (in.edit - in.head == INPUT_SIZE) {
        in.commit = in.edit; /* a line longer than the ring is handed over in pieces */
    }
}

static void
end_line(uint8_t byte)
{
    append(byte);
    in.commit = in.edit;
    if (byte == '\n') {
        echo("\n", 1);
    }
}

void
input_set_raw(bool raw)
{
    in.raw = raw;
    in.edit = in.commit;
    in.escape = 0;
    lineedit_drop(&typed);
}

static bool
key(uint8_t byte)
{
    enum lineedit_event event = lineedit_key(&typed, byte);
    if (event == LINEEDIT_LINE) {
        for (unsigned i = 0; i < typed.line.len; i++) {
            append((uint8_t)typed.line.bytes[i]);
        }
        append('\n');
        lineedit_drop(&typed);
    } else if (event == LINEEDIT_END) {
        append(CTRL_D);
    }
    if (event == LINEEDIT_LINE || event == LINEEDIT_END) {
        in.commit = in.edit;
    }
    return event == LINEEDIT_BREAK;
}

static bool
piped(uint8_t byte)
{
    if (in_escape(byte)) {
        return byte == CTRL_C;
    }
    switch (byte) {
    case '\r':
    case '\n':
        end_line('\n');
        break;
    case CTRL_D:
        end_line(CTRL_D);
        break;
    case BACKSPACE:
    case DELETE:
        erase_character();
        break;
    case CTRL_U:
        while (in.edit != in.commit) {
            erase_character();
        }
        break;
    case CTRL_C:
        in.edit = in.commit;
        echo("^C\n", 3);
        break;
    default:
        if (byte >= ' ' || byte == '\t') {
            append(byte);
            echo((const char *)&byte, 1);
        }
        break;
    }
    return byte == CTRL_C;
}

bool
input_byte(enum input_source source, uint8_t byte)
{
    if (in.raw) {
        append(byte);
        in.commit = in.edit;
        return byte == CTRL_C;
    }
    return source == INPUT_TERMINAL ? key(byte) : piped(byte);
}

long
input_take(char *buf, size_t n)
{
    if (in.head == in.commit) {
        return INPUT_NOTHING;
    }
    size_t used = 0;
    while (used < n && in.head != in.commit && *input_at(in.head) != CTRL_D) {
        buf[used++] = (char)*input_at(in.head++);
        if (buf[used - 1] == '\n') {
            return (long)used;
        }
    }
    /* ^D ends a line, also one that has just filled buf; where there is none, the input. */
    if (in.head != in.commit && *input_at(in.head) == CTRL_D) {
        in.head++;
    }
    return used > 0 ? (long)used : INPUT_EOF;
}
