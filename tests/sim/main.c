/* SPDX-License-Identifier: MIT */
/*
 * main.c -- runs loads on machines with more and more cores, each in a process of its own, and
 * prints what became of them.
 *
 * Usage: sim [-t LOAD] [-c CORES,CORES,...] [-j JOBS] [-l LINES] [-s SEED]
 *        sim floors                  the least efficiency that each load must have: TAP
 *        sim steady                  paths that may touch no line of another core: TAP
 *
 * Efficiency: the time that the load's work takes on one core, over cores times time.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "runtime.h"
#include "sim.h"

enum { RUNS = 128, LIMIT = 300 };

extern int sim_ncores;

static struct {
    const char *only;
    int cores[16], n, jobs, lines;
    uint64_t seed;
    enum { TABLE, FLOORS, STEADY } mode;
} want = { NULL, { 1, 2, 4, 8, 16, 32, 64, 128, 256 }, 9, 1, 3, 1, TABLE };

static struct run {
    const struct load *load;
    int cores, out;
    pid_t pid;
    bool good;
} run[RUNS];
static int runs;
static struct result *results;

/* The goroutine main of a run. */
static const struct load *running;

static int
run_main(int argc, char **argv)
{
    int status = running->run(argc, argv);
    if (status != 0) {
        printf("  %s on %d cores: status %d\n", running->name, sim_ncores, status);
    }
    lines_report(want.lines, "    ");
    return status;
}

static void
run_child(struct run *r)
{
    static char *argv[] = { "sim", NULL };
    running = r->load;
    result = &results[r - run];
    dup2(r->out, STDOUT_FILENO);
    alarm(LIMIT); /* a loop without a point */
    sim_ncores = r->cores;
    memory_init();
    lines_init();
    clock_boot();
    sched_init(&(struct sched_config){ .seed = want.seed, .quiet = true });
    sched_start(run_main, 1, argv);
}

static void
start(struct run *r)
{
    fflush(stdout);
    r->out = memfd_create("sim", 0);
    r->pid = fork();
    if (r->pid == 0) {
        run_child(r);
    }
}

static void
show(const struct run *r)
{
    char buf[4096];
    ssize_t n;
    lseek(r->out, 0, SEEK_SET);
    while ((n = read(r->out, buf, sizeof(buf))) > 0) {
        fwrite(buf, 1, (size_t)n, stdout);
    }
    close(r->out);
}

/* The run of the same load on one core. */
static const struct result *
alone(const struct run *r)
{
    while (r > run && (r - 1)->load == r->load) {
        r--;
    }
    return &results[r - run];
}

/* In per cent. */
static double
efficiency(const struct run *r)
{
    const struct result *x = &results[r - run], *one = alone(r);
    double ns = (double)(x->ended - x->began) * x->cores;
    return one->done ? 100 * (double)(one->ended - one->began) * x->units / one->units / ns : 0;
}

static void
line(const struct run *r)
{
    const struct result *x = &results[r - run];
    double ns = (double)(x->ended - x->began), all = ns * x->cores * NS;
    printf("%-9s%5d %10.3f %7.1f %6.1f %6.1f %6.1f %6.1f %8lu %8lu %9lu", r->load->name, x->cores,
           ns / 1e6, efficiency(r), 100 * (double)x->times.run / all,
           100 * (double)x->times.sched / all, 100 * (double)x->times.idle / all,
           100 * (double)x->times.waiting / all, (unsigned long)x->steals,
           (unsigned long)x->times.ipis, (unsigned long)x->transfers);
    if (x->late[2] > 0) {
        printf("  %.1f %.1f %.1f", (double)x->late[0] / 1e3, (double)x->late[1] / 1e3,
               (double)x->late[2] / 1e3);
    }
    printf("\n");
}

static bool
floor_check(const struct run *r)
{
    bool good = efficiency(r) >= r->load->least;
    printf("%s 1 - %s on %d cores: efficiency %.1f %%, at least %d\n", good ? "ok" : "not ok",
           r->load->name, r->cores, efficiency(r), r->load->least);
    return good;
}

/* Some at a time, told in order. */
static bool
run_all(void)
{
    bool good = true;
    for (int told = 0, started = 0; told < runs;) {
        while (started < runs && started < told + want.jobs) {
            start(&run[started++]);
        }
        struct run *r = &run[told];
        int status;
        waitpid(r->pid, &status, 0);
        r->good = WIFEXITED(status) && WEXITSTATUS(status) == 0 && results[told].done;
        if (want.mode == TABLE && r->good) {
            line(r);
        } else if (want.mode == FLOORS && r->good && r->cores > 1) {
            good = floor_check(r) && good;
        }
        show(r);
        if (!r->good) {
            printf("%s on %d cores: %s %d\n", r->load->name, r->cores,
                   WIFEXITED(status) ? "status" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
            good = false;
        }
        told++;
    }
    return good;
}

static void
plan(const struct load *list)
{
    for (const struct load *l = list; l->name != NULL; l++) {
        if (want.only != NULL && strcmp(want.only, l->name) != 0) {
            continue;
        }
        for (int i = 0; i < want.n && runs < RUNS; i++) {
            if (i == 0 && want.cores[0] != 1 && list == loads) {
                run[runs++] = (struct run){ .load = l, .cores = 1 };
            }
            run[runs++] = (struct run){ .load = l, .cores = want.cores[i] };
        }
    }
    results = mmap(NULL, sizeof(*results) * RUNS, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void
cores_parse(char *list)
{
    want.n = 0;
    for (char *s = strtok(list, ", "); s != NULL && want.n < 16; s = strtok(NULL, ", ")) {
        int n = atoi(s);
        if (n < 1 || n > CORES_MAX) {
            fprintf(stderr, "sim: 1 to %d cores\n", CORES_MAX);
            exit(64);
        }
        want.cores[want.n++] = n;
    }
}

static void
arguments(int argc, char **argv)
{
    int c;
    while ((c = getopt(argc, argv, "t:c:j:l:s:")) != -1) {
        switch (c) {
        case 't':
            want.only = optarg;
            break;
        case 'c':
            cores_parse(optarg);
            break;
        case 'j':
            want.jobs = atoi(optarg);
            break;
        case 'l':
            want.lines = atoi(optarg);
            break;
        case 's':
            want.seed = strtoull(optarg, NULL, 0);
            break;
        default:
            fprintf(stderr, "usage: sim [-t LOAD] [-c CORES,...] [-j JOBS] [-l LINES] [-s SEED] "
                            "[floors | steady]\n");
            exit(64);
        }
    }
    if (optind < argc) {
        want.mode = strcmp(argv[optind], "steady") == 0 ? STEADY : FLOORS;
        want.lines = want.mode == FLOORS ? 0 : want.lines;
    }
}

int
main(int argc, char **argv)
{
    arguments(argc, argv);
    plan(want.mode == STEADY ? steady : loads);
    if (runs == 0 || results == MAP_FAILED) {
        fprintf(stderr, "sim: nothing to run\n");
        return 64;
    }
    if (want.mode == TABLE) {
        printf(
            "load     cores    time ms   eff %%  run %%   g0 %% idle %% wait %%   steals     IPIs"
            " transfers  latency us: half 99%% worst\n");
    }
    return !run_all();
}
