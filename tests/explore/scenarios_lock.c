/* SPDX-License-Identifier: MIT */
/*
 * scenarios_lock.c -- circles of mutexes, true and false ones; once and conditions freed early.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "runtime.h"
#include "scenarios.h"

static struct waitgroup all;

/* ---- circles are told once, and only where there are any ---- */

static struct mutex ring[3];

static void
locks_two(void *arg)
{
    intptr_t i = (intptr_t)arg;
    mutex_lock(&ring[i]);
    gosched();
    mutex_lock(&ring[(i + 1) % 3]);
    mutex_unlock(&ring[(i + 1) % 3]);
    mutex_unlock(&ring[i]);
    waitgroup_done(&all);
}

/* Whether three philosophers meet in a circle is a matter of luck: told exactly if they do. */
int
circle_told_once(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sched.quiet = false;
    waitgroup_add(&all, 3);
    for (intptr_t i = 0; i < 3; i++) {
        go(locks_two, (void *)i);
    }
    for (int i = 0; sim_circles == 0 && num_goroutine() > 1 && i < 50; i++) {
        gosleep(20000);
    }
    bool stuck = num_goroutine() > 1;
    gosleep(200000);
    want(sim_circles == (stuck ? 1 : 0));
    return 0;
}

static struct mutex gate, inner;
static struct cond cond;
static atomic_int waits_left;

static void
waits_and_locks(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        mutex_lock(&gate);
        cond_wait(&cond, &gate);
        mutex_lock(&inner); /* always gate first */
        gosched();
        mutex_unlock(&inner);
        mutex_unlock(&gate);
        atomic_fetch_sub(&waits_left, 1);
    }
    waitgroup_done(&all);
}

/* Without the mutex: a signal may come as soon as the waiter is queued. */
static void
signals_blindly(void *arg)
{
    (void)arg;
    while (atomic_load(&waits_left) > 0) {
        cond_signal(&cond);
        gosched();
    }
    waitgroup_done(&all);
}

int
no_false_circle(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sched.quiet = false;
    atomic_store(&waits_left, 4);
    waitgroup_add(&all, 3);
    go(waits_and_locks, NULL);
    go(waits_and_locks, NULL);
    go(signals_blindly, NULL);
    waitgroup_wait(&all);
    want(sim_circles == 0);
    return 0;
}

static void
locks_and_ends(void *m)
{
    mutex_lock(m);
    waitgroup_done(&all);
}

static void
locks_and_unlocks(void *m)
{
    mutex_lock(m);
    mutex_unlock(m);
    waitgroup_done(&all);
}

/* The one that locked is gone, and its struct g runs another by now. */
int
dead_owner_is_nobody(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sched.quiet = false;
    for (int i = 0; i < 3; i++) {
        waitgroup_add(&all, 1);
        go(locks_and_ends, &gate);
        waitgroup_wait(&all);
        waitgroup_add(&all, 2);
        go(locks_and_unlocks, &gate);
        go(locks_and_unlocks, &gate);
        gosleep(2000);
        mutex_unlock(&gate); /* any goroutine may */
        waitgroup_wait(&all);
    }
    want(sim_circles == 0);
    return 0;
}

/* Locks ring[1] and what lies behind it, lets go of both, and only then wants ring[0]: seen at
 * different moments, it has ring[1] and waits for ring[0]. */
static void
locks_one_by_one(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++) {
        mutex_lock(&ring[1]);
        mutex_lock(&ring[2]);
        mutex_unlock(&ring[2]);
        mutex_unlock(&ring[1]);
        mutex_lock(&ring[0]);
        mutex_unlock(&ring[0]);
    }
    waitgroup_done(&all);
}

static void
locks_inner(void *arg)
{
    (void)arg;
    for (int i = 0; i < 8; i++) {
        mutex_lock(&ring[2]);
        gosched();
        mutex_unlock(&ring[2]);
    }
    waitgroup_done(&all);
}

static void
locks_outer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 8; i++) {
        mutex_lock(&ring[0]);
        mutex_lock(&ring[1]);
        mutex_unlock(&ring[1]);
        mutex_unlock(&ring[0]);
    }
    waitgroup_done(&all);
}

int
no_circle_in_order(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sched.quiet = false;
    waitgroup_add(&all, 3);
    go(locks_outer, NULL);
    go(locks_one_by_one, NULL);
    go(locks_inner, NULL);
    waitgroup_wait(&all);
    want(sim_circles == 0);
    return 0;
}

/* ---- freed as soon as every call has had its effect ---- */

struct passed {
    struct once once;
    struct cond cond;
    struct mutex mutex;
    bool signalled;    /* mutex */
    atomic_bool begun;
    int initialised;   /* once */
};

static void
initialises(void *arg)
{
    struct passed *p = arg;
    atomic_store(&p->begun, true);
    gosched();
    p->initialised++;
}

static void
does_once(void *arg)
{
    once_do(&((struct passed *)arg)->once, initialises, arg);
    waitgroup_done(&all);
}

static void
scrap(struct passed *p)
{
    memset(p, 0xa5, sizeof(*p));
    waitgroup_wait(&all);
    for (size_t i = 0; i < sizeof(*p); i++) {
        want(((unsigned char *)p)[i] == 0xa5);
    }
    free(p);
}

static void
signals_under_lock(void *arg)
{
    struct passed *p = arg;
    mutex_lock(&p->mutex);
    p->signalled = true;
    cond_signal(&p->cond);
    mutex_unlock(&p->mutex);
    waitgroup_done(&all);
}

int
once_and_cond_freed(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (int i = 0; i < 3; i++) {
        struct passed *p = calloc(1, sizeof(*p));
        waitgroup_add(&all, 1);
        go(does_once, p);
        while (!atomic_load(&p->begun)) {
            gosched();
        }
        once_do(&p->once, initialises, p);
        want(p->initialised == 1);
        scrap(p); /* the other call has had its effect: ours returned */
        p = calloc(1, sizeof(*p));
        waitgroup_add(&all, 1);
        mutex_lock(&p->mutex);
        go(signals_under_lock, p);
        while (!p->signalled) {
            cond_wait(&p->cond, &p->mutex);
        }
        scrap(p);
    }
    return 0;
}
