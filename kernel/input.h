/* SPDX-License-Identifier: MIT */
/*
 * input.h -- what has been typed: edited line by line, then kept until it is read.
 *
 * Everything here is called under the console's lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INPUT_EOF = -1,     /* ^D on an empty line */
    INPUT_NOTHING = -2, /* no complete line yet */
};

/* Where echo goes, at most a few bytes a call. */
extern void (*input_echo)(const char *s, size_t n);

/* From now on each byte is a line of its own, without a newline and not echoed; or no longer. What
 * has been typed of a line is discarded. */
void input_set_raw(bool raw);

bool input_has_room(void);

/* Only while there is room. True: it was ^C, which has discarded the line. */
bool input_byte(uint8_t byte);

/* Changes whenever a line has been completed, or input has ended. */
uint32_t input_lines(void);

/* The next line with its newline, at most n bytes of it; or INPUT_EOF, INPUT_NOTHING. */
long input_take(char *buf, size_t n);
