/* SPDX-License-Identifier: MIT */
/*
 * lineedit_test.c -- keys, and what a terminal then shows; links kernel/lineedit.c.
 */
#include "lineedit_rig.h"

/* A string's bytes as keys; Enter leaves the line in `line`. */
static char line[LINETEXT_SIZE + 1];

static enum lineedit_event
press(const char *keys)
{
    enum lineedit_event event = LINEEDIT_MORE;

    for (; *keys != '\0'; keys++) {
        event = lineedit_key(&e, (uint8_t)*keys);
        if (event == LINEEDIT_LINE) {
            memcpy(line, e.line.bytes, e.line.len);
            line[e.line.len] = '\0';
            lineedit_drop(&e);
        }
    }
    lineedit_show(&e);
    return event;
}

/* The cursor's row in ASCII, the cursor as |, blanks at its end left out. */
static const char *
row(void)
{
    static char text[GLASS_COLS + 2];
    unsigned n = 0, end = 0;

    for (unsigned x = 0; x <= glass.cols; x++) {
        uint32_t c = x < glass.cols ? glass.cells[glass.y][x] : 0;

        if (x == glass.x) {
            text[n++] = '|';
            end = n;
        }
        text[n++] = (char)(c == 0 ? ' ' : c < 0x7f ? c : '#');
        end = c != 0 ? n : end;
    }
    text[end] = '\0';
    return text;
}

#define SHOWS(keys, wanted) (press(keys), CHECK_STREQ(row(), wanted))

TEST(lineedit_moves)
{
    begin("gamp> ");
    SHOWS("one two", "gamp> one two|");
    SHOWS("\033[D\033OD\002", "gamp> one |two");
    SHOWS("\033[C\006", "gamp> one tw|o");
    SHOWS("\001", "gamp> |one two");
    SHOWS("\033[D\002", "gamp> |one two");
    SHOWS("\005", "gamp> one two|");
    SHOWS("\033[C\006", "gamp> one two|");
    SHOWS("\033b", "gamp> one |two");
    SHOWS("\033[1;5D", "gamp> |one two");
    SHOWS("\033[1;3C", "gamp> one| two");
    SHOWS("\033f\033f", "gamp> one two|");
}

TEST(lineedit_knows_every_home_and_end)
{
    static const char *const homes[] = { "\033[H", "\033OH", "\033[1~", "\033[7~", "\001" };
    static const char *const ends[] = { "\033[F", "\033OF", "\033[4~", "\033[8~", "\005" };

    begin("> ");
    press("word");
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
        SHOWS(homes[i], "> |word");
        SHOWS(ends[i], "> word|");
    }
}

TEST(lineedit_inserts_and_deletes)
{
    begin("> ");
    SHOWS("ac\033[Db", "> ab|c");
    SHOWS("\x7f", "> a|c");
    SHOWS("\b\b", "> |c");
    SHOWS("xyz\001\033[3~", "> |yzc");
    SHOWS("\004", "> |zc");
    SHOWS("\005\004\033[3~", "> zc|");
    SHOWS("\x7f\x7f\x7f\x7f", "> |");
}

TEST(lineedit_takes_out_and_puts_back)
{
    begin("> ");
    SHOWS("one two three\033b\027", "> one |three");
    SHOWS("\005 \031", "> one three two |");
    SHOWS("\025", "> |");
    SHOWS("\031\031", "> one three two one three two |");
    SHOWS("\001\033f\013", "> one|");
    SHOWS("\013", "> one|");
    SHOWS("\031", "> one three two one three two |");
}

TEST(lineedit_swaps)
{
    begin("> ");
    SHOWS("\024a\024", "> a|");
    SHOWS("b\024", "> ba|");
    SHOWS("\001\024", "> |ba");
    SHOWS("c\006\024", "> cab|");
    SHOWS("\xc3\xa4\002\024", "> ca#b|");
}

TEST(lineedit_ignores_other_keys)
{
    begin("> ");
    SHOWS("a\033[5~\033[15~\033[[Ab\033Oq\033[Z\033[200~c\032\034\033x", "> abc|");
    SHOWS("\033[1\x7f", "> ab|"); /* a control ends a sequence */
    SHOWS("\033\033[D", "> a|b");
}

TEST(lineedit_hands_over_lines)
{
    begin("> ");
    CHECK_EQ(press("a\xc3\xa4 \t b\033[D\r"), LINEEDIT_LINE);
    CHECK_STREQ(line, "a\xc3\xa4 \t b");
    CHECK_EQ(glass.x, 0);
    CHECK_EQ(glass.y, 1);
    CHECK_EQ(press("\n"), LINEEDIT_LINE);
    CHECK_STREQ(line, "");
    CHECK_EQ(press("\004"), LINEEDIT_END);
    say("> ");
    CHECK_EQ(press("abc\033[D\033[D\003"), LINEEDIT_BREAK);
    CHECK_EQ(glass.cells[2][5], '^');
    CHECK_EQ(glass.x, 0);
    SHOWS("d", "d|");
}

TEST(lineedit_recalls_lines)
{
    begin("> ");
    press("one\r");
    press("two\r");
    press("two\r");
    press("\r");
    say("> ");
    SHOWS("thr", "> thr|");
    SHOWS("\033[A", "> two|");
    SHOWS("\020", "> one|");
    SHOWS("\033[A", "> one|");
    SHOWS("\033OB", "> two|");
    SHOWS("x\033[B", "> thr|");
    SHOWS("\016\033[B", "> thr|");
    SHOWS("\033[A", "> two|"); /* as it was typed then */
    press("!\r");
    CHECK_STREQ(line, "two!");
    SHOWS("\033[A\033[A\033[A", "one|");
}

