/* SPDX-License-Identifier: MIT */
/*
 * loads.c -- five programs, small versions of what goroutines are used for.
 *
 * skynet and fanout do the same work on any number of cores; pingpong and server as much more as
 * there are more cores; pair has work for one core only, and its efficiency is what is left of its
 * speed while the others look for some.
 */
#include <gamp.h>
#include <stdatomic.h>

#include "load.h"

enum { SETTLE_NS = 200000 };

static void
begin(void)
{
    gosleep(SETTLE_NS);
    measure_begin();
}

/* ---- skynet: a tree of goroutines, ten children each; the leaves' numbers are added up ---- */

enum { LEAVES = 100000, CHILDREN = 10 };

struct node {
    struct chan *to;
    long first, leaves;
};

static void
node_run(void *arg)
{
    struct node *n = arg;
    if (n->leaves == 1) {
        chan_send(n->to, &n->first);
        return;
    }
    struct chan *from = chan_make(sizeof(long), 0);
    for (long i = 0; i < CHILDREN; i++) {
        long leaves = n->leaves / CHILDREN;
        struct node child = { from, n->first + i * leaves, leaves };
        go_with(&(struct go_attr){ .arg_size = sizeof(child) }, node_run, &child);
    }
    long sum = 0, part;
    for (long i = 0; i < CHILDREN; i++) {
        chan_recv(from, &part);
        sum += part;
    }
    chan_free(from);
    chan_send(n->to, &sum);
}

static int
skynet(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    long sum;
    struct node root = { chan_make(sizeof(long), 1), 0, LEAVES };
    begin();
    node_run(&root);
    chan_recv(root.to, &sum);
    measure_end(LEAVES);
    return sum != (long)LEAVES * (LEAVES - 1) / 2;
}

/* ---- fanout: one goroutine starts all others ---- */

enum { TASKS = 20000, TASK_NS = 50000 };

static struct waitgroup all;

static void
task(void *arg)
{
    work(TASK_NS);
    waitgroup_done(arg);
}

static int
fanout(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    begin();
    waitgroup_add(&all, TASKS);
    for (int i = 0; i < TASKS; i++) {
        go(task, &all);
    }
    waitgroup_wait(&all);
    measure_end(TASKS);
    return 0;
}

/* ---- pingpong: pairs that talk to each other and to nobody else, four a core ---- */

enum { PAIRS = 4, ROUNDS = 600, ALONE = 4 };

struct pair {
    struct chan *ping, *pong;
};

static void
pong(void *arg)
{
    struct pair *p = arg;
    long ball;
    while (chan_recv(p->ping, &ball)) {
        chan_send(p->pong, &ball);
    }
    chan_close(p->pong);
}

static void
ping(void *arg)
{
    struct pair p = { chan_make(sizeof(long), 0), chan_make(sizeof(long), 0) };
    go(pong, &p);
    for (long ball = 0; ball < ROUNDS; ball++) {
        long back;
        chan_send(p.ping, &ball);
        chan_recv(p.pong, &back);
    }
    chan_close(p.ping);
    chan_recv(p.pong, NULL);
    waitgroup_done(arg);
}

static int
pingpong(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int pairs = PAIRS * num_cpu();
    begin();
    waitgroup_add(&all, pairs);
    for (int i = 0; i < pairs; i++) {
        go(ping, &all);
    }
    waitgroup_wait(&all);
    measure_end((double)pairs * ROUNDS);
    return 0;
}

/* ---- pair: one of those alone, which the other cores should leave in peace ---- */

static int
pair(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    begin();
    for (int i = 0; i < ALONE; i++) {
        waitgroup_add(&all, 1);
        go(ping, &all);
        waitgroup_wait(&all);
    }
    measure_end((double)ALONE * ROUNDS * num_cpu());
    return 0;
}

/* ---- server: requests come by timers, each gets a goroutine, which asks a worker ---- */

enum {
    REQUESTS = 200, /* a core */
    PAUSE_NS = 10000,
    WORKERS = 4, /* a core */
    SHARE = 4,   /* so many cores to a shard */
};

static struct shard {
    _Alignas(64) struct chan *jobs;
    struct mutex mutex;
} shard[64];

struct job {
    struct chan *reply;
    long what;
};

static int shards;

static void
worker(void *arg)
{
    struct shard *s = arg;
    struct job job;
    while (chan_recv(s->jobs, &job)) {
        work(3000);
        mutex_lock(&s->mutex);
        work(200);
        mutex_unlock(&s->mutex);
        chan_send(job.reply, &job.what);
    }
}

static void
request(void *arg)
{
    int64_t began = load_time();
    struct job job = { chan_make(sizeof(long), 1), (long)began };
    work(2000);
    chan_send(shard[load_random() % (uint64_t)shards].jobs, &job);
    chan_recv(job.reply, NULL);
    work(1000);
    chan_free(job.reply);
    load_took(load_time() - began);
    waitgroup_done(arg);
}

static void
client(void *arg)
{
    struct waitgroup mine = { 0 };
    waitgroup_add(&mine, REQUESTS);
    for (int i = 0; i < REQUESTS; i++) {
        gosleep((int64_t)(load_random() % (2 * PAUSE_NS)));
        go(request, &mine);
    }
    waitgroup_wait(&mine);
    waitgroup_done(arg);
}

static int
server(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int cores = num_cpu();
    uint32_t n = REQUESTS * (uint32_t)cores;
    shards = (cores + SHARE - 1) / SHARE;
    for (int i = 0; i < shards; i++) {
        shard[i].jobs = chan_make(sizeof(struct job), 16);
        for (int k = 0; k < WORKERS * (cores < SHARE ? cores : SHARE); k++) {
            go(worker, &shard[i]);
        }
    }
    begin();
    waitgroup_add(&all, cores);
    for (int i = 0; i < cores; i++) {
        go(client, &all);
    }
    waitgroup_wait(&all);
    measure_end(n);
    return 0;
}

const struct load loads[] = {
    { "skynet", skynet, 4 }, /* a tree of 111,111 goroutines */
    { "fanout", fanout, 95 }, { "pingpong", pingpong, 75 },
    { "pair", pair, 40 },     { "server", server, 70 },
    { NULL, NULL, 0 },
};
