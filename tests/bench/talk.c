/* SPDX-License-Identifier: MIT */
/*
 * talk.c -- benchmarks of goroutines that talk: channels and select.
 *
 * What one operation is stands before each.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

struct two {
    struct chan *a, *b;
};

static struct two
two_make(size_t size, size_t capacity)
{
    return (struct two){ chan_make(size, capacity), chan_make(size, capacity) };
}

static void
echo(void *arg)
{
    struct two *t = arg;
    long v;
    while (chan_recv(t->a, &v)) {
        chan_send(t->b, &v);
    }
    chan_close(t->b);
}

/* A round trip: two messages. */
void
bench_pingpong(long n)
{
    struct two t = two_make(sizeof(long), 0);
    go(echo, &t);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        long v;
        chan_send(t.a, &i);
        chan_recv(t.b, &v);
    }
    int64_t took = bench_now() - began;
    chan_close(t.a);
    chan_recv(t.b, NULL);
    bench_line("chan_pingpong_unbuf", n, took);
}

struct stream {
    struct chan *c, *other;
    struct waitgroup senders, receivers;
    long n;
};

static void
pour(void *arg)
{
    struct stream *s = arg;
    for (long i = 0; i < s->n; i++) {
        chan_send(s->c, &i);
    }
    waitgroup_done(&s->senders);
}

static void
drink(void *arg)
{
    struct stream *s = arg;
    long v, sum = 0;
    while (chan_recv(s->c, &v)) {
        sum += v;
    }
    bench_sink += (uint64_t)sum;
    waitgroup_done(&s->receivers);
}

static void
pour_and_close(void *arg)
{
    struct stream *s = arg;
    pour(s);
    chan_close(s->c);
}

/* A message through a buffer of 128. */
void
bench_buffered(long n)
{
    struct stream s = { .c = chan_make(sizeof(long), 128), .n = n };
    int64_t began = bench_now();
    waitgroup_add(&s.senders, 1);
    waitgroup_add(&s.receivers, 1);
    go(pour_and_close, &s);
    drink(&s);
    bench_line("chan_buf_throughput", n, bench_now() - began);
    waitgroup_wait(&s.senders);
    chan_free(s.c);
}

/* The same, four senders and four receivers. */
void
bench_mpmc(long n)
{
    struct stream s = { .c = chan_make(sizeof(long), 128), .n = n / 4 };
    int64_t began = bench_now();
    waitgroup_add(&s.senders, 4);
    waitgroup_add(&s.receivers, 4);
    for (int i = 0; i < 4; i++) {
        go(pour, &s);
        go(drink, &s);
    }
    waitgroup_wait(&s.senders);
    chan_close(s.c);
    waitgroup_wait(&s.receivers);
    bench_line("chan_mpmc", n, bench_now() - began);
    chan_free(s.c);
}

struct trio {
    struct chan *a, *b, *quit;
    struct waitgroup gone;
};

static void
select_echo(void *arg)
{
    struct trio *t = arg;
    for (;;) {
        long v = 0;
        struct select_case in[] = { SELECT_RECV(t->a, &v), SELECT_RECV(t->quit, NULL) };
        if (chan_select(in, 2) == 1) {
            break;
        }
        struct select_case out[] = { SELECT_SEND(t->b, &v), SELECT_RECV(t->quit, NULL) };
        if (chan_select(out, 2) == 1) {
            break;
        }
    }
    waitgroup_done(&t->gone);
}

/* A round trip: two messages, four selects over two channels. */
void
bench_select_pingpong(long n)
{
    struct trio t = { .a = chan_make(sizeof(long), 0),
                      .b = chan_make(sizeof(long), 0),
                      .quit = chan_make(0, 0) };
    waitgroup_add(&t.gone, 1);
    go(select_echo, &t);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        long v = 0;
        struct select_case out[] = { SELECT_SEND(t.a, &i), SELECT_RECV(t.quit, NULL) };
        chan_select(out, 2);
        struct select_case in[] = { SELECT_RECV(t.b, &v), SELECT_RECV(t.quit, NULL) };
        chan_select(in, 2);
    }
    int64_t took = bench_now() - began;
    chan_close(t.quit);
    waitgroup_wait(&t.gone);
    bench_line("select_pingpong", n, took);
}

static void
alternates(void *arg)
{
    struct stream *s = arg;
    for (long i = 0; i < s->n; i++) {
        chan_send(s->c, &i);
        chan_send(s->other, &i);
    }
    waitgroup_done(&s->senders);
}

/* A message received by a select over two channels, which one sender serves in turn. */
void
bench_select2_recv(long n)
{
    struct two t = two_make(sizeof(long), 0);
    struct stream s = { .c = t.a, .other = t.b, .n = n / 2 };
    long v = 0, w = 0, sum = 0;
    waitgroup_add(&s.senders, 1);
    int64_t began = bench_now();
    go(alternates, &s);
    for (long i = 0; i < n / 2 * 2; i++) {
        struct select_case cases[] = { SELECT_RECV(t.a, &v), SELECT_RECV(t.b, &w) };
        sum += chan_select(cases, 2) == 0 ? v : -w;
    }
    int64_t took = bench_now() - began;
    if (sum != 0) {
        panic("select2_recv: %ld", sum);
    }
    waitgroup_wait(&s.senders);
    chan_free(t.a);
    chan_free(t.b);
    bench_line("select2_recv", n, took);
}

/* One look at an empty channel. */
void
bench_select_default(long n)
{
    struct chan *c = chan_make(sizeof(long), 1);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        long v;
        bench_sink += chan_try_recv(c, &v) == CHAN_OK;
    }
    bench_line("select_default_nonblock", n, bench_now() - began);
    chan_free(c);
}

/* One look at two. */
void
bench_select2_default(long n)
{
    struct two t = two_make(sizeof(long), 1);
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        long v;
        struct select_case cases[] = { SELECT_RECV(t.a, &v), SELECT_RECV(t.b, &v) };
        bench_sink += (uint64_t)chan_try_select(cases, 2);
    }
    bench_line("select2_default_nonblock", n, bench_now() - began);
    chan_free(t.a);
    chan_free(t.b);
}

/* A hop in a ring of a thousand. */
void
bench_ring(long n)
{
    enum { SIZE = 1000 };
    static struct two link[SIZE];
    struct chan *head = chan_make(sizeof(long), 0), *in = head;
    for (int i = 1; i < SIZE; i++) {
        link[i] = (struct two){ in, chan_make(sizeof(long), 0) };
        go(echo, &link[i]);
        in = link[i].b;
    }
    int64_t began = bench_now();
    for (long lap = 0; lap < n / SIZE; lap++) {
        long v = -1;
        chan_send(head, &lap);
        chan_recv(in, &v);
        if (v != lap) {
            panic("ring: %ld came instead of %ld", v, lap);
        }
    }
    int64_t took = bench_now() - began;
    chan_close(head);
    chan_recv(in, NULL);
    bench_line("ring", n, took);
}
