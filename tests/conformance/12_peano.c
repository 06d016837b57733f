/* SPDX-License-Identifier: MIT */
/*
 * 12_peano.c -- arithmetic by recursion alone: stacks grow by millions of frames, and come back.
 *
 * A number is a list: zero is empty, n + 1 is a cell before n.
 *
 * Go           test/peano.go
 */
#include "conform.h"

struct cell {
    struct cell *less;
};

/* Cells come from blocks of their own: the recursion is the test, not malloc. */
struct pool {
    struct cell *cells;
    size_t used, size;
    uint64_t calls;
};

static struct cell *
successor(struct pool *p, struct cell *n)
{
    if (!CHECK(p->used < p->size)) {
        goexit();
    }
    struct cell *c = &p->cells[p->used++];
    c->less = n;
    return c;
}

static __attribute__((noinline)) struct cell *
add(struct pool *p, struct cell *a, struct cell *b)
{
    p->calls++;
    return b == NULL ? a : successor(p, add(p, a, b->less));
}

static __attribute__((noinline)) struct cell *
multiply(struct pool *p, struct cell *a, struct cell *b)
{
    p->calls++;
    return b == NULL ? NULL : add(p, multiply(p, a, b->less), a);
}

static __attribute__((noinline)) struct cell *
factorial(struct pool *p, struct cell *n)
{
    p->calls++;
    return n == NULL ? successor(p, NULL) : multiply(p, factorial(p, n->less), n);
}

static struct cell *
number(struct pool *p, unsigned n)
{
    struct cell *c = NULL;
    while (n-- > 0) {
        c = successor(p, c);
    }
    return c;
}

static __attribute__((noinline)) uint64_t
count(struct cell *c)
{
    volatile uint64_t less = c == NULL ? 0 : count(c->less); /* as deep as it is large */
    return c == NULL ? 0 : less + 1;
}

struct task {
    unsigned n;
    uint64_t result, calls;
};

static const uint64_t factorials[] = { 1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880 };
enum { LARGEST = CONFORM_TSAN || CONFORM_ASAN ? 7 : 8 };

static void
work_out(void *arg)
{
    struct task *t = arg;
    struct pool p = { .size = t->n + 1 }; /* n itself and 0!, then a cell for each of f! */
    for (size_t f = 1; f <= t->n; f++) {
        p.size += factorials[f];
    }
    p.cells = malloc(p.size * sizeof *p.cells);
    if (!CHECK(p.cells != NULL)) {
        return;
    }
    t->result = count(factorial(&p, number(&p, t->n)));
    t->calls = p.calls;
    free(p.cells);
}

static void
work_out_all(void *arg)
{
    (void)arg;
    for (unsigned n = 0; n <= LARGEST; n++) {
        struct task t = { .n = n };
        work_out(&t);
        CHECK_EQ(t.result, factorials[n]);
        CHECK(t.calls >= factorials[n]);
    }
}

TEST(peano_in_main)
{
    work_out_all(NULL);
}

static void
start_deep(size_t stack_max, void (*fn)(void *), void *arg)
{
    struct go_attr attr = { .stack_max = stack_max };
    waitgroup_add(&crowd, 1);
    CHECK_EQ(go_with(&attr, fn, arg), 0);
}

static void
largest(void *arg)
{
    struct task *t = arg;
    work_out(t);
    waitgroup_done(&crowd);
}

TEST(peano_in_a_goroutine_with_a_large_stack)
{
    struct task t = { .n = conform_size >= 1000 ? 9 : LARGEST };
    start_deep((size_t)256 << 20, largest, &t);
    finish();
    CHECK_EQ(t.result, factorials[t.n]);
}

TEST(peano_in_many_at_once)
{
    enum { MANY = 6 };
    struct task t[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        t[i] = (struct task){ .n = 7 };
        start_deep((size_t)16 << 20, largest, &t[i]);
    }
    finish();
    for (unsigned i = 0; i < MANY; i++) {
        CHECK_EQ(t[i].result, factorials[7]);
    }
}

TEST(peano_in_default_stacks_over_and_over)
{
    struct task t[20];
    for (size_t round = 0, n = scaled(100, 3); round < n; round++) {
        for (unsigned i = 0; i < 20; i++) {
            t[i] = (struct task){ .n = 1 + i % (CONFORM_TSAN || CONFORM_ASAN ? 5 : 6) };
            start(work_out, &t[i]);
        }
        finish();
        for (unsigned i = 0; i < 20; i++) {
            CHECK_EQ(t[i].result, factorials[t[i].n]);
        }
    }
    CHECK_ALONE();
}

CONFORM(TEST_ENTRY(peano_in_main), TEST_ENTRY(peano_in_a_goroutine_with_a_large_stack),
        TEST_ENTRY(peano_in_many_at_once), TEST_ENTRY(peano_in_default_stacks_over_and_over))
