/* SPDX-License-Identifier: MIT */
/*
 * timerheap.h -- a core's heap of timers, for those who arm them.
 */
#pragma once
#include "runtime.h"

#define TIMER_OUT   UINT32_MAX
#define TIMER_STAYS (UINT32_MAX - 1) /* nobody stops it, so it need not know where it is */

struct timer_entry {
    int64_t when;
    /* On a g0, mp's heap locked, t no longer in it. May not block. */
    void (*fire)(struct m *mp, struct timer_entry *t, int64_t now);
    /* Of a weak one: does anybody wait for it? NULL: nobody ever does. */
    bool (*awaited)(const struct timer_entry *t);
    uint32_t index; /* in its heap, or TIMER_OUT, or TIMER_STAYS */
    bool weak;      /* in itself no reason to hold a deadlock report back */
};

bool timers_room(struct m *mp);
void timers_insert(struct m *mp, struct timer_entry *t);
void timers_remove(struct m *mp, struct timer_entry *t);
void timers_run(struct m *mp);
void timers_steal(struct m *victim);
bool timers_awaited(struct m *mp);
