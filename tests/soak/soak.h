/* SPDX-License-Identifier: MIT */
/*
 * soak.h -- what the workloads of the soak share.
 */
#pragma once

#include <gamp.h>
#include <stdatomic.h>
#include <stdint.h>

/* A workload does rounds until soak_over(); each round checks what it did. */
typedef void workload(uint64_t *random);

/* Time is up, or somebody has failed. */
bool soak_over(void);

/* Says what is wrong, once, and ends the soak with status 1. */
void soak_fail(const char *what, long long seen, long long expected);

#define SOAK_EQ(seen, expected)                                                                    \
    do {                                                                                           \
        long long seen_ = (long long)(seen), expected_ = (long long)(expected);                    \
        if (seen_ != expected_) {                                                                  \
            soak_fail(__func__, seen_, expected_);                                                 \
        }                                                                                          \
    } while (0)

static inline uint64_t
soak_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* comm.c: goroutines that talk. */
workload soak_pipeline, soak_select, soak_close, soak_mutex, soak_timers;

/* stress.c: goroutines that strain the machine. */
workload soak_storm, soak_stacks, soak_loops, soak_panics, soak_pinned, soak_cores;
