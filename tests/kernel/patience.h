/* SPDX-License-Identifier: MIT */
/*
 * patience.h -- waiting for what must come, with a limit that only a hang reaches.
 */
#pragma once

#include <gamp.h>

#include "../unit/tap.h"

/* A hang detector, not a performance target: the host may be ten times oversubscribed. */
#define PATIENCE (60 * SECOND)

/* True once cond holds; false where it never does. Parks in between, longer each time: a sleeper
 * that wakes too often would never let a slice run to its end. */
#define WAIT_UNTIL(cond)                                                                           \
    __extension__({                                                                                \
        int64_t give_up_ = nanotime() + PATIENCE;                                                  \
        duration nap_ = 100 * MICROSECOND;                                                         \
        bool seen_; /* once is enough: it may pass */                                              \
        while (!(seen_ = (cond)) && nanotime() < give_up_) {                                       \
            gosleep(nap_);                                                                         \
            nap_ = nap_ < 40 * MILLISECOND ? 2 * nap_ : nap_;                                      \
        }                                                                                          \
        seen_;                                                                                     \
    })

static inline struct sched_stats
stats_now(void)
{
    struct sched_stats s;

    sched_stats(&s);
    return s;
}

/* A goroutine's own source of varied numbers: xorshift, never 0. */
static inline uint64_t
next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
