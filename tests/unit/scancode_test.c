/* SPDX-License-Identifier: MIT */
/*
 * scancode_test.c -- what keys send; links drivers/scancode.c.
 */
#include <stdlib.h>
#include <string.h>

#include "scancode.h"
#include "tap.h"

static struct scancodes keys;
static char typed[256];
static int reboots;

/* The bytes are in hexadecimal; the answer is what they have sent, ESC shown as ^. */
static const char *
press(const char *codes)
{
    size_t used = 0;

    reboots = 0;
    for (const char *s = codes; *s != '\0';) {
        char *end, text[SCANCODE_TEXT];
        bool reboot;
        size_t n = scancode_decode(&keys, (uint8_t)strtoul(s, &end, 16), text, &reboot);

        reboots += reboot;
        for (size_t i = 0; i < n; i++) {
            typed[used++] = text[i] == 0x1b ? '^' : text[i];
        }
        s = end;
    }
    typed[used] = '\0';
    return typed;
}

TEST(scancode_types_letters)
{
    CHECK_STREQ(press("23 a3 12 92 26 a6 26 a6 18 98 39 b9 02 1c"), "hello 1\r");
    CHECK_STREQ(press("0c 0d 1a 1b 27 28 29 2b 33 34 35 0f 0e"), "-=[];'`\\,./\t\x7f");
}

TEST(scancode_knows_shift)
{
    CHECK_STREQ(press("2a 1e 02 aa 1e 36 1e 28 b6 1e"), "A!aA\"a");
    CHECK_STREQ(press("2a 36 1e aa 1e b6 1e"), "AAa"); /* both, then one, then none */
}

TEST(scancode_knows_caps_lock)
{
    CHECK_STREQ(press("3a ba 1e 02 2a 1e 02 aa 3a ba 1e"), "A1a!a");
}

TEST(scancode_knows_ctrl)
{
    CHECK_STREQ(press("1d 2e 20 16 9d 2e"), "\x03\x04\x15"
                                            "c");
    CHECK_STREQ(press("e0 1d 2e e0 9d 2e"), "\x03"
                                            "c");
    CHECK_STREQ(press("1d 02 9d"), "1");
    CHECK_STREQ(press("1d e0 4b e0 4d e0 48 9d e0 4b"), "^[1;5D^[1;5C^[A^[D");
}

TEST(scancode_sends_cursor_keys)
{
    CHECK_STREQ(press("e0 48 e0 c8 e0 50 e0 4b e0 4d e0 47 e0 4f e0 53"), "^[A^[B^[D^[C^[H^[F^[3~");
    CHECK_STREQ(press("e0 2a e0 48 e0 c8 e0 aa 1e"), "^[Aa"); /* an old keyboard's way */
    CHECK_STREQ(press("e0 35 e0 1c 4a 4e 37"), "/\r-+*");
}

TEST(scancode_reboots_on_three_keys_only)
{
    CHECK_STREQ(press("1d 38 e0 53"), "");
    CHECK_EQ(reboots, 1);
    CHECK_STREQ(press("b8 e0 53"), "^[3~");
    CHECK_EQ(reboots, 0);
    CHECK_STREQ(press("9d e0 38 53 e0 1d 53"), "^[3~");
    CHECK_EQ(reboots, 1);
    press("e0 b8 e0 9d");
}

TEST(scancode_overlooks_what_means_nothing)
{
    CHECK_STREQ(press("e1 1d 45 e1 9d c5 1e"), "a"); /* Pause */
    CHECK_STREQ(press("3b bb 57 58 45 46 e0 5b e0 db e0 5d 54 1e fa ee 1e"), "aa");
}

TEST(scancode_survives_noise)
{
    srand(3);
    for (int i = 0; i < 300000; i++) {
        char text[SCANCODE_TEXT];
        bool reboot;

        CHECK(scancode_decode(&keys, (uint8_t)rand(), text, &reboot) <= SCANCODE_TEXT);
    }
}

static const struct test tests[] = {
    TEST_ENTRY(scancode_types_letters),
    TEST_ENTRY(scancode_knows_shift),
    TEST_ENTRY(scancode_knows_caps_lock),
    TEST_ENTRY(scancode_knows_ctrl),
    TEST_ENTRY(scancode_sends_cursor_keys),
    TEST_ENTRY(scancode_reboots_on_three_keys_only),
    TEST_ENTRY(scancode_overlooks_what_means_nothing),
    TEST_ENTRY(scancode_survives_noise),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
