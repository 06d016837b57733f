/* SPDX-License-Identifier: MIT */
/*
 * framebuffer.h -- pixels in memory: rectangles and letters in any colour.
 *
 * Coordinates are pixels from the upper left corner; what lies outside the screen is left out.
 * Colours are 0xrrggbb. No locks: who draws where is settled by kernel/screen.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct framebuffer;

/* Boot core, once memory is managed. False: not RGB with 15 to 32 bits a pixel, or not mapped. */
bool framebuffer_init(const struct framebuffer *info);

/* False where there is none; then the calls below do nothing. */
bool framebuffer_size(unsigned *width, unsigned *height);

/* How many times their size letters are drawn: 2 on screens of 2560 pixels and more, else 1. */
unsigned framebuffer_scale(void);

void framebuffer_fill(unsigned x, unsigned y, unsigned w, unsigned h, uint32_t colour);

/* A letter of 8 x 16, scaled; one that the font has not shows as U+FFFD. */
void framebuffer_letter(unsigned x, unsigned y, uint32_t code, uint32_t fg, uint32_t bg);

/* A line of UTF-8; the answer is the x behind it. */
unsigned framebuffer_text(unsigned x, unsigned y, const char *s, uint32_t fg, uint32_t bg);