TEST(lineedit_keeps_so_many_lines)
{
    char text[32];

    for (int lines = LINEEDIT_HISTORY; lines < 4 * LINEEDIT_HISTORY; lines++) {
        begin("");
        for (int i = 1; i <= lines; i++) {
            snprintf(text, sizeof text, "line %d\r", i);
            press(text);
        }
        for (int i = 0; i < 2 * LINEEDIT_HISTORY; i++) {
            press("\033[A");
        }
        snprintf(text, sizeof text, "line %d|", lines - LINEEDIT_HISTORY + 1);
        CHECK_STREQ(row(), text);
    }
}

TEST(lineedit_has_characters_of_several_bytes)
{
    begin("> ");
    SHOWS("\xc3\xa4\xe2\x82\xac\xe4\xb8\xad\xf0\x9f\x98\x80|e\xcc\x81", "> ##??|e?|");
    SHOWS("\001\033[C\033[C\x7f\x7f\033[3~", "> |?|e?");
    press("\r");
    CHECK_STREQ(line, "\xf0\x9f\x98\x80|e\xcc\x81");
    press("a\xc3"
          "b\x80"
          "c\xe2\x82"
          "d\xc0\xaf\xe0\x80\x80\xf0\x80\x80\x80\xed\xa0\x80\xf4\x90\x80\x80\xff"
          "e\r");
    CHECK_STREQ(line, "abcde"); /* what is no UTF-8 is dropped */
}

TEST(lineedit_shows_part_of_a_long_line)
{
    begin("> ");
    for (int i = 0; i < 300; i++) {
        press((char[]){ (char)('a' + i % 26), '\0' });
        CHECK_EQ(glass.y, 0);
        CHECK(glass.x < WIDTH);
    }
    CHECK_EQ(glass.cells[0][0], '>');
    CHECK_EQ(glass.cells[0][2], '<');
    press("\001");
    CHECK_EQ(glass.x, 2);
    CHECK_EQ(glass.cells[0][2], 'a');
    CHECK_EQ(glass.cells[0][WIDTH - 2], '>');
    CHECK_EQ(glass.cells[0][WIDTH - 1], 0);
    for (int i = 0; i < 200; i++) {
        press("01234567");
    }
    press("\r");
    CHECK_EQ(strlen(line), LINETEXT_SIZE);
}

/* All of the widest row changes, in characters of three bytes, and the cursor goes through it. */
TEST(lineedit_has_room_for_the_largest_change)
{
    begin("");
    glass_clear(GLASS_COLS);
    e.width = GLASS_COLS;
    for (int i = 0; i < LINETEXT_SIZE / 3; i++) {
        press(i < LINESHOW_CELLS ? "\xe2\x82\xac" : "\xe2\x86\x92");
    }
    press("\001");
    CHECK_EQ(glass.x, 0);
    CHECK_EQ(glass.cells[0][0], 0x20ac);
    CHECK_EQ(glass.cells[0][LINESHOW_CELLS - 1], '>');
    press("\005");
    CHECK_EQ(glass.cells[0][0], '<');
    CHECK_EQ(glass.cells[0][1], 0x2192);
}

TEST(lineedit_begins_again_behind_what_others_write)
{
    begin("> ");
    press("abc\033[D");
    say("\nnews\n");
    SHOWS("x", "abx|c");
    CHECK_EQ(glass.y, 3 - 1);
    say("... ");
    SHOWS("\005", "abx... abxc|");
    say("0123456789012345678901234567890123456789012345678901234567890123456789");
    SHOWS("d", "abxcd|"); /* no room: in the next row */
    lineedit_wrote(&e, "\n\033[1;31mred\033[0m\t.\b", 18);
    CHECK_EQ(e.column, 8);
}

TEST(lineedit_catches_up_with_a_slow_terminal)
{
    begin("> ");
    press("abc");
    full = true;
    press("def\033[D\033[D\x7f");
    CHECK(e.behind);
    CHECK_STREQ(row(), "> abc|");
    full = false;
    lineedit_show(&e);
    CHECK(!e.behind);
    CHECK_STREQ(row(), "> abc|ef");
}

static const struct test tests[] = {
    TEST_ENTRY(lineedit_moves),
    TEST_ENTRY(lineedit_knows_every_home_and_end),
    TEST_ENTRY(lineedit_inserts_and_deletes),
    TEST_ENTRY(lineedit_takes_out_and_puts_back),
    TEST_ENTRY(lineedit_swaps),
    TEST_ENTRY(lineedit_ignores_other_keys),
    TEST_ENTRY(lineedit_hands_over_lines),
    TEST_ENTRY(lineedit_recalls_lines),
    TEST_ENTRY(lineedit_keeps_so_many_lines),
    TEST_ENTRY(lineedit_has_characters_of_several_bytes),
    TEST_ENTRY(lineedit_shows_part_of_a_long_line),
    TEST_ENTRY(lineedit_has_room_for_the_largest_change),
    TEST_ENTRY(lineedit_begins_again_behind_what_others_write),
    TEST_ENTRY(lineedit_catches_up_with_a_slow_terminal),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
