/* SPDX-License-Identifier: MIT */
/*
 * lineedit_random_test.c -- random keys, and others that write: what the terminal shows after each
 * is held to a simple editor; links kernel/lineedit.c.
 */
#include "lineedit_rig.h"

static const char *const keys[] = {
    "a",
    "b",
    " ",
    "word ",
    "\t",
    "\xc3\xa4",
    "\xe2\x82\xac",
    "\xe4\xb8\xad",
    "\xf0\x9f\x98\x80",
    "\xc3",
    "\x80",
    "\xff",
    "\033[A",
    "\033[B",
    "\033[C",
    "\033[D",
    "\033[H",
    "\033[F",
    "\033OA",
    "\033OB",
    "\033OC",
    "\033OD",
    "\033OH",
    "\033OF",
    "\033[1~",
    "\033[3~",
    "\033[4~",
    "\033[7~",
    "\033[8~",
    "\033[5~",
    "\033[1;5C",
    "\033[1;5D",
    "\033b",
    "\033f",
    "\033",
    "[",
    "\001",
    "\002",
    "\004",
    "\005",
    "\006",
    "\b",
    "\x7f",
    "\013",
    "\016",
    "\020",
    "\024",
    "\025",
    "\027",
    "\031",
    "\r",
    "\n",
    "\003",
    "0123456789",
    "some text of several words that is rather long ",
};

static void
check_text(void)
{
    char wanted[LINETEXT_SIZE];
    size_t n = edit_bytes(&edit.line, wanted);

    DEMAND(n == e.line.len && memcmp(wanted, e.line.bytes, n) == 0, "the line is another");
}

static unsigned origin;           /* the column where the line must begin */
static uint32_t left[GLASS_COLS]; /* what is to be left alone */

static void
line_begins(unsigned column)
{
    origin = column;
    memcpy(left, glass.cells[glass.y], origin * sizeof *left);
}

static void
check_terminal(void)
{
    lineedit_show(&e);
    edit_check(origin, e.width);
    DEMAND(memcmp(left, glass.cells[glass.y], origin * sizeof *left) == 0, "the prompt is gone");
}

/* One key, byte by byte, often with a look at the terminal. */
static void
press_both(const char *key)
{
    for (; *key != '\0'; key++) {
        memmove(typed, typed + 1, sizeof typed - 1);
        typed[sizeof typed - 1] = *key;
        enum lineedit_event event = lineedit_key(&e, (uint8_t)*key),
                            wanted = edit_key((uint8_t)*key);

        DEMAND(event == wanted, "event %d, not %d", event, wanted);
        if (event == LINEEDIT_BREAK) {
            edit_drop();
        }
        check_text();
        if (event == LINEEDIT_LINE) {
            lineedit_drop(&e);
            edit_drop();
        }
        if (event == LINEEDIT_LINE || event == LINEEDIT_BREAK) {
            DEMAND(glass.x == 0, "the row goes on after the line");
            if (rand() % 2) {
                say("> ");
            }
            line_begins(glass.x);
        }
        if (rand() % 4) {
            check_terminal();
        }
    }
}

static void
others(void)
{
    static const char *const texts[] = {
        "\n", "text", "\ntext", "text\n", "\b", "\r", "some more of it, some forty columns long   ",
    };

    say(texts[(unsigned)rand() % (sizeof texts / sizeof texts[0])]);
    if (edit.line.n == 0) {
        say("\n");
    }
    if (edit.line.n > 0 && e.column + LINEEDIT_SHORTEST >= e.width) {
        unsigned y = glass.y;

        lineedit_show(&e);
        DEMAND(glass.y == y + 1 || y == GLASS_ROWS - 1, "no new row");
        origin = 0;
    } else { /* what stands behind would be mistaken for the line */
        memset(&glass.cells[glass.y][glass.x], 0, (glass.cols - glass.x) * sizeof *left);
        line_begins(glass.x);
    }
}

TEST(lineedit_shows_the_line_after_every_key)
{
    for (unsigned seed = 1; seed <= 400 && !bad; seed++) {
        srand(seed);
        begin("");
        e.width = 40 + (unsigned)rand() % (GLASS_COLS - 40); /* or wider */
        glass_clear(e.width + (unsigned)rand() % (GLASS_COLS - e.width));
        say("gamp> ");
        line_begins(6);
        for (int i = 0; i < 500 && !bad; i++) {
            if (rand() % 64 == 0) {
                others();
            }
            press_both(keys[(unsigned)rand() % (sizeof keys / sizeof keys[0])]);
            check_terminal();
        }
        if (bad) {
            printf("# seed %u\n", seed);
        }
    }
}

static const struct test tests[] = {
    TEST_ENTRY(lineedit_shows_the_line_after_every_key),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
