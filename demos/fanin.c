/* SPDX-License-Identifier: MIT */
/* fanin.c -- sources of different speed talk into one channel */

/*
 * The listener needs no idea of how many talk or how fast: it takes what comes, in the order in
 * which it comes. While nobody has anything to say every core sleeps; look at the idle time.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES = 4, WORDS = 18 };

struct word {
    int source, number;
    int64_t said;
};

static const duration pace[SOURCES] = {
    4 * MILLISECOND, 6 * MILLISECOND, 10 * MILLISECOND, 15 * MILLISECOND,
};
static struct chan *ear;

static void
talk(void *arg)
{
    struct word w = { .source = *(int *)arg };

    for (w.number = 0; w.number < WORDS; w.number++) {
        gosleep(pace[w.source]);
        w.said = nanotime();
        chan_send(ear, &w);
    }
}

/* Draws when each source spoke, one column for 4 ms. */
static void
draw(const struct word *heard, int n, int64_t start)
{
    for (int source = 0; source < SOURCES; source++) {
        char line[73];

        memset(line, '.', sizeof line);
        for (int i = 0; i < n; i++) {
            int64_t column = (heard[i].said - start) / (4 * MILLISECOND);

            if (heard[i].source == source && column < 72) {
                line[column] = (char)('A' + source);
            }
        }
        printf("  %2lld ms  %.72s\n", (long long)(pace[source] / MILLISECOND), line);
    }
}

int
main(int argc, char **argv)
{
    static struct word heard[SOURCES * WORDS];
    struct go_attr attr = { .name = "talk", .arg_size = sizeof(int) };
    struct sched_stats before, after;
    int next[SOURCES] = { 0 };
    int disordered = 0;
    int64_t start = nanotime();

    (void)argc;
    (void)argv;
    ear = chan_make(sizeof(struct word), 0);
    sched_stats(&before);
    printf("%d sources pause for different times; main hears:\n  ", SOURCES);
    for (int i = 0; i < SOURCES; i++) {
        if (ear == NULL || go_with(&attr, talk, &i) != 0) {
            printf("out of memory\n");
            exit(1);
        }
    }
    for (int i = 0; i < SOURCES * WORDS; i++) {
        struct word *w = &heard[i];

        chan_recv(ear, w);
        printf("%c", 'A' + w->source);
        fflush(stdout);
        disordered += w->number != next[w->source]++;
    }
    printf("\n");
    sched_stats(&after);
    draw(heard, SOURCES * WORDS, start);

    int64_t all = (nanotime() - start) * num_cpu();

    printf("Each in its own order, all in order of arrival; the cores slept %lld %% of the time.\n",
           (long long)((int64_t)(after.idle_ns - before.idle_ns) * 100 / all));
    chan_free(ear);
    if (disordered != 0) {
        printf("WRONG: %d words came out of order\n", disordered);
        return 1;
    }
    return 0;
}
