/* SPDX-License-Identifier: MIT */
/*
 * scenarios_meet.c -- two that should find each other, and a channel that closes meanwhile.
 */
#include <gamp.h>
#include <stdatomic.h>

#include "chan.h"
#include "scenarios.h"
#include "sim.h"

static struct waitgroup all;
static atomic_int count, there;

static int
looks(struct chan *c, int how, struct chan *none)
{
    long v;
    struct select_case cases[] = { SELECT_RECV(c, &v), SELECT_RECV(none, &v),
                                   SELECT_RECV(none, &v) };
    return how == 0 ? chan_try_recv(c, &v) == CHAN_OK : chan_try_select(cases, (size_t)how) == 0;
}

struct meeting {
    struct chan *mine, *theirs, *none;
    int how;
};

enum { TRY_SEND = 4 }; /* above: looks */

static void
acts_and_looks(void *arg)
{
    struct meeting *m = arg;
    long v = 1;
    atomic_fetch_add(&there, 1);
    while (atomic_load(&there) < 2) {
        gosched();
    }
    int seen; /* before the locked operation */
    if (m->how == TRY_SEND) {
        chan_recv(m->mine, &v);
        seen = chan_try_send(m->theirs, &v);
    } else {
        chan_send(m->mine, &v);
        seen = looks(m->theirs, m->how, m->none);
    }
    atomic_fetch_add(&count, seen);
    waitgroup_done(&all);
}

/* Two send, then each looks for the other's: one of them at least sees it; likewise, two make room
 * and look for the other's. The channels are not freed: stores to them may be late. */
int
one_sees_the_other(int argc, char **argv)
{
    struct chan *none = chan_make(sizeof(long), 1);
    struct chan *a = chan_make(sizeof(long), 1), *b = chan_make(sizeof(long), 1);
    (void)argc;
    (void)argv;
    sim_buffered(a, sizeof(*a));
    sim_buffered(b, sizeof(*b));
    for (int how = 0; how <= TRY_SEND; how++) {
        struct meeting m[] = { { a, b, none, how }, { b, a, none, how } };
        long v = 1;
        if (how == TRY_SEND) {
            chan_send(a, &v);
            chan_send(b, &v);
        }
        atomic_store(&count, 0);
        atomic_store(&there, 0);
        waitgroup_add(&all, 2);
        go(acts_and_looks, &m[0]);
        go(acts_and_looks, &m[1]);
        waitgroup_wait(&all);
        want(atomic_load(&count) > 0);
        chan_try_recv(a, &v);
        chan_try_recv(b, &v);
    }
    return 0;
}

static void
send_one(void *c)
{
    int v = 1;
    chan_send(c, &v);
}

static void
sends_or_panics(void *arg)
{
    struct panic_info info;
    go_try(send_one, ((struct meeting *)arg)->mine, &info);
    waitgroup_done(&all);
}

static void
keeps_busy(void *arg)
{
    struct meeting *m = arg;
    int v = 1;
    for (int i = 0; i < 8; i++) {
        chan_try_send(m->theirs, &v);
        chan_try_recv(m->theirs, &v);
    }
    waitgroup_done(&all);
}

static void
receives_one(void *arg)
{
    struct meeting *m = arg;
    int v;
    struct select_case cases[] = { SELECT_RECV(m->mine, &v), SELECT_RECV(m->theirs, &v) };
    chan_select(cases, 2);
    waitgroup_done(&all);
}

static void
closes_mine(void *arg)
{
    chan_close(((struct meeting *)arg)->mine);
    waitgroup_done(&all);
}

/* Two send to one who selects, and the channel is closed: each gets rid of its value, or panics. */
int
send_meets_close(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t round = 0; round < 6; round++) {
        size_t cap = round % 2;
        struct meeting m = { chan_make(sizeof(int), cap), chan_make(sizeof(int), 1), NULL, 0 };
        int v, got;
        waitgroup_add(&all, 6);
        go(receives_one, &m);
        go(receives_one, &m);
        go(keeps_busy, &m);
        go(sends_or_panics, &m);
        go(sends_or_panics, &m);
        go(closes_mine, &m);
        do {
            got = chan_try_recv(m.mine, &v);
        } while (got != CHAN_CLOSED && (gosched(), true));
        waitgroup_wait(&all);
        want(chan_try_recv(m.mine, &v) == CHAN_CLOSED);
        chan_free(m.mine);
        chan_free(m.theirs);
    }
    return 0;
}
