/* SPDX-License-Identifier: MIT */
/*
 * scenarios.c -- the list: small programs in which one thing can go wrong.
 *
 * Each is an ordinary main, but for what it checks: want() ends the run as failed.
 */
#include <gamp.h>

#include "scenarios.h"

#define NEVER (1000 * SECOND)

const struct scenario scenarios[] = {
    { "spawns", spawns, 0, 0, 0 },
    { "wakes_another", wakes_another, 0, NEVER, 0 },
    { "wakes_all", wakes_all, 0, NEVER, 0 },
    { "wakers", wakers, 5, NEVER, 0 },
    { "ready_wakes", ready_wakes, 0, NEVER, 0 },
    { "yielding", yielding, 0, 0, 0 },
    { "preempts", preempts, 0, 0, 0 },
    { "procs_change", procs_change, 0, 0, 0 },
    { "pins", pins, 0, 0, 0 },
    { "real_deadlock", real_deadlock, 0, 0, 2 },
    { "no_goroutines", no_goroutines, 0, 0, 2 },
    { "channels", channels, 0, 0, 0 },
    { "close_against_send", close_against_send, 0, 0, 0 },
    { "select_mesh", select_mesh, 0, 0, 0 },
    { "select_lets_go", select_lets_go, 0, 0, 0 },
    { "select_and_close", select_and_close, 0, 0, 0 },
    { "default_sees_one_moment", default_sees_one_moment, 0, 0, 0 },
    { "one_sees_the_other", one_sees_the_other, 0, 0, 0 },
    { "send_meets_close", send_meets_close, 0, 0, 0 },
    { "close_leaves_no_gap", close_leaves_no_gap, 0, 0, 0 },
    { "locks", locks, 0, 0, 0 },
    { "conditions", conditions, 0, 0, 0 },
    { "let_in_and_freed", let_in_and_freed, 0, 0, 0 },
    { "circle_told_once", circle_told_once, 0, 0, 0 },
    { "no_false_circle", no_false_circle, 0, 0, 0 },
    { "no_circle_in_order", no_circle_in_order, 0, 0, 0 },
    { "dead_owner_is_nobody", dead_owner_is_nobody, 0, 0, 0 },
    { "once_and_cond_freed", once_and_cond_freed, 0, 0, 0 },
    { "sleeps", sleeps, 0, 0, 0 },
    { "timers", timers, 0, 0, 0 },
    { "timers_elsewhere", timers_elsewhere, 0, NEVER, 0 },
    { "notes", notes, 0, 0, 0 },
    { "contexts", contexts, 0, 0, 0 },
    { NULL, NULL, 0, 0, 0 },
};
