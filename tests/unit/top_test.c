/* SPDX-License-Identifier: MIT */
/*
 * top_test.c -- trace events in, times, timelines and lines of text out;
 * links demos/top_lanes.c and demos/top_text.c.
 */
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "top.h"

enum { CORES = 2, MS = 1000000, SPINNER = 0x1000, EATER = 0x2000 };

static struct top *t;

/* Two cores, the first runs something, the second nothing; cells of a millisecond. */
static void
begin(void)
{
    free(t);
    t = top_new(CORES, 0, MS);
    top_begin(t, 0, true);
    top_begin(t, 1, false);
}

static void
event(int core, int64_t us, char what, uint64_t g, uintptr_t fn)
{
    struct top_event e = { .when = us * 1000, .g = g, .fn = fn, .what = what };

    top_take(t, core, &e);
}

/* The first cells of a core as letters. */
static const char *
cells(int core, int n)
{
    static char text[TOP_CELLS + 1];

    for (int i = 0; i < n; i++) {
        text[i] = top_letter(top_cells(t, core, i, 1).doing);
    }
    text[n] = '\0';
    return text;
}

static const char *
symbol(uintptr_t fn)
{
    return fn == SPINNER ? "spin" : fn == EATER ? "dine_with_all_the_others" : "?";
}

static const char *
wait_word(int reason)
{
    return reason == 1 ? "chan receive" : "sleep";
}

TEST(top_times_each_turn)
{
    begin();
    event(0, 1000, 's', 5, SPINNER);
    event(0, 3000, 'b', 5, SPINNER);
    event(0, 3000, 's', 6, EATER);
    event(0, 3500, 'u', 5, SPINNER); /* readied by 6: ends nobody's turn */
    event(0, 4000, 'y', 6, EATER);
    event(0, 4000, 'h', 0, 0);
    event(1, 6000, 'r', 0, 0);
    event(1, 6000, 's', 5, SPINNER);
    top_advance(t, 8 * MS);
    CHECK_EQ(top_g_ns(t, 5), 4 * MS);
    CHECK_EQ(top_g_ns(t, 6), 1 * MS);
    CHECK_EQ(top_g_ns(t, 7), 0);
    CHECK_EQ(t->kinds[0].turns, 2);
    CHECK_EQ(t->lanes[0].ns[TOP_UNSEEN], 1 * MS);
    CHECK_EQ(t->lanes[0].ns[TOP_IDLE], 4 * MS);
    CHECK_EQ(t->lanes[1].ns[TOP_IDLE], 6 * MS);
    CHECK_STREQ(cells(0, 9), "?AAB.... ");
    CHECK_STREQ(cells(1, 8), "......AA");
}

TEST(top_goes_on_in_the_next_refresh)
{
    begin();
    event(0, 0, 's', 5, SPINNER);
    top_advance(t, 2 * MS);
    top_refresh(t);
    CHECK_EQ(top_g_ns(t, 5), 0);
    event(0, 1000, 'e', 5, SPINNER); /* late: counts from 2 ms */
    top_advance(t, 3 * MS);
    CHECK_EQ(top_g_ns(t, 5), 0);
    CHECK_EQ(t->lanes[0].ns[TOP_SCHED], 1 * MS);
    CHECK_EQ(t->now - t->from, 1 * MS);
    CHECK_STREQ(cells(0, 3), "AA-");
}

TEST(top_marks_what_is_rarest)
{
    begin();
    event(0, 100, 'r', 0, 0);
    event(0, 200, 't', 5, SPINNER);
    event(0, 300, 's', 5, SPINNER);
    event(0, 1100, 'p', 5, SPINNER);
    event(0, 1200, 't', 5, SPINNER);
    event(0, 1300, 's', 6, EATER);
    top_advance(t, 10 * MS);
    CHECK_EQ(top_cells(t, 0, 0, 1).mark, 's');
    CHECK_EQ(top_cells(t, 0, 1, 1).mark, 'p');
    CHECK_EQ(top_cells(t, 0, 2, 1).mark, 0);
    CHECK_EQ(top_cells(t, 0, 0, 8).mark, 'p');
    CHECK_EQ(top_cells(t, 0, 0, 4).mark, 0); /* half of it has marks: they would hide the rest */
    CHECK_EQ(t->lanes[0].steals, 2);
    CHECK_EQ(t->lanes[0].wakes, 1);
    CHECK_EQ(t->lanes[0].preempts, 1);
}

TEST(top_says_what_it_has_not_seen)
{
    begin();
    event(0, 0, 's', 5, SPINNER);
    event(0, 1000, 'u', 6, EATER);
    top_lose(t, 0, 100);
    event(0, 3000, 's', 6, EATER);
    top_advance(t, 4 * MS);
    CHECK_EQ(top_g_ns(t, 5), 1 * MS);
    CHECK_EQ(t->lanes[0].ns[TOP_UNSEEN], 2 * MS);
    CHECK_STREQ(cells(0, 4), "A??B");
}

