/* SPDX-License-Identifier: MIT */
/*
 * tour.h -- the table of demos, and what the shell asks of the tour.
 *
 * The table is made by the Makefile: one entry for each demos/NAME.c but the shell's own, whose
 * main was renamed to demo_NAME_main by -Dmain, with the words of its first comment line.
 */
#pragma once

#include <stddef.h>

struct demo {
    const char *name;
    const char *about;
    int (*main)(int, char **);
};

extern const struct demo demos[];
extern const size_t ndemos;

/* NULL if there is none of that name. */
const struct demo *demo_find(const char *name);

/* Runs one demo under a heading and says how it ended; returns its status. argv[0] is its name. */
int demo_run(const struct demo *d, int argc, char **argv);

/* Runs every demo, then prints the scheduler's figures; returns how many demos failed. */
int tour(void);

/* The scheduler's figures since boot: one row a core; and the totals. */
void tour_print_cores(void);
void tour_print_totals(void);
