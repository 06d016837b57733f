/* SPDX-License-Identifier: MIT */
/* ring.c -- a token runs round a ring of a thousand goroutines */

/*
 * At any moment one goroutine works and all the others are parked on their channels. A parked
 * goroutine costs no time at all, so a hop takes as long in a ring of a thousand as in one of ten.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

struct link {
    struct chan *in, *out;
    struct waitgroup *gone;
};

static void
pass(void *arg)
{
    struct link *me = arg;
    long hops;

    while (chan_recv(me->in, &hops)) {
        hops++;
        chan_send(me->out, &hops);
    }
    chan_close(me->out);            /* the next one ends too, and so on round the ring */
    waitgroup_done(me->gone);
}

/* Sends the token round `rounds` times through size goroutines; false if it lost count. */
static bool
run(int size, int rounds)
{
    struct waitgroup gone = { 0 };
    struct chan **joint = malloc(sizeof(struct chan *) * (size_t)(size + 1));
    struct go_attr attr = { .name = "pass", .arg_size = sizeof(struct link) };
    long hops = 0;

    for (int i = 0; joint != NULL && i <= size; i++) {
        joint[i] = chan_make(sizeof(long), 0);
    }
    for (int i = 0; i < size; i++) {
        struct link link;

        if (joint == NULL || joint[i] == NULL || joint[i + 1] == NULL) {
            printf("  out of memory\n");
            exit(1);
        }
        link = (struct link){ joint[i], joint[i + 1], &gone };
        waitgroup_add(&gone, 1);
        if (go_with(&attr, pass, &link) != 0) {
            printf("  out of memory\n");
            exit(1);
        }
    }
    int64_t start = nanotime();

    for (int i = 0; i < rounds; i++) {
        chan_send(joint[0], &hops);
        chan_recv(joint[size], &hops);
    }
    int64_t each = (nanotime() - start) / ((int64_t)size * rounds);

    chan_close(joint[0]);
    waitgroup_wait(&gone);
    for (int i = 0; i <= size; i++) {
        chan_free(joint[i]);
    }
    free(joint);
    printf("  %5d goroutines x %5d rounds %9ld hops %8lld ns a hop\n", size, rounds, hops,
           (long long)each);
    return hops == (long)size * rounds;
}

int
main(int argc, char **argv)
{
    int size = argc > 1 ? atoi(argv[1]) : 1000;
    bool ok = true;

    if (size < 10 || size > 100000) {
        printf("usage: %s [goroutines, 10 to 100000]\n", argv[0]);
        return 1;
    }
    printf("A token goes round, and each goroutine adds one to it.\n");
    for (int n = 10; n <= size; n = n * 10 > size && n < size ? size : n * 10) {
        int rounds = 20000 / n;

        ok = run(n, rounds > 0 ? rounds : 1) && ok;
    }
    if (!ok) {
        printf("  WRONG: the token should count every hop once\n");
        return 1;
    }
    printf("Parked goroutines cost nothing: what grows is only the memory touched on the way.\n");
    return 0;
}
