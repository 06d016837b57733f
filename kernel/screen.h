/* SPDX-License-Identifier: MIT */
/*
 * screen.h -- the screen shows what the console is told, and lends its upper part to who wants to
 * draw there with framebuffer.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct framebuffer;

/* Boot core, once memory is managed: pixels, else VGA's text mode. False: neither. */
bool screen_init(const struct framebuffer *fb);

/* Of characters. */
unsigned screen_columns(void);

/* Takes the text in; nothing is drawn yet. Interrupts off; looks: how often the lock is tried
 * before the text is given up. */
void screen_write(const char *s, size_t n, int looks);

/* After screen_write, interrupts as they were: draws what is due, if this is the place to do so. */
void screen_refresh(void);

/* In an idle core before it halts, interrupts off: draws one row; true when there may be more. */
bool screen_draw_some(void);

/* In an interrupt of a busy core: draws a few rows if nothing has been drawn for a while. */
void screen_tick(void);

/* Draws all, at once, and takes back what was lent: before the power goes, and in a panic. */
void screen_draw_all(void);

/* Lends the upper `height` pixels, or takes them back (0); the console goes on below. In a
 * goroutine. False: no pixels. */
bool screen_reserve(unsigned height);
