/* SPDX-License-Identifier: MIT */
/*
 * cmdline_test.c -- settings, units, quoting, complaints; links kernel/cmdline.c.
 */
#include <cmdline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct cmdline cl;
static char complaints[4096];

static void
complain(const char *word, const char *why)
{
    size_t used = strlen(complaints);

    snprintf(complaints + used, sizeof complaints - used, "%s: %s\n", word, why);
}

static void
parse(const char *text)
{
    complaints[0] = 0;
    cmdline_parse(text, &cl, complain);
}

TEST(cmdline_has_defaults)
{
    parse("");
    CHECK_EQ(cl.gomaxprocs, 0);
    CHECK_EQ(cl.stack, 256 << 10);
    CHECK_EQ(cl.slice_ns, 10000000);
    CHECK_EQ(cl.schedtrace_ms, 0);
    CHECK_EQ(cl.columns, 80);
    CHECK(!cl.trace && !cl.quiet);
    CHECK(cl.screen && cl.serial);
    CHECK_EQ(cl.argc, 1);
    CHECK_STREQ(cl.argv[0], "gamp");
    CHECK(cl.argv[1] == NULL);
    CHECK_STREQ(complaints, "");
}

TEST(cmdline_takes_every_setting)
{
    parse("gomaxprocs=4 stack=1M slice=300us schedtrace=1000 trace quiet=1 demo=sieve seed=0xfF");
    CHECK_EQ(cl.gomaxprocs, 4);
    CHECK_EQ(cl.stack, 1 << 20);
    CHECK_EQ(cl.slice_ns, 300000);
    CHECK_EQ(cl.schedtrace_ms, 1000);
    CHECK(cl.trace && cl.quiet);
    CHECK_STREQ(cl.demo, "sieve");
    CHECK_EQ(cl.seed, 255);
    CHECK_STREQ(cl.argv[0], "sieve");
    CHECK_STREQ(complaints, "");
}

TEST(cmdline_turns_on_and_off)
{
    parse("screen=off serial=0 tty=on trace=maybe columns=132 columns=39");
    CHECK_EQ(cl.columns, 132);
    CHECK(!cl.screen && !cl.serial && cl.tty && !cl.trace);
    CHECK_STREQ(complaints, "trace=maybe: bad value\ncolumns=39: value is out of range\n");
}

TEST(cmdline_names_what_it_ignores)
{
    parse("gomaxprocs=0 gomaxprocs=x gomaxprocs stack=12Q slice=10 colour=red demo= trace=2 "
          "gomax=1 slice=99999999999999999999s stack=18446744073709551615G");
    CHECK_STREQ(complaints, "gomaxprocs=0: value is out of range\n"
                            "gomaxprocs=x: bad value\n"
                            "gomaxprocs: needs a value\n"
                            "stack=12Q: bad value\n"
                            "slice=10: bad value\n"
                            "colour=red: unknown word\n"
                            "demo=: needs a value\n"
                            "trace=2: value is out of range\n"
                            "gomax=1: unknown word\n"
                            "slice=99999999999999999999s: bad value\n"
                            "stack=18446744073709551615G: bad value\n");
    CHECK_EQ(cl.gomaxprocs, 0);
    CHECK_EQ(cl.stack, 256 << 10);
    CHECK_EQ(cl.slice_ns, 10000000);
    CHECK(!cl.trace);
}

TEST(cmdline_hands_words_to_the_application)
{
    parse("  quiet\t-- -n 3 \"two words\" a\\ b \\\"q\\\" \"\" c:\\dir --  "
          "virtio_mmio.device=512@0xfeb00e00:12");
    CHECK(cl.quiet);
    CHECK_EQ(cl.argc, 9);
    CHECK_STREQ(cl.argv[1], "-n");
    CHECK_STREQ(cl.argv[2], "3");
    CHECK_STREQ(cl.argv[3], "two words");
    CHECK_STREQ(cl.argv[4], "a b");
    CHECK_STREQ(cl.argv[5], "\"q\"");
    CHECK_STREQ(cl.argv[6], "");
    CHECK_STREQ(cl.argv[7], "c:\\dir");
    CHECK_STREQ(cl.argv[8], "--");
    CHECK(cl.argv[9] == NULL);
    CHECK_STREQ(complaints, "");
}

