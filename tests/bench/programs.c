/* SPDX-License-Identifier: MIT */
/*
 * programs.c -- benchmarks that are small programs: a sieve, a tree, a recursion of forks.
 *
 * What one operation is stands before each.
 */
#include "bench.h"

#include <stdlib.h>

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
count_up(void *arg)
{
    struct filter *f = arg;
    for (long i = 2; i <= f->prime; i++) {
        chan_send(f->out, &i);
    }
    chan_close(f->out);
}

static void
sieve(const char *name, long n, long end)
{
    struct filter *filters = calloc((size_t)n, sizeof *filters);
    long count = 0, last = 0;
    struct chan *c = chan_make(sizeof(long), 0);
    struct filter source = { .out = c, .prime = end };
    int64_t began = bench_now();
    go(count_up, &source);
    while (chan_recv(c, &last) && count < n) {
        struct chan *next = chan_make(sizeof(long), 0);
        filters[count] = (struct filter){ c, next, last };
        go(sift, &filters[count++]);
        c = next;
    }
    int64_t took = bench_now() - began;
    if (count != n || last != 0) { /* a closed channel gives zeroes */
        panic("sieve: %ld primes and %ld, expected %ld", count, last, n);
    }
    chan_free(c);
    free(filters);
    bench_line(name, n, took);
}

/* A prime, of the first 500. */
void
bench_sieve(long n)
{
    sieve("prime_sieve", n, 3571);
}

/* A prime, of the first 1000. */
void
bench_sieve1000(long n)
{
    sieve("prime_sieve_1000", n, 7919);
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
    int64_t began = bench_now();
    go(skynet_node, &root);
    chan_recv(root.up, &sum);
    int64_t took = bench_now() - began;
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
    int64_t began = bench_now();
    for (long i = 0; i < n; i++) {
        if (pfib(24) != 46368) {
            panic("fib: wrong");
        }
    }
    bench_line("parallel_fib", n * 1596, bench_now() - began);
}
