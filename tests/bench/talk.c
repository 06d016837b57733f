/* SPDX-License-Identifier: MIT */
/*
 * talk.c -- benchmarks of goroutines that talk: channels, select, and programs made of them.
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
    int64_t began = nanotime();
    for (long i = 0; i < n; i++) {
        long v;
        chan_send(t.a, &i);
        chan_recv(t.b, &v);
    }
    int64_t took = nanotime() - began;
    chan_close(t.a);
    chan_recv(t.b, NULL);
    bench_line("chan_pingpong_unbuf", n, took);
}

struct stream {
    struct chan *c;
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
    int64_t began = nanotime();
    waitgroup_add(&s.senders, 1);
    waitgroup_add(&s.receivers, 1);
    go(pour_and_close, &s);
    drink(&s);
    bench_line("chan_buf_throughput", n, nanotime() - began);
    waitgroup_wait(&s.senders);
    chan_free(s.c);
}

/* The same, four senders and four receivers. */
void
bench_mpmc(long n)
{
    struct stream s = { .c = chan_make(sizeof(long), 128), .n = n / 4 };
    int64_t began = nanotime();
    waitgroup_add(&s.senders, 4);
    waitgroup_add(&s.receivers, 4);
    for (int i = 0; i < 4; i++) {
        go(pour, &s);
        go(drink, &s);
    }
    waitgroup_wait(&s.senders);
    chan_close(s.c);
    waitgroup_wait(&s.receivers);
    bench_line("chan_mpmc", n, nanotime() - began);
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
    int64_t began = nanotime();
    for (long i = 0; i < n; i++) {
        long v = 0;
        struct select_case out[] = { SELECT_SEND(t.a, &i), SELECT_RECV(t.quit, NULL) };
        chan_select(out, 2);
        struct select_case in[] = { SELECT_RECV(t.b, &v), SELECT_RECV(t.quit, NULL) };
        chan_select(in, 2);
    }
    int64_t took = nanotime() - began;
    chan_close(t.quit);
    waitgroup_wait(&t.gone);
    bench_line("select_pingpong", n, took);
}

/* One look at an empty channel. */
void
bench_select_default(long n)
{
    struct chan *c = chan_make(sizeof(long), 1);
    int64_t began = nanotime();
    for (long i = 0; i < n; i++) {
        long v;
        bench_sink += chan_try_recv(c, &v) == CHAN_OK;
    }
    bench_line("select_default_nonblock", n, nanotime() - began);
    chan_free(c);
}

/* One look at two. */
void
bench_select2_default(long n)
{
    struct two t = two_make(sizeof(long), 1);
    int64_t began = nanotime();
    for (long i = 0; i < n; i++) {
        long v;
        struct select_case cases[] = { SELECT_RECV(t.a, &v), SELECT_RECV(t.b, &v) };
        bench_sink += (uint64_t)chan_try_select(cases, 2);
    }
    bench_line("select2_default_nonblock", n, nanotime() - began);
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
    int64_t began = nanotime();
    for (long lap = 0; lap < n / SIZE; lap++) {
        long v = -1;
        chan_send(head, &lap);
        chan_recv(in, &v);
        if (v != lap) {
            panic("ring: %ld came instead of %ld", v, lap);
        }
    }
    int64_t took = nanotime() - began;
    chan_close(head);
    chan_recv(in, NULL);
    bench_line("ring", n, took);
}

/* ---- programs ---- */

struct filter {
    struct chan *in, *out;
    long prime;
};

static void
sift(void *arg)
{
    struct filter *f = arg;
    long v;
    while (chan_recv(f->in, &v)) {
        if (v % f->prime != 0) {
            chan_send(f->out, &v);
        }
    }
    chan_close(f->out);
    chan_free(f->in);
}

static void
count_up(void *c)
{
    for (long i = 2; i <= 3571; i++) { /* the 500th prime */
        chan_send(c, &i);
    }
    chan_close(c);
}

/* A prime, of the first 500. */
void
bench_sieve(long n)
{
    static struct filter filters[500];
    long count = 0, last = 0;
    struct chan *c = chan_make(sizeof(long), 0);
    int64_t began = nanotime();
    go(count_up, c);
    while (chan_recv(c, &last)) {
        struct chan *next = chan_make(sizeof(long), 0);
        filters[count] = (struct filter){ c, next, last };
        go(sift, &filters[count++]);
        c = next;
    }
    int64_t took = nanotime() - began;
    if (count != n) {
        panic("sieve: %ld primes, expected %ld", count, n);
    }
    bench_line("prime_sieve", n, took);
}

struct node {
    struct chan *up;
    long first, size;
};

static void
skynet_node(void *arg)
{
    struct node n = *(struct node *)arg;
    long sum = 0, part;
    if (n.size == 1) {
        chan_send(n.up, &n.first);
        return;
    }
    struct chan *c = chan_make(sizeof(long), 0);
    for (int i = 0; i < 10; i++) {
        struct node child = { c, n.first + i * (n.size / 10), n.size / 10 };
        struct go_attr attr = { .arg_size = sizeof child };
        if (go_with(&attr, skynet_node, &child) != 0) {
            panic("skynet: no memory");
        }
    }
    for (int i = 0; i < 10; i++) {
        chan_recv(c, &part);
        sum += part;
    }
    chan_free(c);
    chan_send(n.up, &sum);
}

static void
skynet(const char *name, long leaves)
{
    struct node root = { chan_make(sizeof(long), 0), 0, leaves };
    long sum = 0, nodes = 0;
    int64_t began = nanotime();
    go(skynet_node, &root);
    chan_recv(root.up, &sum);
    int64_t took = nanotime() - began;
    if (sum != leaves * (leaves - 1) / 2) {
        panic("skynet: %ld", sum);
    }
    for (long size = 1; size <= leaves; size *= 10) {
        nodes += size;
    }
    chan_free(root.up);
    bench_line(name, nodes, took);
}

/* A goroutine of a tree with 10 branches a node. */
void
bench_skynet(long n)
{
    skynet("skynet", n);
}

void
bench_skynet1m(long n)
{
    skynet("skynet1m", n);
}

static long
fib(long n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

struct fork {
    struct chan *c;
    long n;
};

static long pfib(long n);

static void
fork_fib(void *arg)
{
    struct fork f = *(struct fork *)arg;
    long v = pfib(f.n);
    chan_send(f.c, &v);
}

static long
pfib(long n)
{
    if (n < 10) {
        return fib(n);
    }
    struct fork f = { chan_make(sizeof(long), 1), n - 1 };
    long v = 0;
    go(fork_fib, &f);
    long below = pfib(n - 2);
    chan_recv(f.c, &v);
    chan_free(f.c);
    return below + v;
}

/* A fork and its join: 1596 in fib(24), sequential below 10. */
void
bench_fib(long n)
{
    int64_t began = nanotime();
    for (long i = 0; i < n; i++) {
        if (pfib(24) != 46368) {
            panic("fib: wrong");
        }
    }
    bench_line("parallel_fib", n * 1596, nanotime() - began);
}
