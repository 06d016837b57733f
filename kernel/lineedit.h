/* SPDX-License-Identifier: MIT */
/*
 * lineedit.h -- the line that somebody types at a terminal: keys in, what the terminal is to show
 * out, and the lines before.
 *
 *     Left Right, ^B ^F     a character back, on     Backspace, ^H   deletes the one before
 *     Ctrl-Left -Right,     a word                   Delete, ^D      and the one under the cursor
 *       ESC b, ESC f                                 ^W ^U ^K        the word before, all before,
 *     Home End, ^A ^E       begin and end                            all behind
 *     Up Down, ^P ^N        the lines before         ^Y ^T           what these took; swaps two
 *
 * Nothing here allocates or waits; a key costs a few moves of a line at most. A line of UTF-8.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lineshow.h"
#include "linetext.h"

enum {
    LINEEDIT_HISTORY = 32,  /* lines before */
    LINEEDIT_SHORTEST = 20, /* of a row, that the line has; else it begins a new one */
};

enum lineedit_event {
    LINEEDIT_MORE,
    LINEEDIT_LINE,  /* it is complete: to be taken, then dropped */
    LINEEDIT_END,   /* ^D on an empty line */
    LINEEDIT_BREAK, /* ^C: the line is gone */
};

/* All zero at first. Good at any instant: whoever fills it may be stopped for ever. */
struct linehistory {
    struct linetext before[LINEEDIT_HISTORY + 1]; /* the next one's place belongs to none */
    unsigned lines;                               /* how many there were */
};

/* All zero at first, but for the first group. */
struct lineedit {
    /* constant */
    bool (*write)(const char *s, size_t n); /* all of it; or none of it, and false */
    struct linehistory *history;
    unsigned width; /* columns that every terminal has */

    struct linetext line, taken;

    struct linetext below; /* what was typed before ^P */
    unsigned back;         /* how far back this line is; 0: the one below */

    uint8_t state, param, modifier; /* within a sequence */
    uint8_t pending, part[4];       /* within a character */

    struct lineshow shown;
    unsigned origin; /* the column where it begins */
    unsigned column; /* where others have left the cursor, with moved */
    bool moved;
    bool behind;    /* the terminal took no more: lineedit_show is due */
    unsigned first; /* the first character shown, or that for which < stands */
};

/* The terminal shows the line only after lineedit_show, but for its end. */
enum lineedit_event lineedit_key(struct lineedit *e, uint8_t byte);
void lineedit_show(struct lineedit *e);

/* The terminal has been sent this by somebody else. */
void lineedit_wrote(struct lineedit *e, const char *s, size_t n);

/* Forgets the line, not those before. */
void lineedit_drop(struct lineedit *e);
