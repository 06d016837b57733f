/* SPDX-License-Identifier: MIT */
/*
 * load.h -- what the programs that run on the simulated machine share with it.
 */
#pragma once
#include <gamp.h>

#include "cost.h"

/* An ordinary main, but that it says what is to be measured. */
struct load {
    const char *name;
    int (*run)(int argc, char **argv);
    int least; /* efficiency on 2 and on 16 cores, in per cent: less of it is a fault */
};
extern const struct load loads[], steady[];

/* What a run tells main.c, in memory shared with it. */
struct result {
    int cores;
    int64_t began, ended; /* ns */
    double units;
    int64_t late[3]; /* latency, ns: half, 99 of 100, and the worst; 0: none */
    struct core_times times;
    uint64_t steals, stolen, transfers;
    bool done;
};

/* load.c */
extern struct result *result;
void work(int64_t ns);    /* takes so long and touches nothing */
void measure_begin(void); /* on main, once all cores are idle */
void measure_end(double units);
void together(int n); /* until n are here, working meanwhile */
int64_t load_time(void);
uint64_t load_random(void);
void load_took(int64_t ns); /* one request */
