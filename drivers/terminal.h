/* SPDX-License-Identifier: MIT */
/*
 * terminal.h -- text with escape sequences in, a grid of coloured characters out.
 *
 * Understood: UTF-8; \a \b \t \n \r; ESC [ with A B C D (cursor by n), G (column), H f
 * (row;column), J K (erase: 0 behind, 1 before, 2 all), m (0 1 7 22 27 30-37 39 40-47 49 90-97
 * 100-107, and 38;5;n 48;5;n up to 15), r (first;last row of those that scroll), ?25h ?25l
 * (cursor); ESC 7, ESC 8 (keep the cursor and colours; back to them). Others are skipped whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TERMINAL_ROWS = 256, /* more of a screen than these is not used */
    TERMINAL_COLS = 512,
    TERMINAL_PARAMS = 8,
};

/* A cell: a code point up to ffff, and two of sixteen colours (ANSI's order: red is 1). */
#define CELL(code, fg, bg) ((uint32_t)(code) | (uint32_t)(fg) << 16 | (uint32_t)(bg) << 20)
#define CELL_CODE(cell)    ((cell)&0xffff)
#define CELL_FG(cell)      ((cell) >> 16 & 15)
#define CELL_BG(cell)      ((cell) >> 20 & 15)
#define CELL_UNKNOWN       0xfffd /* in place of what is no text, or above ffff */

struct terminal {
    unsigned cols, rows, top; /* rows above `top` belong to somebody else */
    unsigned x, y;            /* x == cols: the next character begins a new line */
    unsigned above, below;    /* rows next to `top`, and last ones, that do not scroll */
    uint32_t *cells;
    bool cursor_hidden;
    bool dirty[TERMINAL_ROWS]; /* set here, cleared by who draws */

    struct terminal_style {
        uint8_t fg, bg;
        bool bold, inverse;
    } style, kept_style;
    unsigned kept_x, kept_y; /* by ESC 7; y less `top` */

    uint32_t code; /* a character of several bytes, on its way */
    unsigned more; /* how many bytes of it are still to come */
    uint32_t least;
    uint8_t state; /* outside, behind ESC, behind ESC [ */
    bool private;
    unsigned nparams;
    unsigned params[TERMINAL_PARAMS];
};

/* An empty screen over cols * rows cells, at most TERMINAL_COLS and TERMINAL_ROWS of them. */
void terminal_init(struct terminal *t, uint32_t *cells, unsigned cols, unsigned rows);

void terminal_write(struct terminal *t, const char *s, size_t n);

/* Leaves the first `rows` rows alone from now on, at least one row less than there are; 0: none,
 * and what they show is erased. */
void terminal_reserve(struct terminal *t, unsigned rows);
