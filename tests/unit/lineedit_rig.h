/* SPDX-License-Identifier: MIT */
/*
 * lineedit_rig.h -- kernel/lineedit.c at a terminal of glass; for its tests.
 */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

#define DEMAND(condition, ...) demand((condition), __LINE__, __VA_ARGS__)

static char typed[64]; /* the last keys, for the message */
static bool bad;

__attribute__((format(printf, 3, 4))) static void
demand(bool good, int line, const char *format, ...)
{
    if (!good && !bad) {
        va_list args;

        __builtin_va_start(args, format);
        printf("# line %d: ", line);
        vprintf(format, args);
        printf(", after");
        for (size_t i = 0; i < sizeof typed; i++) {
            printf(" %02x", (uint8_t)typed[i]);
        }
        printf("\n");
        __builtin_va_end(args);
        bad = true;
        CHECK(good);
    }
}

#include "edit_model.h"

enum { WIDTH = 80 };

static struct lineedit e;
static struct linehistory history;
static bool full; /* the terminal takes nothing */

static bool
write_glass(const char *s, size_t n)
{
    if (!full) {
        glass_write(s, n);
    }
    return !full;
}

/* Somebody else writes. */
static void
say(const char *s)
{
    glass_write(s, strlen(s));
    lineedit_wrote(&e, s, strlen(s));
}

static void
begin(const char *prompt)
{
    static const struct lineedit fresh = { .write = write_glass,
                                           .history = &history,
                                           .width = WIDTH };

    e = fresh;
    memset(&history, 0, sizeof history);
    full = bad = false;
    glass_clear(WIDTH);
    memset(&edit, 0, sizeof edit);
    say(prompt);
}
