/* SPDX-License-Identifier: MIT */
/*
 * scenarios_chan.c -- values that meet, channels that close, selects that choose.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "scenarios.h"

static struct waitgroup all;
static atomic_int count;

/* ---- channels ---- */

struct pass {
    struct chan *c;
    atomic_long sum;
};

static void
sends(void *arg)
{
    struct pass *p = arg;
    for (long i = 1; i <= 5; i++) {
        chan_send(p->c, &i);
    }
    waitgroup_done(&all);
}

static void
receives(void *arg)
{
    struct pass *p = arg;
    long v = 0;
    while (chan_recv(p->c, &v)) {
        atomic_fetch_add(&p->sum, v);
    }
    want(v == 0);
    waitgroup_done(&all);
}

static void
pass_through(size_t capacity)
{
    struct pass p = { chan_make(sizeof(long), capacity), 0 };
    waitgroup_add(&all, 3);
    for (int i = 0; i < 3; i++) {
        go(sends, &p);
    }
    for (int i = 0; i < 2; i++) {
        waitgroup_add(&all, 1);
        go(receives, &p);
    }
    while (atomic_load(&p.sum) < 45) {
        gosched();
    }
    want(atomic_load(&p.sum) == 45);
    chan_close(p.c);
    waitgroup_wait(&all);
    chan_free(p.c);
}

int
channels(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    pass_through(0);
    pass_through(1);
    pass_through(3);
    return 0;
}

static void
closes(void *c)
{
    chan_close(c);
    waitgroup_done(&all);
}

static void
sends_into_close(void *c)
{
    long v = 1;
    chan_send(c, &v);
}

static void
tries_to_send(void *c)
{
    struct panic_info info;
    if (!go_try(sends_into_close, c, &info)) {
        want(strcmp(info.message, "send on closed channel") == 0);
    } else {
        atomic_fetch_add(&count, 1);
    }
    waitgroup_done(&all);
}

int
close_against_send(int argc, char **argv)
{
    struct chan *c = chan_make(sizeof(long), 1);
    long v;
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 4);
    for (int i = 0; i < 3; i++) {
        go(tries_to_send, c);
    }
    go(closes, c);
    int got = 0;
    while (chan_recv(c, &v)) {
        got++;
    }
    waitgroup_wait(&all);
    want(got == atomic_load(&count));
    chan_free(c);
    return 0;
}

/* ---- select ---- */

struct mesh {
    struct chan *a, *b;
    atomic_long in, out;
};

static void
selects(void *arg)
{
    struct mesh *m = arg;
    for (long i = 1; i <= 4; i++) {
        long got_a = 0, got_b = 0, give = i;
        struct select_case cases[] = { SELECT_RECV(m->a, &got_a), SELECT_SEND(m->b, &give),
                                       SELECT_RECV(m->b, &got_b), SELECT_SEND(m->a, &give) };
        int k = chan_select(cases, 4);
        want(k == 0   ? got_a != 0 && got_b == 0
             : k == 2 ? got_b != 0 && got_a == 0
                      : got_a == 0 && got_b == 0);
        if (k % 2) {
            atomic_fetch_add(&m->in, give);
        } else {
            atomic_fetch_add(&m->out, got_a + got_b);
        }
    }
    waitgroup_done(&all);
}

/* Both ways over two channels: an even number of goroutines pairs up, however it comes. */
int
select_mesh(int argc, char **argv)
{
    struct mesh m = { chan_make(sizeof(long), 0), chan_make(sizeof(long), 0), 0, 0 };
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 2);
    go(selects, &m);
    go(selects, &m);
    waitgroup_wait(&all);
    want(atomic_load(&m.in) == atomic_load(&m.out));
    chan_free(m.a); /* panics if a waiter was left */
    chan_free(m.b);
    return 0;
}

static void
offers(void *arg)
{
    struct mesh *m = arg;
    long v = 7, w = 0;
    struct select_case cases[] = { SELECT_RECV(m->b, &w), SELECT_SEND(m->a, &v) };
    want(chan_select(cases, 2) == 1);
    waitgroup_done(&all);
}