/* More than have a place: their time is not lost, and each refresh's times add up. */
TEST(top_takes_any_number_of_goroutines)
{
    int64_t sum = 0;

    begin();
    for (int i = 0; i < 2 * TOP_GS; i++) {
        event(0, i, 's', (uint64_t)i + 1, SPINNER + (uintptr_t)i % 40);
    }
    top_advance(t, 2 * TOP_GS * 1000);
    for (int i = 0; i < TOP_GS; i++) {
        sum += t->gs[i].ns;
    }
    CHECK_EQ(sum + t->unnamed_ns, 2 * TOP_GS * 1000);
    CHECK(t->unnamed_ns > 0);
    sum = 0;
    for (int i = 0; i < TOP_DOINGS; i++) {
        sum += t->lanes[0].ns[i];
    }
    CHECK_EQ(sum, 2 * TOP_GS * 1000);
    CHECK_EQ(t->nkinds, TOP_KINDS);
    CHECK(t->lanes[0].ns[TOP_OTHER] > 0);
}

TEST(top_keeps_the_last_cells)
{
    begin();
    event(0, 0, 's', 5, SPINNER);
    event(0, TOP_CELLS * 1000, 's', 6, EATER);
    top_advance(t, (TOP_CELLS + 2) * (int64_t)MS);
    CHECK_EQ(top_cells(t, 0, 0, 1).doing, TOP_DOINGS); /* written over */
    CHECK_EQ(top_letter(top_cells(t, 0, 2, 1).doing), 'A');
    CHECK_EQ(top_letter(top_cells(t, 0, TOP_CELLS + 1, 1).doing), 'B');
    CHECK_EQ(top_cells(t, 0, TOP_CELLS + 2, 1).doing, TOP_DOINGS);
}

static void
fill(struct top_text *x, struct top_figures *f)
{
    *f = (struct top_figures){ .own = 6, .wait_word = wait_word, .symbol = symbol };
    f->now = (struct sched_stats){ .running = 1, .waiting = 8, .steals = 7 };
    f->then.steals = 3;
    f->waits[1] = 2;
    f->waits[2] = 6;
    begin();
    event(0, 0, 's', 5, SPINNER);
    event(0, 90000, 's', 6, EATER);
    event(1, 50000, 's', 7, SPINNER);
    top_advance(t, 100 * MS);
    top_text_init(x, 60, 16, 4, CORES);
    x->colour = false;
    x->cells_a_letter = 10;
    top_text_lines(x, t, f);
}

TEST(top_writes_lines)
{
    struct top_text *x = calloc(1, sizeof *x);
    struct top_figures f;

    fill(x, &f);
    CHECK_EQ(x->used, 12);
    CHECK_STREQ(x->line[0], "gamp top  0.1 s  2 cores  every 100 ms  own cost 10.0 % of a");
    CHECK_STREQ(x->line[1], "goroutines  1 running  0 runnable  8 waiting: 6 sleep, 2 cha");
    CHECK_STREQ(x->line[2], "created 0  ended 0  switches 0  steals 4  wakes 0  preempted");
    CHECK_STREQ(x->line[3], "  0                       AAAAAAAAAB 100% dine_with_all_the_");
    CHECK_STREQ(x->line[4], "  1                       .....AAAAA  50% spin 7");
    free(x);
}

/* Colours take no room, and are all that does not. */
static unsigned
width(const char *s)
{
    unsigned n = 0;

    while (*s != '\0') {
        if (*s == '\033') {
            s += strcspn(s, "m") + 1;
            continue;
        }
        n += *s++ >= ' ';
    }
    return n;
}

TEST(top_keeps_within_the_width)
{
    struct top_text *x = calloc(1, sizeof *x);
    struct top_figures f;

    fill(x, &f);
    for (unsigned cols = 60; cols <= TOP_COLS; cols += 19) {
        top_text_init(x, cols, 24, 6, CORES);
        top_text_lines(x, t, &f);
        for (unsigned i = 0; i < x->used; i++) {
            CHECK(width(x->line[i]) <= cols);
        }
        CHECK(strstr(x->line[6], " A ") != NULL && strstr(x->line[6], "140.0 %") != NULL);
        CHECK(strstr(x->line[7], "10.0 %") != NULL);
    }
    free(x);
}

TEST(top_sends_what_has_changed)
{
    struct top_text *x = calloc(1, sizeof *x);
    struct top_figures f;
    char *sent = malloc(65536);

    fill(x, &f);
    CHECK(top_text_changes(x, sent, 65536) > 200);
    CHECK(strstr(sent, "\033[5;1H") != NULL);
    CHECK_EQ(top_text_changes(x, sent, 65536), 0);
    strcpy(x->line[4], "other");
    size_t n = top_text_changes(x, sent, 65536);

    CHECK_EQ(n, strlen(sent));
    CHECK_STREQ(sent, "\0337\033[5;1H\033[mother\033[K\0338");
    strcpy(x->line[0], "what does not fit is sent next time");
    CHECK(top_text_changes(x, sent, 50) < 50);
    CHECK(top_text_changes(x, sent, 65536) > 50);
    free(x);
    free(sent);
}

static const struct test tests[] = {
    TEST_ENTRY(top_times_each_turn),
    TEST_ENTRY(top_goes_on_in_the_next_refresh),
    TEST_ENTRY(top_marks_what_is_rarest),
    TEST_ENTRY(top_says_what_it_has_not_seen),
    TEST_ENTRY(top_takes_any_number_of_goroutines),
    TEST_ENTRY(top_keeps_the_last_cells),
    TEST_ENTRY(top_writes_lines),
    TEST_ENTRY(top_keeps_within_the_width),
    TEST_ENTRY(top_sends_what_has_changed),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