TEST(cmdline_overlooks_words_of_platforms)
{
    parse("BOOT_IMAGE=/boot/gamp.elf trace initrd=x virtio_mmio.device=512@0xfeb00c00:10");
    CHECK(cl.trace);
    CHECK_STREQ(complaints, "");
}

TEST(cmdline_bounds_arguments)
{
    char text[4096] = "--";

    for (int i = 0; i < 100; i++) {
        strcat(text, " w");
    }
    parse(text);
    CHECK_EQ(cl.argc, CMDLINE_ARGS - 1);
    CHECK(cl.argv[cl.argc] == NULL);
    CHECK(strstr(complaints, "w: too many arguments\n") != NULL);
}

TEST(cmdline_cuts_what_is_too_long)
{
    static char text[5000];

    memset(text, 'x', sizeof text - 1);
    parse(text);
    CHECK(strstr(complaints, "too long") != NULL);
    memcpy(text, "-- ", 3);
    for (size_t i = 3; i + 1 < sizeof text; i++) {
        text[i] = i % 400 ? 'y' : ' ';
    }
    parse(text);
    CHECK(strstr(complaints, "too long") != NULL);
    CHECK(cl.argv[cl.argc] == NULL);
    cmdline_parse("demo=0123456789012345678901234567890123", &cl, NULL);
    CHECK_STREQ(cl.demo, "");
}

TEST(cmdline_converts_whole_texts_only)
{
    uint64_t n = 77;

    CHECK(cmdline_parse_u64("18446744073709551615", &n) && n == UINT64_MAX);
    CHECK(cmdline_parse_u64("0x10", &n) && n == 16);
    CHECK(cmdline_parse_size("3G", &n) && n == 3ull << 30);
    CHECK(cmdline_parse_duration("2s", &n) && n == 2000000000);
    n = 77;
    CHECK(!cmdline_parse_u64("18446744073709551616", &n));
    CHECK(!cmdline_parse_u64("", &n));
    CHECK(!cmdline_parse_u64("0x", &n));
    CHECK(!cmdline_parse_u64("-1", &n));
    CHECK(!cmdline_parse_size("K", &n));
    CHECK(!cmdline_parse_size("1KB", &n));
    CHECK(!cmdline_parse_duration("1m", &n));
    CHECK_EQ(n, 77);
}

TEST(cmdline_survives_noise)
{
    static const char letters[] = "gomaxprocs=stack slice\"\\ --0123456789KMns\t\x80\xff";
    char text[2048];

    for (unsigned seed = 1; seed <= 2000; seed++) {
        size_t len;

        srand(seed);
        len = (size_t)rand() % sizeof text;
        for (size_t i = 0; i < len; i++) {
            text[i] = letters[(size_t)rand() % (sizeof letters - 1)];
        }
        text[len] = 0;
        parse(text);
        if (!CHECK(cl.argc >= 1 && cl.argc < CMDLINE_ARGS && cl.argv[cl.argc] == NULL)) {
            printf("# seed %u\n", seed);
        }
        for (int i = 1; i < cl.argc; i++) {
            CHECK(cl.argv[i] + strlen(cl.argv[i]) < cl.words + sizeof cl.words);
        }
    }
}

static const struct test tests[] = {
    TEST_ENTRY(cmdline_has_defaults),
    TEST_ENTRY(cmdline_takes_every_setting),
    TEST_ENTRY(cmdline_turns_on_and_off),
    TEST_ENTRY(cmdline_names_what_it_ignores),
    TEST_ENTRY(cmdline_hands_words_to_the_application),
    TEST_ENTRY(cmdline_overlooks_words_of_platforms),
    TEST_ENTRY(cmdline_bounds_arguments),
    TEST_ENTRY(cmdline_cuts_what_is_too_long),
    TEST_ENTRY(cmdline_converts_whole_texts_only),
    TEST_ENTRY(cmdline_survives_noise),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
