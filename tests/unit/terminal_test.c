/* SPDX-License-Identifier: MIT */
/*
 * terminal_test.c -- what text and escape sequences leave on the screen; links drivers/terminal.c.
 */
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "terminal.h"

enum { COLS = 10, ROWS = 4 };

static uint32_t cells[COLS * ROWS];
static struct terminal t;

static void
write_text(const char *s)
{
    terminal_write(&t, s, strlen(s));
}

static void
begin(const char *s)
{
    terminal_init(&t, cells, COLS, ROWS);
    write_text(s);
}

/* A row in Latin-1 without the blanks at its end; what is beyond Latin-1 shows as #, U+FFFD as ?.
 * */
static const char *
row(unsigned y)
{
    static char text[COLS + 1];
    unsigned n = 0;

    for (unsigned x = 0; x < COLS; x++) {
        unsigned code = CELL_CODE(cells[y * COLS + x]);

        text[x] = code == CELL_UNKNOWN ? '?' : code > 0xff ? '#' : (char)code;
        n = code != ' ' ? x + 1 : n;
    }
    text[n] = '\0';
    return text;
}

TEST(terminal_writes_lines)
{
    begin("ab\ncd\tx\re\b\bf");
    CHECK_STREQ(row(0), "ab");
    CHECK_STREQ(row(1), "fd      x");
    CHECK_EQ(t.x, 1);
    CHECK_EQ(t.y, 1);
}

TEST(terminal_wraps_late_and_scrolls)
{
    begin("0123456789");
    CHECK_EQ(t.y, 0);
    write_text("a\nb\nc\nd");
    CHECK_STREQ(row(0), "a");
    CHECK_STREQ(row(3), "d");
    begin("0123456789\nx");
    CHECK_STREQ(row(1), "x");
}

TEST(terminal_decodes_utf8)
{
    begin("\xc3\xa4\xe2\x94\x80\xf0\x9f\x98\x80|");
    CHECK_EQ(CELL_CODE(cells[0]), 0xe4);
    CHECK_EQ(CELL_CODE(cells[1]), 0x2500);
    CHECK_EQ(CELL_CODE(cells[2]), CELL_UNKNOWN); /* above ffff */
    CHECK_EQ(CELL_CODE(cells[3]), '|');
}

TEST(terminal_shows_what_is_no_utf8)
{
    begin("\x80" "a\xc3" "b\xe2\x94" "c\xff");
    CHECK_STREQ(row(0), "?a?b?c?");
    begin("\xc0\xaf\xe0\x80\x80\xed\xa0\x80."); /* too long, too long, a surrogate */
    CHECK_STREQ(row(0), "????.");
}

TEST(terminal_decodes_bytes_that_come_one_by_one)
{
    const char *s = "\033[31m\xe2\x96\x88";

    begin("");
    for (; *s != '\0'; s++) {
        terminal_write(&t, s, 1);
    }
    CHECK_EQ(cells[0], CELL(0x2588, 1, 0));
}

TEST(terminal_has_colours)
{
    begin("\033[31;44mA\033[1mB\033[22;7mC\033[0mD\033[95;102mE\033[39;49mF\033[mG");
    CHECK_EQ(cells[0], CELL('A', 1, 4));
    CHECK_EQ(cells[1], CELL('B', 9, 4));
    CHECK_EQ(cells[2], CELL('C', 4, 1));
    CHECK_EQ(cells[3], CELL('D', 7, 0));
    CHECK_EQ(cells[4], CELL('E', 13, 10));
    CHECK_EQ(cells[5], CELL('F', 7, 0));
    CHECK_EQ(cells[6], CELL('G', 7, 0));
}

TEST(terminal_skips_colours_it_has_not)
{
    begin("\033[38;5;9mA\033[38;5;200;4mB");
    CHECK_EQ(cells[0], CELL('A', 9, 0));
    CHECK_EQ(cells[1], CELL('B', 9, 0));
}

TEST(terminal_moves_the_cursor)
{
    begin("\033[3;4Hx\033[Ay\033[2Dz\033[2Bw\033[99;99HE\033[1;1H\033[9Dq\033[3C+");
    CHECK_STREQ(row(2), "   x");
    CHECK_STREQ(row(1), "   zy");
    CHECK_STREQ(row(3), "    w    E");
    CHECK_STREQ(row(0), "q   +");
    write_text("\033[9A\033[5Gg\033[H^");
    CHECK_STREQ(row(0), "^   g");
}

TEST(terminal_erases)
{
    begin("aaaa\nbbbb\ncccc\033[2;3H\033[K");
    CHECK_STREQ(row(1), "bb");
    write_text("\033[1J");
    CHECK_STREQ(row(0), "");
    CHECK_STREQ(row(1), "");
    CHECK_STREQ(row(2), "cccc");
    write_text("x\033[J");
    CHECK_STREQ(row(1), "  x");
    CHECK_STREQ(row(2), "");
    write_text("\033[2Jy");
    CHECK_STREQ(row(1), "   y"); /* the cursor stays where it is */
}

TEST(terminal_skips_what_it_does_not_know)
{
    begin("a\033[5;6rb\033(c\033]0;title\007d\033[?25le\033[>1zf\033[12\ng");
    CHECK_STREQ(row(0), "abcdef"); /* ESC ( takes one byte more on other terminals: c is shown */
    CHECK_STREQ(row(1), "g");
    CHECK(t.cursor_hidden);
    write_text("\033[?25h");
    CHECK(!t.cursor_hidden);
}

