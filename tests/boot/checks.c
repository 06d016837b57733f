/* SPDX-License-Identifier: MIT */
/*
 * checks.c -- the tests of tests/kernel and the benchmarks in one image, for the menu of a stick.
 *
 * Arguments    tests [NAME...]   such as chan; without one, all; a table of them at the end
 *              bench [WORD...]   as tests/bench/main.c takes them; on one core, then on all
 *              once              before either: ends where it else waits for Enter
 * The results stay on the screen until somebody has read them; the status is that of a program.
 * The names of the tests come from the Makefile, as those of the demos (demos/tour.h).
 */
#include "tour.h"

#include <gamp.h>
#include <stdio.h>
#include <string.h>

enum { NAMES = 64, WORDS = 16, USAGE = 64 };

int bench_main(int argc, char **argv);
void tests_ended(size_t passed, size_t failed);

struct outcome {
    size_t passed, failed;
    duration took;
};

static struct outcome outcomes[NAMES];
static struct outcome *running;

/* From tap_main. */
void
tests_ended(size_t passed, size_t failed)
{
    running->passed += passed;
    running->failed += failed;
}

/* Has the caller asked for it? A test is called as its file, with or without `_test`. */
static bool
wanted(const char *test, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        size_t n = strlen(argv[i]);
        if (strncmp(test, argv[i], n) == 0 && (test[n] == '\0' || strcmp(test + n, "_test") == 0)) {
            return true;
        }
    }
    return argc == 0;
}

static void
run_test(const struct demo *test, struct outcome *outcome)
{
    char name[32];
    char *argv[] = { name, NULL };
    int64_t start = nanotime();
    int status, cores = gomaxprocs(0);

    snprintf(name, sizeof name, "%s", test->name);
    printf("\n-- %s: %s\n", test->name, test->about);
    running = outcome;
    status = test->main(1, argv);
    if (status != 0 && outcome->failed == 0) {
        outcome->failed++;
    }
    outcome->took = nanotime() - start;
    gomaxprocs(cores);
}

static int
tests(int argc, char **argv)
{
    struct outcome sum = { 0 };

    for (size_t i = 0; i < ndemos && i < NAMES; i++) {
        if (wanted(demos[i].name, argc, argv)) {
            run_test(&demos[i], &outcomes[i]);
        }
    }
    printf("\n");
    for (size_t i = 0; i < ndemos && i < NAMES; i++) {
        struct outcome *o = &outcomes[i];
        if (o->passed + o->failed != 0) {
            printf("%-20s %4zu passed %4zu failed %8lld ms%s\n", demos[i].name, o->passed,
                   o->failed, (long long)(o->took / MILLISECOND), o->failed ? "  <--" : "");
            sum.passed += o->passed;
            sum.failed += o->failed;
            sum.took += o->took;
        }
    }
    printf("%zu passed, %zu failed on %d cores in %lld s\n", sum.passed, sum.failed, num_cpu(),
           (long long)(sum.took / SECOND));
    return sum.failed != 0 || sum.passed == 0;
}

/* On one core, then on all; words that say otherwise come later and win. */
static int
bench(int argc, char **argv)
{
    char procs[24] = "procs=1";
    char *words[WORDS + 3] = { "bench", procs };
    int n = 2;

    if (num_cpu() > 1) {
        snprintf(procs, sizeof procs, "procs=1,%d", num_cpu());
    }
    for (int i = 0; i < argc && i < WORDS; i++) {
        words[n++] = argv[i];
    }
    return bench_main(n, words);
}

int
main(int argc, char **argv)
{
    bool once = false;
    int status = USAGE;

    /* demo= is for the shell; who made the image may have given it to every entry of the menu. */
    for (argc--, argv++; argc > 0; argc--, argv++) {
        if (strcmp(argv[0], "once") == 0) {
            once = true;
        } else if (strncmp(argv[0], "demo=", 5) != 0) {
            break;
        }
    }
    if (argc > 0 && strcmp(argv[0], "tests") == 0) {
        status = tests(argc - 1, argv + 1);
    } else if (argc > 0 && strcmp(argv[0], "bench") == 0) {
        status = bench(argc - 1, argv + 1);
    } else {
        printf("arguments: [once] tests [NAME...], or [once] bench [WORD...]\n");
    }
    if (!once) {
        char line[8];
        printf("\nThat is all. Enter switches the machine off. ");
        fflush(stdout);
        readline(line, sizeof line);
    }
    return status;
}
