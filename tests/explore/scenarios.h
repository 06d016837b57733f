/* SPDX-License-Identifier: MIT */
/*
 * scenarios.h -- what the files of scenarios share.
 */
#pragma once
#include "sim.h"

#define want(what) ((what) ? (void)0 : sim_failed("%s:%d: not so: %s", __FILE__, __LINE__, #what))

/* scenarios_sched.c */
int spawns(int argc, char **argv);
int wakes_another(int argc, char **argv);
int wakes_all(int argc, char **argv);
int wakers(int argc, char **argv);
int ready_wakes(int argc, char **argv);
int yielding(int argc, char **argv);
int preempts(int argc, char **argv);
int procs_change(int argc, char **argv);
int pins(int argc, char **argv);
int real_deadlock(int argc, char **argv);
int no_goroutines(int argc, char **argv);

/* scenarios_chan.c */
int channels(int argc, char **argv);
int close_against_send(int argc, char **argv);
int select_mesh(int argc, char **argv);
int select_lets_go(int argc, char **argv);
int select_and_close(int argc, char **argv);
int default_sees_one_moment(int argc, char **argv);
int close_leaves_no_gap(int argc, char **argv);

/* scenarios_meet.c */
int one_sees_the_other(int argc, char **argv);
int send_meets_close(int argc, char **argv);

/* scenarios_sync.c */
int locks(int argc, char **argv);
int conditions(int argc, char **argv);
int let_in_and_freed(int argc, char **argv);
int sleeps(int argc, char **argv);
int timers(int argc, char **argv);
int timers_elsewhere(int argc, char **argv);
int notes(int argc, char **argv);
int contexts(int argc, char **argv);

/* scenarios_lock.c */
int circle_told_once(int argc, char **argv);
int no_false_circle(int argc, char **argv);
int no_circle_in_order(int argc, char **argv);
int dead_owner_is_nobody(int argc, char **argv);
int once_and_cond_freed(int argc, char **argv);