/* Who sees the choice scraps the channel that lost. */
int
select_lets_go(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t capacity = 0; capacity < 2; capacity++) {
        struct mesh m = { chan_make(sizeof(long), capacity), chan_make(sizeof(long), 0), 0, 0 };
        long v = 0;
        waitgroup_add(&all, 2);
        go(offers, &m);
        go(offers, &m);
        want(chan_recv(m.a, &v) && v == 7);
        want(chan_recv(m.a, &v) && v == 7);
        memset(m.b, 0xa5, 64);
        waitgroup_wait(&all);
        for (int i = 0; i < 64; i++) {
            want(((unsigned char *)m.b)[i] == 0xa5);
        }
        chan_free(m.a);
    }
    return 0;
}

static void
waits_for_either(void *arg)
{
    struct mesh *m = arg;
    struct select_case cases[] = { SELECT_RECV(m->a, NULL), SELECT_RECV(m->b, NULL) };
    int k = chan_select(cases, 2);
    atomic_fetch_add(k == 0 ? &m->in : &m->out, cases[k].ok ? 100 : 1);
    waitgroup_done(&all);
}

int
select_and_close(int argc, char **argv)
{
    struct mesh m = { chan_make(sizeof(long), 0), chan_make(sizeof(long), 0), 0, 0 };
    (void)argc;
    (void)argv;
    waitgroup_add(&all, 5);
    for (int i = 0; i < 3; i++) {
        go(waits_for_either, &m);
    }
    go(closes, m.a);
    go(closes, m.b);
    waitgroup_wait(&all);
    want(atomic_load(&m.in) + atomic_load(&m.out) == 3);
    chan_free(m.a);
    chan_free(m.b);
    return 0;
}

static void
moves_token(void *arg)
{
    struct mesh *m = arg;
    long v = 1;
    for (int i = 0; i < 3; i++) {
        chan_send(m->b, &v);
        chan_recv(m->a, &v);
        chan_send(m->a, &v);
        chan_recv(m->b, &v);
    }
    waitgroup_done(&all);
}

/* One of two channels always has a token: the default is never taken. */
int
default_sees_one_moment(int argc, char **argv)
{
    struct chan *none = chan_make(sizeof(long), 1);
    (void)argc;
    (void)argv;
    for (size_t n = 2; n <= 3; n++) {
        struct mesh m = { chan_make(sizeof(long), 1), chan_make(sizeof(long), 1), 0, 0 };
        long v = 1;
        chan_send(m.a, &v);
        waitgroup_add(&all, 1);
        go(moves_token, &m);
        for (int i = 0; i < 8; i++) {
            struct select_case cases[] = { SELECT_RECV(m.a, &v), SELECT_RECV(m.b, &v),
                                           SELECT_RECV(none, &v) };
            int k = chan_try_select(cases, n);
            want(k == 0 || k == 1);
            chan_send(k == 0 ? m.a : m.b, &v);
        }
        waitgroup_wait(&all);
        chan_free(m.a);
        chan_free(m.b);
    }
    chan_free(none);
    return 0;
}

/* A channel on which somebody waits to send is closed: it is ready before, and it is after. */
int
close_leaves_no_gap(int argc, char **argv)
{
    struct chan *none = chan_make(sizeof(long), 1);
    (void)argc;
    (void)argv;
    for (size_t n = 1; n <= 3; n++) {
        struct chan *c = chan_make(sizeof(long), 0);
        long v = 0;
        waitgroup_add(&all, 2);
        atomic_store(&count, 0);
        go(tries_to_send, c);
        while (PEEK(c->sendq.first) == NULL) {
            gosched();
        }
        go(closes, c);
        struct select_case cases[] = { SELECT_RECV(c, &v), SELECT_RECV(none, &v),
                                       SELECT_RECV(none, &v) };
        want(chan_try_select(cases, n) == 0);
        waitgroup_wait(&all);
        want(v == atomic_load(&count));
        chan_free(c);
    }
    chan_free(none);
    return 0;
}
