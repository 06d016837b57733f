/* SPDX-License-Identifier: MIT */
/*
 * font.h -- the letters of the screen; the table is made from font.txt by tools/font.awk.
 */
#pragma once

#include <stdint.h>

enum { FONT_WIDTH = 8, FONT_HEIGHT = 16 };

struct glyph {
    uint16_t code;
    uint8_t rows[FONT_HEIGHT]; /* the leftmost pixel is the highest bit */
};

/* In the order of their codes. */
extern const struct glyph font_glyphs[];
extern const unsigned font_count;
