/* SPDX-License-Identifier: MIT */
/*
 * linetext.h -- a line of UTF-8 with a cursor in it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { LINETEXT_SIZE = 1024 };

struct linetext {
    unsigned len, at;
    char bytes[LINETEXT_SIZE];
};

void linetext_copy(struct linetext *to, const struct linetext *from);

/* The cursor apart. */
bool linetext_equal(const struct linetext *a, const struct linetext *b);

/* How many bytes a character has, by its first one; 0: none begins so. */
unsigned linetext_length(uint8_t byte);
uint32_t linetext_decode(const char *s);

/* Where the character at `at` ends, and where that before it begins. */
unsigned linetext_next(const struct linetext *l, unsigned at);
unsigned linetext_previous(const struct linetext *l, unsigned at);

/* Seen from the cursor: where the word before begins, and where that behind ends. */
unsigned linetext_word_before(const struct linetext *l);
unsigned linetext_word_behind(const struct linetext *l);

/* At the cursor, which goes on behind it; nothing where there is no room for it. */
void linetext_insert(struct linetext *l, const char *s, unsigned n);

/* The cursor is there then. */
void linetext_erase(struct linetext *l, unsigned from, unsigned to);

/* The character before the cursor changes places with that under it; at the end, the last two. */
void linetext_swap(struct linetext *l);
