/* SPDX-License-Identifier: MIT */
/*
 * input.h -- what has been typed or sent: collected line by line, then kept until it is read.
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

/* Where the bytes come from, and with that who edits the line. */
enum input_source {
    INPUT_PIPE,     /* a program: a line as the bytes say */
    INPUT_TERMINAL, /* somebody who sees what he types (kernel/lineedit.h) */
};

/* First, and when one of these is another. Where echo goes, some hundred bytes a call: all of it,
 * or none, and false; and how many columns the terminals have at least. */
void input_init(bool (*echo_to)(const char *s, size_t n), unsigned columns);

/* From now on each byte is a line of its own, without a newline and not echoed; or no longer. What
 * has been typed of a line is discarded. */
void input_set_raw(bool raw);

bool input_has_room(enum input_source source);

/* Only while there is room. True: it was ^C, which has discarded the line. */
bool input_byte(enum input_source source, uint8_t byte);

/* Once all that has come is in: the terminal shows it. Again when it takes more than before. */
void input_show(void);
bool input_show_due(void);

/* The terminal has been sent this besides. */
void input_wrote(const char *s, size_t n);

/* Changes whenever a line has been completed, or input has ended. */
uint32_t input_lines(void);

/* The next line with its newline, at most n bytes of it; or INPUT_EOF, INPUT_NOTHING. */
long input_take(char *buf, size_t n);
