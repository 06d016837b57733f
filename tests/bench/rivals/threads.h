/* SPDX-License-Identifier: MIT */
/*
 * threads.h -- the benchmarks for libraries of plain user-level threads.
 *
 * Before it is included, beside what cond_chan.h wants: thread_t, thread_start(fn, arg),
 * thread_join(t), thread_yield(), mutex_init(), mutex_lock(), mutex_unlock().
 */
#pragma once
#include "cond_chan.h"
#include "rival.h"

static void *
yields(void *arg)
{
    for (long i = *(long *)arg; i > 0; i--) {
        thread_yield();
    }
    return NULL;
}

static void
yield(long n)
{
    long half = n / 2;
    int64_t began = rival_now();
    thread_t a = thread_start(yields, &half), b = thread_start(yields, &half);
    thread_join(a);
    thread_join(b);
    rival_line("yield", n, rival_now() - began);
}

struct link {
    struct cond_chan *in, *out;
    long prime;
};

static void *
echo(void *arg)
{
    struct link *l = arg;
    long v;
    while (cond_chan_recv(l->in, &v)) {
        cond_chan_send(l->out, v);
    }
    cond_chan_close(l->out);
    return NULL;
}

static void
pingpong(long n)
{
    struct link l = { cond_chan_make(1), cond_chan_make(1), 0 };
    thread_t other = thread_start(echo, &l);
    int64_t began = rival_now();
    for (long i = 0; i < n; i++) {
        long v = -1;
        cond_chan_send(l.in, i);
        cond_chan_recv(l.out, &v);
        rival_check(v == i, "chan_pingpong_unbuf");
    }
    int64_t took = rival_now() - began;
    cond_chan_close(l.in);
    thread_join(other);
    rival_line("chan_pingpong_unbuf", n, took);
}

struct stream {
    struct cond_chan *c;
    long n;
};

static void *
pour(void *arg)
{
    struct stream *s = arg;
    for (long i = 0; i < s->n; i++) {
        cond_chan_send(s->c, i);
    }
    cond_chan_close(s->c);
    return NULL;
}

static void
throughput(long n)
{
    struct stream s = { cond_chan_make(128), n };
    long v, sum = 0;
    int64_t began = rival_now();
    thread_t sender = thread_start(pour, &s);
    while (cond_chan_recv(s.c, &v)) {
        sum += v;
    }
    rival_line("chan_buf_throughput", n, rival_now() - began);
    thread_join(sender);
    rival_check(sum == n * (n - 1) / 2, "chan_buf_throughput");
}

static void *
nothing(void *arg)
{
    ++*(long *)arg;
    return NULL;
}

static void
spawn_exit(long n)
{
    thread_t all[1000];
    long ran = 0;
    int64_t began = rival_now();
    for (long i = 0; i < n; i += 1000) {
        for (int k = 0; k < 1000; k++) {
            all[k] = thread_start(nothing, &ran);
        }
        for (int k = 0; k < 1000; k++) {
            thread_join(all[k]);
        }
    }
    rival_line("spawn_exit", n, rival_now() - began);
    rival_check(ran == n, "spawn_exit");
}

static void
mutex_pair(long n)
{
    mutex_t m;
    volatile long count = 0;
    mutex_init(&m);
    int64_t began = rival_now();
    for (long i = 0; i < n; i++) {
        mutex_lock(&m);
        count = count + 1;
        mutex_unlock(&m);
    }
    rival_line("mutex_uncontended", n, rival_now() - began);
}

static void
ring(long n)
{
    enum { SIZE = 1000 };
    static struct link links[SIZE];
    struct cond_chan *head = cond_chan_make(1), *in = head;
    thread_t all[SIZE];
    for (int i = 1; i < SIZE; i++) {
        links[i] = (struct link){ in, cond_chan_make(1), 0 };
        all[i] = thread_start(echo, &links[i]);
        in = links[i].out;
    }
    int64_t began = rival_now();
    for (long lap = 0; lap < n / SIZE; lap++) {
        long v = -1;
        cond_chan_send(head, lap);
        cond_chan_recv(in, &v);
        rival_check(v == lap, "ring");
    }
    int64_t took = rival_now() - began;
    cond_chan_close(head);
    for (int i = 1; i < SIZE; i++) {
        thread_join(all[i]);
    }
    rival_line("ring", n, took);
}

static void *
count_up(void *arg)
{
    struct link *l = arg;
    for (long i = 2; i <= l->prime; i++) {
        cond_chan_send(l->out, i);
    }
    cond_chan_close(l->out);
    return NULL;
}

static void *
sift(void *arg)
{
    struct link *l = arg;
    long v;
    while (cond_chan_recv(l->in, &v)) {
        if (v % l->prime != 0) {
            cond_chan_send(l->out, v);
        }
    }
    cond_chan_close(l->out);
    return NULL;
}

static void
sieve(long n)
{
    static struct link filters[1000];
    struct cond_chan *c = cond_chan_make(1);
    struct link source = { NULL, c, 7919 };
    long v, count = 0;
    int64_t began = rival_now();
    thread_start(count_up, &source);
    while (cond_chan_recv(c, &v) && count < n) {
        filters[count] = (struct link){ c, cond_chan_make(1), v };
        c = filters[count].out;
        thread_start(sift, &filters[count++]);
    }
    int64_t took = rival_now() - began;
    rival_check(count == n, "prime_sieve_1000");
    rival_line("prime_sieve_1000", n, took);
}

/* `slow`: an operation takes microseconds, so fewer will do, and a sieve minutes: none. */
static int
threads_main(int argc, char **argv, long slow)
{
    const struct rival_row rows[] = {
        { "yield", yield, 500000 / slow, false },
        { "chan_pingpong_unbuf", pingpong, 100000 / slow, false },
        { "chan_buf_throughput", throughput, 500000, false },
        { "spawn_exit", spawn_exit, 200000 / slow, false },
        { "mutex_uncontended", mutex_pair, 2000000, false },
        { "ring", ring, 100000 / slow, false },
        { "prime_sieve_1000", sieve, 1000, true },
    };
    return rival_main(argc, argv, rows, sizeof rows / sizeof rows[0] - (slow > 1));
}
