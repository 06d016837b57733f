/* SPDX-License-Identifier: MIT */
/* steal.c -- one core gets all the work, the others come and steal it */

/*
 * New goroutines go into the queue of the core that started them. A core with nothing to do looks
 * into the others' queues and takes half of the first it finds, the oldest first: so work spreads
 * without a central queue, and a busy core pays nothing for it.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { TASKS = 400, BAR = 40 };

struct task {
    unsigned steps;
    unsigned result;
    int core;
};

static struct waitgroup done;

static unsigned
burn(unsigned steps)
{
    unsigned x = steps;

    for (unsigned i = 0; i < steps; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
    }
    return x;
}

static void
work(void *arg)
{
    struct task *t = arg;

    t->result = burn(t->steps);
    t->core = core_id();
    waitgroup_done(&done);
}

static void
draw(const struct task *task, int cores, const int64_t *idle)
{
    for (int core = 0; core < cores; core++) {
        int ran = 0;

        for (int i = 0; i < TASKS; i++) {
            ran += task[i].core == core;
        }
        printf("  core %2d %4d tasks %6lld us idle  ", core, ran, (long long)(idle[core] / 1000));
        for (int i = 0; i < (ran * BAR + TASKS - 1) / TASKS; i++) {
            printf("█");
        }
        printf("\n");
    }
}

/* Adds sign times each core's idle time so far. */
static void
add_idle(int64_t *idle, int cores, int sign)
{
    for (int core = 0; core < cores; core++) {
        struct sched_stats one;

        sched_stats_core(core, &one);
        idle[core] += sign * (int64_t)one.idle_ns;
    }
}

/* Each task must have run to its end, once, with the right result. */
static int
count_wrong(const struct task *task, int cores)
{
    unsigned right = burn(task[0].steps);
    int wrong = 0;

    for (int i = 0; i < TASKS; i++) {
        wrong += task[i].result != right || task[i].core < 0 || task[i].core >= cores;
    }
    return wrong;
}

int
main(int argc, char **argv)
{
    unsigned steps = argc > 1 ? (unsigned)atoi(argv[1]) : 40000;
    struct task *task = calloc(TASKS, sizeof *task);
    int64_t *idle = calloc((size_t)num_cpu(), sizeof *idle);
    struct sched_stats before, after;
    int cores = num_cpu();

    if (task == NULL || idle == NULL) {
        printf("out of memory\n");
        return 1;
    }
    lock_core();
    printf("Core %d starts %d equal tasks; %d core%s may run them.\n", core_id(), TASKS,
           gomaxprocs(0), gomaxprocs(0) == 1 ? "" : "s");
    sched_stats(&before);
    add_idle(idle, cores, -1);
    int64_t start = nanotime();

    waitgroup_add(&done, TASKS);
    for (int i = 0; i < TASKS; i++) {
        task[i] = (struct task){ .steps = steps, .core = -1 };
        go(work, &task[i]);
    }
    waitgroup_wait(&done);
    int64_t took = nanotime() - start;

    add_idle(idle, cores, 1);
    sched_stats(&after);
    unlock_core();
    draw(task, cores, idle);
    printf("All done after %lld us: %llu steals took %llu goroutines.\n", (long long)(took / 1000),
           (unsigned long long)(after.steals - before.steals),
           (unsigned long long)(after.stolen - before.stolen));

    if (cores == 1) {
        printf("There was nobody to steal: `make run SMP=4` gives the machine four cores.\n");
    }
    int wrong = count_wrong(task, cores);

    free(task);
    free(idle);
    if (wrong != 0) {
        printf("WRONG: %d tasks were lost or went wrong\n", wrong);
        return 1;
    }
    return 0;
}
