/* SPDX-License-Identifier: MIT */
/*
 * lineshow.h -- part of a row of a terminal: what it shows, and the bytes that make it show more.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    LINESHOW_CELLS = 128,               /* no more of a row is used */
    LINESHOW_TEXT = 5 * LINESHOW_CELLS, /* a change: to the left, three bytes a cell, and back */
};

struct lineshow {
    uint32_t cells[LINESHOW_CELLS]; /* a character each, of one column */
    unsigned n, at;                 /* how many there are; where the cursor is: at <= n */
};

/* What stands for a character: itself, if all terminals give it one column, else a ?. */
uint32_t lineshow_glyph(uint32_t code);

/* The bytes that make a terminal which shows `from` show `to`; the answer is how many. */
size_t lineshow_change(const struct lineshow *from, const struct lineshow *to, char *text);

/* Where the cursor of a terminal at least that wide is after this text, if it was in `column`
 * before: at this column or left of it; `width`: anywhere. */
unsigned lineshow_column(unsigned column, unsigned width, const char *s, size_t n);
