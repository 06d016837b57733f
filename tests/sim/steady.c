/* SPDX-License-Identifier: MIT */
/*
 * steady.c -- paths on which cores must not meet: each core does the same, on its own.
 *
 * Every core is busy, so none steals; after some hundred operations each counts the lines that come
 * to it from other cores during the next ones. There should be none. `allowed` says how many there
 * may be for each thousand operations, where a batch of something shared is taken.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "load.h"

enum { WARM = 700, COUNTED = 2000, CORES_MOST = 256 };

/* One core's own, in lines of its own. */
struct own {
    _Alignas(64) struct chan *there, *back, *buffered;
    struct mutex mutex;
    struct timer *timer;
    bool stop, stopped;
};

static const struct path {
    const char *name;
    void (*op)(struct own *);
    void (*partner)(void *own);
    int allowed; /* lines for a thousand operations */
} * path;
static struct own own[CORES_MOST];

/* ---- what is done ---- */

static void
nothing(void *arg)
{
    (void)arg;
}

static void
op_spawn(struct own *o)
{
    (void)o;
    go(nothing, NULL);
    gosched();
}

static void
op_yield(struct own *o)
{
    (void)o;
    gosched();
}

static void
yielder(void *arg)
{
    struct own *o = arg;
    while (!o->stop) {
        gosched();
    }
    o->stopped = true;
}

static void
op_unbuffered(struct own *o)
{
    long v = 1;
    chan_send(o->there, &v);
    chan_recv(o->back, &v);
}

static void
answerer(void *arg)
{
    struct own *o = arg;
    long v;
    while (chan_recv(o->there, &v)) {
        chan_send(o->back, &v);
    }
    o->stopped = true;
}

static void
op_buffered(struct own *o)
{
    long v = 1;
    chan_send(o->buffered, &v);
    chan_recv(o->buffered, &v);
}

static void
op_select(struct own *o)
{
    long v = 1;
    struct select_case cases[] = { SELECT_RECV(o->there, &v), SELECT_SEND(o->buffered, &v) };
    chan_select(cases, 2);
    chan_recv(o->buffered, &v);
}

static void
op_mutex(struct own *o)
{
    mutex_lock(&o->mutex);
    mutex_unlock(&o->mutex);
}

static void
op_timer(struct own *o)
{
    timer_reset(o->timer, SECOND);
    timer_stop(o->timer);
}

/* ---- on every core ---- */

static void
core_main(void *arg)
{
    struct own *o = arg;
    together(num_cpu()); /* each has a core now, and keeps it: nobody is idle */
    o->there = chan_make(sizeof(long), 0);
    o->back = chan_make(sizeof(long), 0);
    o->buffered = chan_make(sizeof(long), 4);
    o->timer = timer_new(SECOND);
    o->stopped = path->partner == NULL;
    if (path->partner != NULL) {
        go(path->partner, o);
    }
    for (int i = 0; i < WARM; i++) {
        path->op(o);
    }
    together(num_cpu());
    lines_watch(true);
    for (int i = 0; i < COUNTED; i++) {
        path->op(o);
    }
    lines_watch(false);
    together(num_cpu());
    o->stop = true;
    chan_close(o->there);
    while (!o->stopped) {
        gosched();
    }
}

static int
all_cores(const struct path *p)
{
    path = p;
    for (int i = 1; i < num_cpu(); i++) {
        go(core_main, &own[i]);
    }
    core_main(&own[0]);
    uint64_t most = (uint64_t)(num_cpu() * (COUNTED * (long)p->allowed / 1000 + (p->allowed > 0)));
    bool good = lines_seen() <= most;
    printf("%s 1 - %s on %d cores: %lu lines from other cores in %d operations, %lu allowed\n",
           good ? "ok" : "not ok", p->name, num_cpu(), (unsigned long)lines_seen(),
           num_cpu() * COUNTED, (unsigned long)most);
    measure_end(1);
    return !good;
}

#define PATH(name, fn, partner, allowed)                                                           \
    static int path_##fn(int argc, char **argv)                                                    \
    {                                                                                              \
        static const struct path p = { name, op_##fn, partner, allowed };                          \
        (void)argc;                                                                                \
        (void)argv;                                                                                \
        return all_cores(&p);                                                                      \
    }

PATH("spawn and exit", spawn, NULL, 63) /* goroutine numbers, 16 at a time */
PATH("yield", yield, yielder, 0)
PATH("unbuffered channel", unbuffered, answerer, 0)
PATH("buffered channel", buffered, NULL, 0)
PATH("select", select, NULL, 0)
PATH("mutex", mutex, NULL, 0)
PATH("timer", timer, NULL, 0)

const struct load steady[] = {
    { "spawn", path_spawn, 0 },           { "yield", path_yield, 0 },
    { "unbuffered", path_unbuffered, 0 }, { "buffered", path_buffered, 0 },
    { "select", path_select, 0 },         { "mutex", path_mutex, 0 },
    { "timer", path_timer, 0 },           { NULL, NULL, 0 },
};
