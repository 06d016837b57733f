/* SPDX-License-Identifier: MIT */
/*
 * scenarios_sync.c -- the same for locks, time, interrupts and contexts.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "scenarios.h"

static struct waitgroup all;

/* ---- locks ---- */

static struct mutex mutex;
static struct rwmutex rw;
static struct sema sema;
static int guarded, readers, writers; /* what the locks protect; plain, on purpose */

static void
uses_locks(void *arg)
{
    for (int i = 0; i < 3; i++) {
        mutex_lock(&mutex);
        int was = guarded;
        gosched();
        guarded = was + 1;
        mutex_unlock(&mutex);
        if (((int)(intptr_t)arg + i) % 3 == 0) {
            rwmutex_lock(&rw);
            want(writers++ == 0 && readers == 0);
            gosched();
            writers--;
            rwmutex_unlock(&rw);
        } else {
            rwmutex_rlock(&rw);
            readers++;
            want(writers == 0);
            gosched();
            readers--;
            rwmutex_runlock(&rw);
        }
        sema_acquire_n(&sema, (size_t)(i % 3));
        gosched();
        sema_release_n(&sema, (size_t)(i % 3));
    }
    waitgroup_done(&all);
}

int
locks(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sema_init(&sema, 2);
    waitgroup_add(&all, 4);
    for (int i = 0; i < 4; i++) {
        go(uses_locks, (void *)(intptr_t)i);
    }
    waitgroup_wait(&all);
    want(guarded == 12);
    want(mutex_trylock(&mutex) && rwmutex_trylock(&rw) && sema_try_acquire_n(&sema, 2));
    return 0;
}

static struct cond cond;
static int turn; /* mutex */

static void
takes_turns(void *arg)
{
    int me = (int)(intptr_t)arg;
    for (int i = 0; i < 3; i++) {
        mutex_lock(&mutex);
        while (turn % 3 != me) {
            cond_wait(&cond, &mutex);
        }
        turn++;
        if (me == 0) {
            cond_broadcast(&cond);
        }
        mutex_unlock(&mutex);
        if (me != 0) {
            cond_broadcast(&cond);
        }
    }
    waitgroup_done(&all);
}

int
conditions(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 3);
    for (int i = 0; i < 3; i++) {
        go(takes_turns, (void *)(intptr_t)i);
    }
    waitgroup_wait(&all);
    want(turn == 9);
    return 0;
}

/* ---- whoever is let in may free the object ---- */

struct passed {
    struct mutex mutex;
    struct rwmutex rw;
    struct sema sema;
    struct waitgroup done;
};

static void
unlocks(void *arg)
{
    mutex_unlock(&((struct passed *)arg)->mutex);
    waitgroup_done(&all);
}

static void
unlocks_writer(void *arg)
{
    rwmutex_unlock(&((struct passed *)arg)->rw);
    waitgroup_done(&all);
}

static void
unlocks_reader(void *arg)
{
    rwmutex_runlock(&((struct passed *)arg)->rw);
    waitgroup_done(&all);
}

static void
releases(void *arg)
{
    sema_release(&((struct passed *)arg)->sema);
    waitgroup_done(&all);
}

static void
is_done(void *arg)
{
    waitgroup_done(&((struct passed *)arg)->done);
    waitgroup_done(&all);
}

static struct passed *
passed_new(void)
{
    waitgroup_add(&all, 1);
    return calloc(1, sizeof(struct passed));
}

/* The memory stays where it is: a late store would be seen. */
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

int
let_in_and_freed(int argc, char **argv)
{
    struct passed *p = passed_new();
    (void)argc;
    (void)argv;
    mutex_lock(&p->mutex);
    go(unlocks, p);
    mutex_lock(&p->mutex);
    scrap(p);
    p = passed_new();
    rwmutex_lock(&p->rw);
    go(unlocks_writer, p);
    rwmutex_rlock(&p->rw);
    scrap(p);
    p = passed_new();
    rwmutex_rlock(&p->rw);
    go(unlocks_reader, p);
    rwmutex_lock(&p->rw);
    scrap(p);
    p = passed_new();
    go(releases, p);
    sema_acquire(&p->sema);
    scrap(p);
    p = passed_new();
    waitgroup_add(&p->done, 1);
    go(is_done, p);
    waitgroup_wait(&p->done);
    scrap(p);
    return 0;
}

