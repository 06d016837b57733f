/* SPDX-License-Identifier: MIT */
/*
 * scenarios_sched.c -- spawning, waking, yielding, preempting; cores that come and go; deadlocks.
 *
 * One that waits by spinning depends on another core being woken: its slice is longer than the run.
 */
#include <gamp.h>
#include <stdatomic.h>

#include "scenarios.h"

static struct waitgroup all;
static atomic_int flag, count;

static void
add_one(void *arg)
{
    atomic_fetch_add(&count, 1);
    waitgroup_done(arg);
}

int
spawns(int argc, char **argv)
{
    enum { MANY = 40 }; /* more than a ring holds */
    waitgroup_add(&all, MANY);
    for (int i = 0; i < MANY; i++) {
        go(add_one, &all);
    }
    waitgroup_wait(&all);
    want(atomic_load(&count) == MANY);
    return argc - 1 + (argv == NULL);
}

static void
set_flag(void *arg)
{
    (void)arg;
    atomic_store(&flag, 1);
}

/* The creator never lets go of its core: another one must be woken. */
int
wakes_another(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (int i = 0; i < 3; i++) {
        atomic_store(&flag, 0);
        go(set_flag, NULL);
        while (!atomic_load(&flag)) {
        }
    }
    return 0;
}

static void
spin_for_all(void *n)
{
    atomic_fetch_add(&count, 1);
    while (atomic_load(&count) < (int)(intptr_t)n) {
    }
}

/* As many goroutines as cores, each of which waits for all without letting go: the wake-ups must
 * go on from core to core. */
int
wakes_all(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (int i = 1; i < num_cpu(); i++) {
        go(spin_for_all, (void *)(intptr_t)num_cpu());
    }
    spin_for_all((void *)(intptr_t)num_cpu());
    return 0;
}

enum { WAKERS = 3 };
static atomic_int flags[WAKERS];

static void
set_one(void *flag_)
{
    atomic_store((atomic_int *)flag_, 1);
}

static void
wakes_again_and_again(void *mine)
{
    for (int i = 0; i < 4; i++) {
        atomic_store((atomic_int *)mine, 0);
        go(set_one, mine);
        while (!atomic_load((atomic_int *)mine)) {
        }
    }
    waitgroup_done(&all);
}

/* Several at once that never let go, for the cores that are left. */
int
wakers(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    waitgroup_add(&all, WAKERS);
    for (int i = 1; i < WAKERS; i++) {
        go(wakes_again_and_again, &flags[i]);
    }
    wakes_again_and_again(&flags[0]);
    waitgroup_wait(&all);
    return 0;
}

static struct chan *ping, *pong;

static void
answers_and_spins(void *arg)
{
    (void)arg;
    chan_recv(ping, NULL);
    chan_send(pong, NULL);
    atomic_store(&flag, 1);
}

/* A goroutine readied by another core's work, while this one spins. */
int
ready_wakes(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    ping = chan_make(0, 0);
    pong = chan_make(0, 1);
    go(answers_and_spins, NULL);
    chan_send(ping, NULL);
    while (!atomic_load(&flag)) {
    }
    chan_recv(pong, NULL);
    return 0;
}

static void
yields(void *arg)
{
    for (int i = 0; i < 6; i++) {
        atomic_fetch_add(&count, 1);
        gosched();
    }
    waitgroup_done(arg);
}

int
yielding(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 6);
    for (int i = 0; i < 6; i++) {
        go(yields, &all);
    }
    waitgroup_wait(&all);
    want(atomic_load(&count) == 36);
    return 0;
}

static void
loops_until(void *arg)
{
    atomic_fetch_add(&count, 1);
    while (atomic_load(&count) < (int)(intptr_t)arg) {
    }
    waitgroup_done(&all);
}

/* More loops than cores, each of which ends when all have begun: only preemption helps. */
int
preempts(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int n = num_cpu() + 2;
    waitgroup_add(&all, n);
    for (int i = 0; i < n; i++) {
        go(loops_until, (void *)(intptr_t)n);
    }
    waitgroup_wait(&all);
    return 0;
}

int
procs_change(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 8);
    for (int i = 0; i < 8; i++) {
        go(yields, &all);
    }
    for (int i = 0; i < 3; i++) {
        gomaxprocs(1);
        gomaxprocs(num_cpu());
    }
    waitgroup_wait(&all);
    return 0;
}

static void
stays(void *core)
{
    for (int i = 0; i < 4; i++) {
        want(core_id() == (int)(intptr_t)core);
        gosched();
    }
    waitgroup_done(&all);
}

int
pins(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 2 * num_cpu());
    for (int i = 0; i < 2 * num_cpu(); i++) {
        struct go_attr attr = { .core = GO_CORE(i % num_cpu()) };
        go_with(&attr, stays, (void *)(intptr_t)(i % num_cpu()));
    }
    waitgroup_wait(&all);
    return 0;
}

static void
blocks_for_ever(void *arg)
{
    chan_recv(NULL, arg);
}

int
real_deadlock(int argc, char **argv)
{
    (void)argv;
    for (int i = 0; i < 3; i++) {
        go(blocks_for_ever, NULL);
    }
    gosched();
    waitgroup_add(&all, argc);
    waitgroup_wait(&all);
    return 0;
}

int
no_goroutines(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    go(set_flag, NULL);
    goexit();
}
