/* SPDX-License-Identifier: MIT */
/* pingpong.c -- two goroutines throw a number back and forth: what does a hand-over cost? */

/*
 * The channels have no buffer, so every throw is a meeting: the value goes from one stack to the
 * other, and the receiver becomes runnable. On one core that costs a switch of stacks; between two
 * cores the partner has to be woken first, which is dearer by far, most of all under an emulator.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

struct match {
    struct chan *there, *back;
    int trips;
    int errors;
    struct waitgroup over;
};

static void
ping(void *arg)
{
    struct match *m = arg;

    for (int i = 0; i < m->trips; i++) {
        int answer;

        chan_send(m->there, &i);
        chan_recv(m->back, &answer);
        m->errors += answer != i + 1;
    }
    chan_close(m->there);
    waitgroup_done(&m->over);
}

static void
pong(void *arg)
{
    struct match *m = arg;
    int ball;

    while (chan_recv(m->there, &ball)) {
        ball++;
        chan_send(m->back, &ball);
    }
    waitgroup_done(&m->over);
}

/* Plays one match between the two cores; ns a round trip, 0 if a number was lost or wrong. */
static int64_t
play(const char *title, int trips, int ping_core, int pong_core)
{
    struct match m = { .there = chan_make(sizeof(int), 0), .back = chan_make(sizeof(int), 0),
                       .trips = trips };
    struct go_attr near = { .name = "ping", .core = ping_core };
    struct go_attr far = { .name = "pong", .core = pong_core };
    int64_t start = nanotime();

    waitgroup_add(&m.over, 2);
    if (!m.there || !m.back || go_with(&far, pong, &m) != 0 || go_with(&near, ping, &m) != 0) {
        printf("  out of memory\n");
        exit(1);
    }
    waitgroup_wait(&m.over);
    int64_t each = (nanotime() - start) / trips + 1;

    printf("  %-14s %8d round trips %9lld ns each\n", title, trips, (long long)each);
    chan_free(m.there);
    chan_free(m.back);
    if (m.errors != 0) {
        printf("  WRONG: %d answers were not the next number\n", m.errors);
    }
    return m.errors == 0 ? each : 0;
}

int
main(int argc, char **argv)
{
    int trips = argc > 1 ? atoi(argv[1]) : 20000;
    int64_t one, two = 1, free_choice = 1;

    if (trips < 10) {
        printf("usage: %s [round trips, 10 at least]\n", argv[0]);
        return 1;
    }
    printf("A number goes there and back over two channels without buffers.\n");
    one = play("on one core", trips, GO_CORE(0), GO_CORE(0));
    if (gomaxprocs(0) > 1) {
        two = play("on two cores", trips / 10, GO_CORE(0), GO_CORE(1));
        free_choice = play("as they like", trips, 0, 0);
        printf("Left alone, the two %s.\n", free_choice < (one + two) / 2
               ? "come together on one core" : "stay on different cores");
    }
    return one != 0 && two != 0 && free_choice != 0 ? 0 : 1;
}
