/* SPDX-License-Identifier: MIT */
/* pipeline.c -- producers, workers and a consumer, joined by buffered channels */

/*
 * The question: which number below the limit takes the most steps to 1, if odd n becomes 3n + 1
 * and even n becomes n / 2? Two producers deal out the numbers, workers count, one consumer keeps
 * the best. A full buffer makes a producer wait, so no stage runs away from the next. The last of a
 * stage to finish closes its channel: that is how the next stage learns that it is over.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRODUCERS = 2, WORKERS = 6, BUFFER = 64, BAR = 40 };

struct found {
    int number, steps, worker;
};

static struct chan *numbers, *answers;
static struct waitgroup producing, working;
static int limit;

static void
produce(void *arg)
{
    for (int n = 1 + *(int *)arg; n < limit; n += PRODUCERS) {
        chan_send(numbers, &n);
    }
    waitgroup_done(&producing);
}

static int
count_steps(int number)
{
    int steps = 0;

    for (uint64_t n = (uint64_t)number; n != 1; steps++) {
        n = n % 2 != 0 ? 3 * n + 1 : n / 2;
    }
    return steps;
}

static void
work(void *arg)
{
    struct found f = { .worker = *(int *)arg };

    while (chan_recv(numbers, &f.number)) {
        f.steps = count_steps(f.number);
        chan_send(answers, &f);
    }
    waitgroup_done(&working);
}

/* Waits for each stage in turn and closes the channel behind it. */
static void
close_stages(void *arg)
{
    (void)arg;
    waitgroup_wait(&producing);
    chan_close(numbers);
    waitgroup_wait(&working);
    chan_close(answers);
}

static void
start_stage(void (*fn)(void *), struct waitgroup *wg, int size)
{
    struct go_attr attr = { .arg_size = sizeof(int) };

    waitgroup_add(wg, size);
    for (int i = 0; i < size; i++) {
        if (go_with(&attr, fn, &i) != 0) {
            printf("out of memory\n");
            exit(1);
        }
    }
}

/* True if `best` wins over all smaller numbers' steps, and none above it does better. */
static bool
is_best(struct found best)
{
    for (int n = 1; n < limit; n++) {
        int steps = count_steps(n);

        if (steps > best.steps || (steps == best.steps && n < best.number)) {
            return false;
        }
    }
    return count_steps(best.number) == best.steps;
}

int
main(int argc, char **argv)
{
    struct found best = { 0 }, f;
    int share[WORKERS] = { 0 };
    int total = 0;

    limit = argc > 1 ? atoi(argv[1]) : 20000;
    numbers = chan_make(sizeof(int), BUFFER);
    answers = chan_make(sizeof(struct found), BUFFER);
    if (limit < 2 || limit > 1000000 || numbers == NULL || answers == NULL) {
        printf("usage: %s [limit, 2 to 1000000]\n", argv[0]);
        return 1;
    }
    printf("%d producers -> %d workers -> 1 consumer, buffers of %d\n", PRODUCERS, WORKERS, BUFFER);
    int64_t start = nanotime();

    start_stage(produce, &producing, PRODUCERS);
    start_stage(work, &working, WORKERS);
    go(close_stages, NULL);
    while (chan_recv(answers, &f)) {
        share[f.worker]++;
        total++;
        if (f.steps > best.steps || (f.steps == best.steps && f.number < best.number)) {
            best = f;
        }
    }
    int64_t took = nanotime() - start;

    for (int i = 0; i < WORKERS; i++) {
        printf("  worker %d %6d numbers  ", i, share[i]);
        for (int j = 0; j < (share[i] * BAR + limit - 1) / limit; j++) {
            printf("█");
        }
        printf("\n");
    }
    printf("Below %d, %d takes the most steps: %d. (%lld us, %lld ns a number)\n", limit,
           best.number, best.steps, (long long)(took / 1000), (long long)(took / limit));
    chan_free(numbers);
    chan_free(answers);
    if (total != limit - 1 || !is_best(best)) {
        printf("WRONG: %d answers came, or another number takes more steps\n", total);
        return 1;
    }
    return 0;
}
