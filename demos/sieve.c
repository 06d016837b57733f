/* SPDX-License-Identifier: MIT */
/* sieve.c -- prime numbers from a chain of goroutines */

/*
 * count -> [2] -> [3] -> [5] -> [7] -> ... -> main
 *
 * Each arrow is a channel, each box a goroutine that holds back the multiples of its prime. What
 * reaches main has passed them all, so it is the next prime; main hangs one more box on the end.
 * No goroutine knows of the others, nothing is locked, and nothing is shared but the channels:
 * closing the first one makes the whole chain drain and end, box by box.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

/* What a goroutine is given: where it reads, where it writes, and its number. */
struct stage {
    struct chan *in, *out;
    int number;
};

/* Sends 2, 3, 4, ... up to the stage's number. */
static void
count(void *arg)
{
    struct stage *me = arg;

    for (int n = 2; n <= me->number; n++) {
        chan_send(me->out, &n);             /* parks until the next stage takes it */
    }
    chan_close(me->out);
}

/* Passes on what the stage's number, a prime, does not divide. */
static void
filter(void *arg)
{
    struct stage *me = arg;
    int n;

    while (chan_recv(me->in, &n)) {         /* false: closed, and nothing left in it */
        if (n % me->number != 0) {
            chan_send(me->out, &n);
        }
    }
    chan_close(me->out);
    chan_free(me->in);                      /* its only other user has closed it and is gone */
}

/* Starts fn in a new goroutine with its own copy of the stage; returns where its output comes. */
static struct chan *
append(void (*fn)(void *), struct chan *in, int number)
{
    struct stage stage = { .in = in, .out = chan_make(sizeof(int), 0), .number = number };
    struct go_attr attr = { .arg_size = sizeof stage };

    if (stage.out == NULL || go_with(&attr, fn, &stage) != 0) {
        printf("\nout of memory\n");
        exit(1);
    }
    return stage.out;
}

/* The same answer by hand, to check ours. */
static int
count_primes(int limit)
{
    int primes = 0;

    for (int n = 2; n <= limit; n++) {
        int d = 2;

        while (d * d <= n && n % d != 0) {
            d++;
        }
        primes += d * d > n;
    }
    return primes;
}

int
main(int argc, char **argv)
{
    int limit = argc > 1 ? atoi(argv[1]) : 1000;
    int primes = 0;
    int prime;

    if (limit < 2 || limit > 20000) {
        printf("usage: %s [limit, 2 to 20000]\n", argv[0]);
        return 1;
    }
    printf("Prime numbers up to %d, one goroutine for each:\n", limit);

    struct chan *end = append(count, NULL, limit);

    while (chan_recv(end, &prime)) {
        printf("%6d%s", prime, ++primes % 14 == 0 ? "\n" : "");
        end = append(filter, end, prime);
    }
    chan_free(end);

    printf("%s%d primes.\n", primes % 14 == 0 ? "" : "\n", primes);
    if (primes != count_primes(limit)) {
        printf("WRONG: there are %d\n", count_primes(limit));
        return 1;
    }
    return 0;
}
