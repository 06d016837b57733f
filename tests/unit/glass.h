/* SPDX-License-Identifier: MIT */
/*
 * glass.h -- a terminal as simple as they come: characters, \b, \r and \n, as wide as one likes.
 *
 * Form         The including file defines DEMAND(condition, format, ...).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { GLASS_ROWS = 6, GLASS_COLS = 200 };

static struct {
    unsigned cols, x, y; /* x == cols: the row is full */
    uint32_t cells[GLASS_ROWS][GLASS_COLS];
    uint32_t code;
    unsigned more;
} glass;

static inline void
glass_clear(unsigned cols)
{
    memset(&glass, 0, sizeof glass);
    glass.cols = cols;
}

static inline void
glass_line_feed(void)
{
    glass.x = 0;
    if (++glass.y == GLASS_ROWS) {
        glass.y--;
        memmove(glass.cells[0], glass.cells[1], sizeof glass.cells - sizeof glass.cells[0]);
        memset(glass.cells[glass.y], 0, sizeof glass.cells[0]);
    }
}

static inline void
glass_put(uint32_t code)
{
    if (glass.x == glass.cols) {
        glass_line_feed();
    }
    glass.cells[glass.y][glass.x++] = code == ' ' ? 0 : code;
}

static inline void
glass_write(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)s[i];

        if (byte >= 0xc0) {
            glass.more = byte >= 0xe0 ? 2 : 1;
            glass.code = byte & (byte >= 0xe0 ? 0x0f : 0x1f);
        } else if (byte >= 0x80) {
            DEMAND(glass.more > 0, "byte %x is out of place", byte);
            glass.code = glass.code << 6 | (byte & 0x3f);
            if (--glass.more == 0) {
                glass_put(glass.code);
            }
        } else if (byte >= ' ' && byte < 0x7f) {
            glass_put(byte);
        } else if (byte == '\n') {
            glass_line_feed();
        } else if (byte == '\r') {
            glass.x = 0;
        } else {
            DEMAND(byte == '\b', "byte %x is for no simple terminal", byte);
            glass.x = glass.x == glass.cols ? glass.x - 1 : glass.x;
            glass.x -= glass.x > 0;
        }
    }
}
