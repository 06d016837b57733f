/* SPDX-License-Identifier: MIT */
/*
 * main.c -- runs scenarios on simulated cores, each seed in a process of its own.
 *
 * Usage: explore [-t SCENARIO] [-s SEED] [-n SEEDS] [-x SECONDS]
 *
 * -s: that seed alone, its output shown. Else seeds from 1 on (with -x: from the clock, until the
 * seconds are over), all scenarios in turn; a failure is shown with the command that repeats it.
 * Status 0, or 1 after the first failure; the last line is `explore: N runs of M scenarios ...`.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "runtime.h"
#include "sim.h"

enum { SLICE_NS = 20000, MAX_STEPS = 3000000 };

extern int sim_ncores;

static struct {
    const char *only;
    uint64_t seed, seeds, seconds;
    bool one;
} want = { .seeds = 100 };

static int
cores_of(const struct scenario *s, uint64_t seed)
{
    return s->cores != 0 ? s->cores : 2 + (int)(seed / 2 % 3);
}

/* In a process of its own; main's return ends it. */
static void
run(const struct scenario *s, uint64_t seed)
{
    static char *argv[] = { "explore", NULL };
    struct sim_options options = { seed, cores_of(s, seed), MAX_STEPS };
    sim_ncores = options.cores;
    alarm(120); /* a loop without a point */
    sim_init(&options);
    sched_init(&(struct sched_config){
        .slice = s->slice != 0 ? s->slice : SLICE_NS,
        .stack = 1 << 16,
        .seed = seed + 1,
        .quiet = true,
    });
    sim_buffered(&sched, sizeof(sched));
    for (int i = 0; i < options.cores; i++) {
        sim_buffered(allm[i], sizeof(*allm[i]));
    }
    sched_start(s->run, 1, argv);
}

static void
show(int out)
{
    char buf[4096];
    ssize_t n;
    lseek(out, 0, SEEK_SET);
    while ((n = read(out, buf, sizeof(buf))) > 0) {
        fwrite(buf, 1, (size_t)n, stdout);
    }
}

/* True: it ended as it should. */
static bool
attempt(const struct scenario *s, uint64_t seed)
{
    int out = memfd_create("explore", 0), status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        run(s, seed);
    }
    waitpid(pid, &status, 0);
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == s->status;
    if (!good || want.one) {
        show(out);
    }
    if (!good) {
        printf("explore: %s with seed %lu on %d cores: %s %d, expected status %d\n"
               "         again: make explore T=%s SEED=%lu\n",
               s->name, (unsigned long)seed, cores_of(s, seed),
               WIFEXITED(status) ? "status" : "signal",
               WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), s->status, s->name,
               (unsigned long)seed);
    }
    close(out);
    return good;
}

static bool
wanted(const struct scenario *s)
{
    return want.only == NULL || strcmp(want.only, s->name) == 0;
}

static void
usage(const char *why)
{
    fprintf(stderr, "explore: %s\nusage: explore [-t SCENARIO] [-s SEED] [-n SEEDS] [-x SECONDS]\n",
            why);
    for (const struct scenario *s = scenarios; s->name != NULL; s++) {
        fprintf(stderr, "  %s\n", s->name);
    }
    exit(64);
}

static void
arguments(int argc, char **argv)
{
    int c;
    while ((c = getopt(argc, argv, "t:s:n:x:")) != -1) {
        uint64_t n = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
        switch (c) {
        case 't':
            want.only = optarg;
            break;
        case 's':
            want.seed = n;
            want.one = true;
            break;
        case 'n':
            want.seeds = n;
            break;
        case 'x':
            want.seconds = n;
            break;
        default:
            usage("unknown option");
        }
    }
    size_t n = 0;
    for (const struct scenario *s = scenarios; s->name != NULL; s++) {
        n += wanted(s);
    }
    if (n == 0) {
        usage("no such scenario; there are");
    }
}

int
main(int argc, char **argv)
{
    arguments(argc, argv);
    time_t end = time(NULL) + (time_t)want.seconds, said = time(NULL);
    uint64_t first = want.one ? want.seed : want.seconds > 0 ? (uint64_t)time(NULL) * 1000 : 1;
    uint64_t seeds = want.one ? 1 : want.seconds > 0 ? UINT64_MAX : want.seeds, runs = 0, kinds = 0;
    if (want.seconds > 0 && !want.one) {
        printf("explore: for %lu s, seeds from %lu on\n", (unsigned long)want.seconds,
               (unsigned long)first);
    }
    for (uint64_t i = 0; i < seeds && (want.one || want.seconds == 0 || time(NULL) < end); i++) {
        kinds = 0;
        for (const struct scenario *s = scenarios; s->name != NULL; s++) {
            if (!wanted(s)) {
                continue;
            }
            kinds++;
            runs++;
            if (!attempt(s, first + i)) {
                return 1;
            }
        }
        if (time(NULL) >= said + 10) {
            said = time(NULL);
            printf("explore: %lu seeds of %lu scenarios, nothing wrong so far\n",
                   (unsigned long)i + 1, (unsigned long)kinds);
        }
    }
    printf("explore: %lu runs of %lu scenarios, nothing wrong\n", (unsigned long)runs,
           (unsigned long)kinds);
    return 0;
}
