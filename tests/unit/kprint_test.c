/* SPDX-License-Identifier: MIT */
/* kprint_test.c -- the kernel's own printf against the host's; links kernel/print.c. */
#include <limits.h>
#include <print.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

void console_write(const char *s, size_t n);

/* print_sink's first value; nothing here prints to it. */
void
console_write(const char *s, size_t n)
{
    (void)s, (void)n;
}

#define SAME(...)                                                                            \
    (CHECK_EQ(ksnprintf(ours, sizeof ours, __VA_ARGS__), snprintf(theirs, sizeof theirs,     \
                                                                  __VA_ARGS__)),             \
     CHECK_STREQ(ours, theirs))

static char ours[256], theirs[256];

TEST(kprint_agrees_with_the_host)
{
    SAME("%d %5d|%-5d|%05d|%+d|% d|%.3d|%8.3d|", INT_MIN, 42, 42, 42, 42, 42, 7, -7);
    SAME("%u %x %#X %#010x %llu %hhx %hd %zu", 7u, 255u, 255u, 255u, ~0ull, 0x1ffu & 0xff,
         (short)-1, (size_t)9);
    SAME("%o %#o %#o %#.0o %#.4o %#05o %#-5o|", 8u, 8u, 0u, 0u, 8u, 8u, 8u);
    SAME("%s|%5s|%-5s|%.2s|%c%3c|%p %%", "abc", "abc", "abc", "abc", 'x', 'y', (void *)ours);
    SAME("%*d|%-*d|%*d|%.*d|%.*d|%.0d", 5, 1, 5, 1, -5, 1, 3, 1, -3, 1, 0);
}

TEST(kprint_bounds_widths_and_precisions)
{
    const char *unknown = "%123456789d";

    CHECK_EQ(ksnprintf(ours, sizeof ours, "%*d", INT_MIN, 1), 100000);
    CHECK_EQ(ksnprintf(ours, sizeof ours, "%*d", INT_MAX, 1), 100000);
    CHECK_EQ(ksnprintf(ours, sizeof ours, "%.*d", INT_MAX, -1), 100001);
    CHECK_EQ(ksnprintf(ours, sizeof ours, "%.*d", INT_MIN, 1), 1);
    CHECK_EQ(ksnprintf(ours, sizeof ours, unknown, 1), 100000);
}

TEST(kprint_stays_in_its_room)
{
    for (size_t room = 0; room < 20; room++) {
        memset(ours, '#', 32);
        CHECK_EQ(ksnprintf(ours, room, "%s-%d", "0123456789", 42), 13);
        for (size_t i = room; i < 32; i++) {
            CHECK_EQ(ours[i], '#');
        }
        CHECK(room == 0 || strlen(ours) == (room - 1 < 13 ? room - 1 : 13));
    }
}

static const struct test tests[] = {
    TEST_ENTRY(kprint_agrees_with_the_host),
    TEST_ENTRY(kprint_bounds_widths_and_precisions),
    TEST_ENTRY(kprint_stays_in_its_room),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
