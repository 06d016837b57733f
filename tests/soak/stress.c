/* SPDX-License-Identifier: MIT */
/*
 * stress.c -- workloads that strain the machine: spawning, stacks, loops, faults, cores.
 */
#include "soak.h"

#include <stdlib.h>
#include <string.h>

/* ---- a storm of goroutines: a tree of a thousand ---- */

struct branch {
    struct chan *up;
    long first, size;
};

static void
branch_out(void *arg)
{
    struct branch b = *(struct branch *)arg; /* the parent waits until it has been copied */
    long sum = 0, part;
    if (b.size == 1) {
        chan_send(b.up, &b.first);
        return;
    }
    struct chan *c = chan_make(sizeof(long), 0);
    for (int i = 0; i < 10; i++) {
        struct branch child = { c, b.first + i * (b.size / 10), b.size / 10 };
        struct go_attr attr = { .arg_size = sizeof child };
        if (go_with(&attr, branch_out, &child) != 0) {
            soak_fail("go_with", 1, 0);
        }
    }
    for (int i = 0; i < 10; i++) {
        chan_recv(c, &part);
        sum += part;
    }
    chan_free(c);
    chan_send(b.up, &sum);
}

void
soak_storm(uint64_t *random)
{
    struct branch root = { chan_make(sizeof(long), 0), 0, 1000 };
    long sum = 0;
    (void)random;
    go(branch_out, &root);
    chan_recv(root.up, &sum);
    SOAK_EQ(sum, 1000L * 999 / 2);
    chan_free(root.up);
}

/* ---- deep stacks: what is written there stays, whoever preempts ---- */

static long
dive(long depth, uint64_t *random)
{
    volatile long pad[32];
    long below = 0;
    for (int i = 0; i < 32; i++) {
        pad[i] = depth * 32 + i;
    }
    if (soak_random(random) % 256 == 0) {
        gosched();
    }
    if (depth > 0) {
        below = dive(depth - 1, random);
    }
    for (int i = 0; i < 32; i++) {
        if (pad[i] != depth * 32 + i) {
            soak_fail("a stack changed", pad[i], depth * 32 + i);
        }
    }
    return below + 1;
}

void
soak_stacks(uint64_t *random)
{
    long depth = (long)(soak_random(random) % 500);
    SOAK_EQ(dive(depth, random), depth + 1);
    gosleep(100 * MICROSECOND); /* the dead pages may go */
    SOAK_EQ(dive(depth / 2, random), depth / 2 + 1);
}

/* ---- loops without a call, in vector registers ---- */

void
soak_loops(uint64_t *random)
{
    double x = 1.0, y = 0.0, z = 3.0;
    long n = 200000 + (long)(soak_random(random) % 2000000);
    for (long i = 0; i < n; i++) {
        x = x * 1.0000001;
        y += 1.0;
        z = z * 0.5 + 1.0;
    }
    SOAK_EQ((long)y, n);
    SOAK_EQ(x > 1.0 && z > 1.9 && z < 3.1, true);
}

/* ---- panics and faults, caught ---- */

static int *volatile nowhere = (int *)16;

static void
go_wrong(void *arg)
{
    uint64_t *random = arg;
    char *copy = malloc(64);
    defer(free, copy);
    switch (soak_random(random) % 3) {
    case 0:
        panic("%d", 1);
    case 1:
        *nowhere = 1;
        break;
    default:
        memset(copy, 1, 64);
    }
}

void
soak_panics(uint64_t *random)
{
    struct panic_info info;
    for (int i = 0; i < 20; i++) {
        if (!try(go_wrong, random, &info)) {
            SOAK_EQ(info.fault ? info.address == 16 : strcmp(info.message, "1") == 0, true);
        }
    }
}

/* ---- goroutines bound to cores: an interrupt each ---- */

struct visit {
    struct waitgroup done;
    atomic_int there;
};

static void
visit_core(void *arg)
{
    struct visit *v = arg;
    atomic_fetch_add(&v->there, 1);
    waitgroup_done(&v->done);
}

void
soak_pinned(uint64_t *random)
{
    struct visit v = { 0 };
    int n = 1 + (int)(soak_random(random) % 40);
    waitgroup_add(&v.done, n);
    for (int i = 0; i < n; i++) {
        struct go_attr attr = { .core = GO_CORE((int)(soak_random(random) % (uint64_t)num_cpu())) };
        if (go_with(&attr, visit_core, &v) != 0) {
            soak_fail("go_with", 1, 0);
        }
    }
    waitgroup_wait(&v.done);
    SOAK_EQ(atomic_load(&v.there), n);
}

/* ---- cores come and go ---- */

void
soak_cores(uint64_t *random)
{
    gomaxprocs(1 + (int)(soak_random(random) % (uint64_t)num_cpu()));
    gosleep((duration)(soak_random(random) % (30 * MILLISECOND)));
    gomaxprocs(num_cpu());
    gosleep(5 * MILLISECOND);
}
