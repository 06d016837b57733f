/* SPDX-License-Identifier: MIT */
/*
 * rival.h -- what the programs of this folder share: rows, a clock, lines like those of ../main.c.
 *
 * Arguments: bench=all|name,name scale=1.0; others are let pass, so that all take the same words.
 * The clock is the process's own time, as with clock=cpu there: other processes do not count.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rival_row {
    const char *name;
    void (*run)(long n);
    long n;
    bool fixed; /* scale does not count, and no warming up */
};

static bool rival_warming;

static inline int64_t
rival_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static inline void
rival_line(const char *name, long n, int64_t ns)
{
    if (!rival_warming) {
        printf("BENCH %s procs=1 n=%ld ns_per_op=%.1f\n", name, n, (double)ns / (double)n);
        fflush(stdout);
    }
}

static inline void
rival_check(bool right, const char *what)
{
    if (!right) {
        fprintf(stderr, "bench: %s: wrong result\n", what);
        exit(1);
    }
}

static inline bool
rival_listed(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += n) {
        if ((at == list || at[-1] == ',') && (at[n] == '\0' || at[n] == ',')) {
            return true;
        }
    }
    return false;
}

/* Whole thousands, since some rows go by the thousand. */
static inline long
rival_thousands(double n)
{
    return n >= 2000 ? (long)n - (long)n % 1000 : 1000;
}

static inline int
rival_main(int argc, char **argv, const struct rival_row *rows, size_t count)
{
    const char *names = "all";
    double scale = 1.0;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "bench=", 6) == 0) {
            names = argv[i] + 6;
        } else if (strncmp(argv[i], "scale=", 6) == 0) {
            scale = strtod(argv[i] + 6, NULL);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!rival_listed(names, "all") && !rival_listed(names, rows[i].name)) {
            continue;
        }
        double n = (double)rows[i].n * (rows[i].fixed ? 1.0 : scale);
        if (!rows[i].fixed) {
            rival_warming = true;
            rows[i].run(rival_thousands(n / 10));
            rival_warming = false;
        }
        rows[i].run(rows[i].fixed ? rows[i].n : rival_thousands(n));
    }
    return 0;
}