TEST(terminal_survives_many_parameters)
{
    begin("\033[1;2;3;4;5;6;7;8;9;10;11;99999999999999999999;H!");
    CHECK_EQ(t.y, 0);
    CHECK_EQ(CELL_CODE(cells[1]), '!');
}

TEST(terminal_leaves_reserved_rows_alone)
{
    begin("keep\nkeep");
    terminal_reserve(&t, 2);
    CHECK_EQ(t.y, 2);
    write_text("a\nb\nc\nd\033[9A^\033[1;1Hh\033[1J");
    CHECK_STREQ(row(0), "keep");
    CHECK_STREQ(row(1), "keep");
    CHECK_STREQ(row(2), "");
    write_text("\033[2J");
    CHECK_STREQ(row(1), "keep");
    terminal_reserve(&t, 99);
    CHECK_EQ(t.y, ROWS - 1);
    terminal_reserve(&t, 0);
    CHECK_STREQ(row(0), "");
    CHECK_STREQ(row(1), "");
}

/* What has changed is dirty, or nobody would draw it. */
TEST(terminal_marks_every_change)
{
    static const char *const pieces[] = {
        "a", "\n", "\xc3\xa4", "\033[2J", "\033[H", "\033[2;5H", "\033[K", "\033[1J",
        "\033[7m", "word", "\033[A", "\033[31m", "\b", "\t", "\r", "\033[", "5", "C",
        "\033[0m", "\xe2", "0123456789abc",
    };
    uint32_t before[COLS * ROWS];

    begin("");
    srand(1);
    for (int i = 0; i < 20000; i++) {
        unsigned y = t.y, x = t.x;

        memcpy(before, cells, sizeof before);
        memset(t.dirty, 0, sizeof t.dirty);
        if (i % 500 == 0) {
            terminal_reserve(&t, (unsigned)rand() % 5);
        }
        write_text(pieces[(unsigned)rand() % (sizeof pieces / sizeof pieces[0])]);
        CHECK(t.y >= t.top && t.y < ROWS && t.x <= COLS);
        CHECK((y == t.y && x == t.x) || (t.dirty[t.y] && (t.dirty[y] || y < t.top)));
        for (unsigned r = 0; r < ROWS; r++) {
            if (memcmp(&before[r * COLS], &cells[r * COLS], COLS * sizeof *cells) != 0) {
                CHECK(t.dirty[r]);
            }
        }
    }
}

TEST(terminal_survives_noise)
{
    begin("");
    srand(2);
    for (int i = 0; i < 300000; i++) {
        static const char likely[] = "\033\033[[;;0123456789HJKmrABCD?\n";
        char c = rand() % 2 ? (char)rand() : likely[(unsigned)rand() % (sizeof likely - 1)];

        terminal_write(&t, &c, 1);
        CHECK(t.y >= t.top && t.y < ROWS && t.x <= COLS);
    }
    write_text("\n\033[m\033[2J\033[HX");
    CHECK_STREQ(row(0), "X");
}

TEST(terminal_scrolls_between_margins)
{
    begin("head\n\033[2;3r\033[2;1Ha\nb\nc\nd");
    CHECK_STREQ(row(0), "head");
    CHECK_STREQ(row(1), "c");
    CHECK_STREQ(row(2), "d");
    CHECK_STREQ(row(3), "");
    write_text("\033[4;1Hend\n\033[r");
    CHECK_STREQ(row(3), "end");
    CHECK_STREQ(row(0), "head");
    write_text("\033[4;1H\nlast");
    CHECK_STREQ(row(0), "c");
    CHECK_STREQ(row(3), "last");
}

TEST(terminal_goes_back_where_it_was)
{
    begin("ab\033[31m\0337\033[0m\033[4;4Hx\0338c");
    CHECK_STREQ(row(0), "abc");
    CHECK_STREQ(row(3), "   x");
    CHECK_EQ(CELL_FG(cells[2]), 1);
    CHECK_EQ(CELL_FG(cells[3 * COLS + 3]), 7);
}

static const struct test tests[] = {
    TEST_ENTRY(terminal_writes_lines),
    TEST_ENTRY(terminal_wraps_late_and_scrolls),
    TEST_ENTRY(terminal_decodes_utf8),
    TEST_ENTRY(terminal_shows_what_is_no_utf8),
    TEST_ENTRY(terminal_decodes_bytes_that_come_one_by_one),
    TEST_ENTRY(terminal_has_colours),
    TEST_ENTRY(terminal_skips_colours_it_has_not),
    TEST_ENTRY(terminal_moves_the_cursor),
    TEST_ENTRY(terminal_erases),
    TEST_ENTRY(terminal_skips_what_it_does_not_know),
    TEST_ENTRY(terminal_survives_many_parameters),
    TEST_ENTRY(terminal_leaves_reserved_rows_alone),
    TEST_ENTRY(terminal_marks_every_change),
    TEST_ENTRY(terminal_survives_noise),
    TEST_ENTRY(terminal_scrolls_between_margins),
    TEST_ENTRY(terminal_goes_back_where_it_was),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
