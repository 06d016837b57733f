/* SPDX-License-Identifier: MIT */
/*
 * 08_sieve1.c -- a sieve whose pipeline grows by a goroutine for each prime.
 *
 * The primes are compared with those found by division. At the end the generator is told to stop:
 * closing travels down the whole pipeline, and nobody is left.
 *
 * Go           test/chan/sieve1.go
 */
#include "conform.h"

struct stage {
    struct chan *in, *out; /* in: this stage's to free */
    uint32_t prime;
};

struct source {
    struct chan *out, *stop;
};

static void
counts_up(void *arg)
{
    struct source *s = arg;
    for (uint32_t i = 2;; i++) {
        struct select_case cases[] = { SELECT_SEND(s->out, &i), SELECT_RECV(s->stop, NULL) };
        if (chan_select(cases, 2) == 1) {
            chan_close(s->out);
            return;
        }
    }
}

static void
filters(void *arg)
{
    struct stage *s = arg;
    uint32_t n;
    while (chan_recv(s->in, &n)) {
        if (n % s->prime != 0) {
            chan_send(s->out, &n);
        }
    }
    chan_close(s->out);
    chan_free(s->in);
}

static uint32_t
next_prime(uint32_t p)
{
    for (uint32_t n = p + 1;; n++) {
        uint32_t d = 2;
        while (d * d <= n && n % d != 0) {
            d++;
        }
        if (d * d > n) {
            return n;
        }
    }
}

static void
drains(struct chan *c)
{
    while (chan_recv(c, NULL)) {
    }
}

static void
sieve(size_t primes, size_t capacity)
{
    struct source source = { chan_make(sizeof(uint32_t), capacity), chan_make(0, 0) };
    struct stage *stages = calloc(primes, sizeof *stages);
    struct chan *c = source.out;
    uint32_t wanted = 1, got, wrong = 0;
    start(counts_up, &source);
    for (size_t i = 0; i < primes; i++) {
        CHECK(chan_recv(c, &got));
        wanted = next_prime(wanted);
        wrong += got != wanted;
        stages[i] = (struct stage){ c, chan_make(sizeof(uint32_t), capacity), got };
        start(filters, &stages[i]);
        c = stages[i].out;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(num_goroutine(), primes + 2);
    chan_close(source.stop);
    drains(c);
    finish();
    CHECK_ALONE();
    chan_free(c);
    chan_free(source.stop);
    free(stages);
}

TEST(sieve_finds_the_primes)
{
    sieve(scaled(600, 60), 0);
}

TEST(sieve_finds_the_primes_through_buffers)
{
    sieve(scaled(600, 60), 16);
}

CONFORM(TEST_ENTRY(sieve_finds_the_primes), TEST_ENTRY(sieve_finds_the_primes_through_buffers))
