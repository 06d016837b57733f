/* SPDX-License-Identifier: MIT */
/* philosophers.c -- five philosophers share five forks, and none of them starves */

/*
 * Each needs the fork on the left and the one on the right. Were all to take the left one first,
 * all could wait for the right one for ever. Here everyone takes the lower-numbered fork first:
 * a circle of waiting would need someone who waits for a lower one than he holds.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEATS = 5, BAR = 30 };
#define BITE (200 * MICROSECOND)

struct fork {
    struct mutex mutex;
    int holder;                 /* seat + 1; 0 on the table; guarded by the mutex */
};

struct seat {
    int meals;
    int64_t waited, longest;
};

static const char *const name[SEATS] = { "Aristotle", "Hypatia", "Kant", "Arendt", "Wittgenstein" };
static struct fork forks[SEATS];
static struct seat seats[SEATS];
static struct waitgroup full;
static atomic_int clashes;
static int meals;

static void
take(int fork, int seat)
{
    mutex_lock(&forks[fork].mutex);
    if (forks[fork].holder != 0) {
        atomic_fetch_add(&clashes, 1);
    }
    forks[fork].holder = seat + 1;
}

static void
put_back(int fork)
{
    forks[fork].holder = 0;
    mutex_unlock(&forks[fork].mutex);
}

static void
dine(void *arg)
{
    struct seat *me = arg;
    int seat = (int)(me - seats);
    int left = seat, right = (seat + 1) % SEATS;
    int low = left < right ? left : right, high = left < right ? right : left;

    while (me->meals < meals) {
        int64_t hungry = nanotime();

        take(low, seat);
        take(high, seat);
        int64_t waited = nanotime() - hungry;

        me->waited += waited;
        me->longest = waited > me->longest ? waited : me->longest;
        me->meals++;
        gosleep(BITE);          /* eat: both neighbours are held up */
        put_back(high);
        put_back(low);
        gosched();              /* think */
    }
    waitgroup_done(&full);
}

int
main(int argc, char **argv)
{
    int eaten = 0;

    meals = argc > 1 ? atoi(argv[1]) : 60;
    if (meals < 1) {
        printf("usage: %s [meals each, 1 at least]\n", argv[0]);
        return 1;
    }
    printf("Five at a table, %d meals of %lld us each, two forks to a meal:\n", meals,
           (long long)(BITE / MICROSECOND));
    atomic_store(&clashes, 0);
    waitgroup_add(&full, SEATS);
    for (int i = 0; i < SEATS; i++) {
        seats[i] = (struct seat){ 0 };
        go(dine, &seats[i]);
    }
    waitgroup_wait(&full);

    int64_t worst = 1;

    for (int i = 0; i < SEATS; i++) {
        worst = seats[i].waited > worst ? seats[i].waited : worst;
    }
    for (int i = 0; i < SEATS; i++) {
        eaten += seats[i].meals;
        printf("  %-12s %4d meals, waited %6lld us, at most %5lld us  ", name[i], seats[i].meals,
               (long long)(seats[i].waited / 1000), (long long)(seats[i].longest / 1000));
        for (int j = 0; j < seats[i].waited * BAR / worst; j++) {
            printf("█");
        }
        printf("\n");
    }
    if (eaten != meals * SEATS || atomic_load(&clashes) != 0) {
        printf("WRONG: %d meals, %d times two hands on one fork\n", eaten, atomic_load(&clashes));
        return 1;
    }
    printf("No deadlock, and nobody went hungry.\n");
    return 0;
}