/* ---- time ---- */

static void
sleeps_well(void *arg)
{
    for (int i = 1; i < 5; i++) {
        int64_t until = nanotime() + i * (intptr_t)arg * 700;
        gosleep(i * (intptr_t)arg * 700);
        want(nanotime() >= until);
    }
    waitgroup_done(&all);
}

int
sleeps(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 4);
    for (intptr_t i = 1; i < 5; i++) {
        go(sleeps_well, (void *)i);
    }
    waitgroup_wait(&all);
    return 0;
}

static atomic_int fired;

static void
fires(void *arg)
{
    (void)arg;
    atomic_fetch_add(&fired, 1);
}

static void
stops_and_resets(void *arg)
{
    int *stopped = arg;
    for (int i = 0; i < 4; i++) {
        struct timer *t = timer_after_func(i * 900, fires, NULL);
        gosched();
        *stopped += timer_reset(t, 500);
        gosched();
        *stopped += timer_stop(t);
        timer_free(t);
    }
    waitgroup_done(&all);
}

int
timers(int argc, char **argv)
{
    int stopped[3] = { 0 };
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 3);
    for (int i = 0; i < 3; i++) {
        go(stops_and_resets, &stopped[i]);
    }
    waitgroup_wait(&all);
    while (num_goroutine() > 1) {
        gosched();
    }
    want(atomic_load(&fired) + stopped[0] + stopped[1] + stopped[2] == 24);
    return 0;
}

static struct timer *shared;

static void
makes_timer(void *arg)
{
    shared = timer_new(HOUR);
    chan_send(arg, NULL);
    chan_recv(timer_chan(shared), NULL); /* its core falls asleep until then */
    atomic_store(&fired, 1);
}

/* A timer brought forward from another core, which then spins: its home must notice. */
int
timers_elsewhere(int argc, char **argv)
{
    struct chan *made = chan_make(0, 0);
    struct go_attr there = { .core = GO_CORE(1) };
    (void)argc;
    (void)argv;
    lock_core();
    if (core_id() == 1) {
        there.core = GO_CORE(0);
    }
    go_with(&there, makes_timer, made);
    chan_recv(made, NULL);
    gosleep(2000);
    timer_reset(shared, 1000);
    while (!atomic_load(&fired)) {
    }
    timer_free(shared);
    unlock_core();
    return 0;
}

/* ---- interrupts ---- */

static struct note note_[3];

static void
device_done(void *n)
{
    note_wakeup(n);
}

int
notes(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (int i = 0; i < 3; i++) {
        sim_device(device_done, &note_[i]);
    }
    for (int i = 0; i < 3; i++) {
        note_sleep(&note_[i], true);
    }
    return 0;
}

/* ---- contexts ---- */

static void
waits_for_context(void *c)
{
    chan_recv(context_done(c), NULL);
    want(context_err(c) != 0);
    context_unref(c);
    waitgroup_done(&all);
}

static void
frees_context(void *c)
{
    context_free(c);
    waitgroup_done(&all);
}

int
contexts(int argc, char **argv)
{
    struct context *root = context_with_cancel(context_background());
    struct context *timed = context_with_timeout(root, 3000), *leaf = context_with_cancel(timed);
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 5);
    go(waits_for_context, context_ref(leaf));
    go(waits_for_context, context_ref(root));
    go(frees_context, context_ref(timed));
    go(frees_context, leaf);
    go(frees_context, context_ref(root));
    context_unref(timed);
    context_unref(root);
    waitgroup_wait(&all);
    return 0;
}
