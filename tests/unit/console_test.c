/* SPDX-License-Identifier: MIT */
/*
 * console_test.c -- the line discipline and the output ring, on a port that is a variable; links
 * kernel/console.c.
 */
#include <fake_uart.h>
#include <string.h>

#include "tap.h"

static char line[8192];
static unsigned interrupts;

/* The console has static state only: each test leaves its rings empty. */
static void
begin(bool echo)
{
    console_echo = echo;
    console_init();
    console_enable_interrupts();
}

static void
type(const char *text)
{
    fake_type(text, strlen(text));
}

/* Typed often enough to fill the input ring, and some. */
static void
type_many(char c, size_t n)
{
    memset(line, c, n);
    fake_type(line, n);
}

static long
read_line(size_t n)
{
    long got;

    memset(line, 0, sizeof line);
    got = console_try_readline(line, n);
    console_interrupt(); /* the port speaks up when it may */
    return got;
}

static void
count_interrupt(void)
{
    interrupts++;
}

TEST(console_edits_what_is_typed)
{
    begin(true);
    type("ab\x7f\xc3\xa4\bx\x15yz\x1b[Dw");
    CHECK_EQ(read_line(100), CONSOLE_NOTHING);
    type("\x1b[H.\r");
    CHECK_EQ(read_line(100), 5);
    CHECK_STREQ(line, ".ywz\n");
    CHECK_EQ(read_line(100), CONSOLE_NOTHING);
    fake.output[fake.sent] = 0;
    CHECK_STREQ((char *)fake.output, "ywz\b\b\b.ywz\b\b\b\r\n"); /* once a reading */
    type("\x1b[A\x1b[D!\r\004");
    CHECK_EQ(read_line(100), 6);
    CHECK_STREQ(line, ".yw!z\n");
    CHECK_EQ(read_line(100), CONSOLE_EOF);
}

TEST(console_leaves_what_is_piped_as_it_is)
{
    begin(false);
    type("ab\x7f\xc3\xa4\bx\x15yz\x1b[A\x1b[D\x1b[Hw\001\xff\x80\r\n\t.\n");
    CHECK_EQ(read_line(100), 6);
    CHECK_STREQ(line, "yzw\xff\x80\n");
    CHECK_EQ(read_line(100), 1);
    CHECK_EQ(read_line(100), 3);
    CHECK_EQ(fake.sent, 0);
}

TEST(console_shows_the_line_behind_other_output)
{
    begin(true);
    type("ab");
    console_write("\nnews\n> ", 8);
    type("c\r");
    CHECK_EQ(read_line(100), 4);
    fake.output[fake.sent] = 0;
    CHECK_STREQ((char *)fake.output, "ab\r\nnews\r\n> abc\r\n");
}

TEST(console_shows_the_line_when_there_is_room_again)
{
    static char much[17000];

    begin(true);
    fake_room(0);
    memset(much, '.', 16300);
    console_write(much, 16300);
    type("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    fake_room(16);
    fake_room(16);
    while (fake.sent < 16300 + 52 && fake.tx_told) {
        fake_room(16);
    }
    CHECK(memcmp(fake.output + fake.sent - 52, "abcdefghijklmnopqrstuvwxyzabc", 29) == 0);
    type("\r");
    CHECK_EQ(read_line(100), 53);
}

TEST(console_ends_lines_and_input_by_control_d)
{
    begin(false);
    type("abc\004\004abc\004def\n\004");
    CHECK_EQ(read_line(100), 3);
    CHECK_EQ(read_line(100), CONSOLE_EOF);
    /* A line that just fills the buffer: what follows it is not the end of input. */
    CHECK_EQ(read_line(3), 3);
    CHECK_STREQ(line, "abc");
    CHECK_EQ(read_line(4), 4);
    CHECK_STREQ(line, "def\n");
    CHECK_EQ(read_line(4), CONSOLE_EOF);
    CHECK_EQ(read_line(4), CONSOLE_NOTHING);
}

TEST(console_holds_back_what_has_no_room)
{
    begin(false);
    type_many('x', 5000);
    CHECK_EQ(fake.taken, 4096);
    CHECK_EQ(read_line(8000), 4096);
    CHECK_EQ(fake.taken, 5000);
    type("\n");
    CHECK_EQ(read_line(8000), 905);
}

TEST(console_goes_on_after_a_ring_of_ends)
{
    unsigned ends = 0;

    begin(false);
    type_many(4, 5000);
    while (read_line(100) == CONSOLE_EOF) {
        ends++;
    }
    CHECK_EQ(ends, 5000);
    type("still there\n");
    CHECK_EQ(read_line(100), 12);
    CHECK_STREQ(line, "still there\n");
}

TEST(console_hands_over_keys_as_they_come)
{
    begin(true);
    type("ab");
    console_set_raw(true);
    type("q");
    CHECK_EQ(read_line(100), 1);
    CHECK_STREQ(line, "q");
    type("\x7f\r");
    CHECK_EQ(read_line(1), 1);
    CHECK_EQ(line[0], 0x7f);
    CHECK_EQ(read_line(100), 1);
    console_set_raw(false);
    type("c\r");
    CHECK_EQ(read_line(100), 2);
    CHECK_STREQ(line, "c\n");
    fake.output[fake.sent] = 0;
    CHECK_STREQ((char *)fake.output, "abc\r\n");
}

TEST(console_tells_of_control_c_that_was_held_back)
{
    begin(true);
    interrupts = 0;
    console_interrupt_key = count_interrupt;
    type_many('\n', 4000); /* no room for a line more */
    type("y\003z\n");
    CHECK_EQ(interrupts, 0);
    for (int i = 0; i < 4000; i++) {
        CHECK_EQ(read_line(8000), 1);
    }
    CHECK_EQ(interrupts, 1);
    CHECK_EQ(read_line(100), 2);
    CHECK_STREQ(line, "z\n");
    begin(false); /* nobody types */
    type("y\003z\n");
    CHECK_EQ(interrupts, 1);
    CHECK_EQ(read_line(100), 2);
    console_interrupt_key = NULL;
}

TEST(console_keeps_output_until_the_port_takes_it)
{
    begin(false);
    fake_room(0);
    console_write("one\n", 4);
    console_write("two\n", 4);
    CHECK_EQ(fake.sent, 0);
    fake_room(3);
    CHECK_EQ(fake.sent, 8);
    CHECK(memcmp(fake.output, "one\ntwo\n", 8) == 0);
    CHECK_EQ(fake.wanted, UART_INT_RX);
}

static const struct test tests[] = {
    TEST_ENTRY(console_edits_what_is_typed),
    TEST_ENTRY(console_leaves_what_is_piped_as_it_is),
    TEST_ENTRY(console_shows_the_line_behind_other_output),
    TEST_ENTRY(console_shows_the_line_when_there_is_room_again),
    TEST_ENTRY(console_ends_lines_and_input_by_control_d),
    TEST_ENTRY(console_holds_back_what_has_no_room),
    TEST_ENTRY(console_goes_on_after_a_ring_of_ends),
    TEST_ENTRY(console_hands_over_keys_as_they_come),
    TEST_ENTRY(console_tells_of_control_c_that_was_held_back),
    TEST_ENTRY(console_keeps_output_until_the_port_takes_it),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
