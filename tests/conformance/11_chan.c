/* SPDX-License-Identifier: MIT */
/*
 * 11_chan.c -- many senders and receivers through every mixture of select: each value once.
 *
 * Some channels, each with a sender of its own series; the same number of goroutines takes from
 * them. Senders and receivers come in kinds, from plain operations to one select over everything,
 * in both directions; all pairs of kinds meet.
 *
 * Go           test/ken/chan.go, chan1.go
 */
#include "conform.h"

enum { LANES = 6, MOST = 20000 };
enum kind { PLAIN, SELECT_ONE, SELECT_PAIRS, SELECT_ALL, KINDS };

struct exchange {
    struct chan *lanes[LANES];
    enum kind kind;
    uint32_t each;
    atomic_uchar *seen; /* by lane * each + number */
    atomic_uint wrong;
};

struct worker {
    struct exchange *x;
    enum kind kind;
    int lane;
};

static int
group_size(enum kind k)
{
    return k == SELECT_PAIRS ? 2 : k == SELECT_ALL ? LANES : 1;
}

/* Sends the series of all lanes of its group, in whichever order the select chooses. */
static void
sends_group(void *arg)
{
    struct worker *w = arg;
    uint32_t next[LANES] = { 0 }, value[LANES];
    int n = group_size(w->kind), left = n;
    while (left > 0) {
        struct select_case cases[LANES + 1];
        for (int i = 0; i < n; i++) {
            value[i] = (uint32_t)(w->lane + i) * w->x->each + next[i];
            cases[i] =
                SELECT_SEND(next[i] < w->x->each ? w->x->lanes[w->lane + i] : NULL, &value[i]);
        }
        cases[n] = SELECT_RECV(NULL, NULL);
        int chosen = 0;
        if (w->kind == PLAIN) {
            chan_send(w->x->lanes[w->lane], &value[0]);
        } else {
            chosen = chan_select(cases, (size_t)n + 1);
        }
        left -= ++next[chosen] == w->x->each;
    }
    for (int i = 0; i < n; i++) {
        chan_close(w->x->lanes[w->lane + i]);
    }
}

static void
note(struct exchange *x, int lane, uint32_t value, uint32_t *last)
{
    bool good = value / x->each == (uint32_t)lane && value % x->each + 1 > *last;
    *last = value % x->each + 1; /* one lane's values come to each taker in rising order */
    if (!good || atomic_fetch_add(&x->seen[value], 1) != 0) {
        atomic_fetch_add(&x->wrong, 1);
    }
}

static void
takes_group(void *arg)
{
    struct worker *w = arg;
    struct select_case cases[LANES];
    uint32_t value[LANES], last[LANES] = { 0 };
    int n = group_size(w->kind), left = n;
    for (int i = 0; i < n; i++) {
        cases[i] = SELECT_RECV(w->x->lanes[w->lane + i], &value[i]);
    }
    while (left > 0) {
        int chosen = 0;
        if (w->kind == PLAIN) {
            cases[0].ok = chan_recv(w->x->lanes[w->lane], &value[0]);
        } else {
            chosen = chan_select(cases, (size_t)n);
        }
        if (cases[chosen].ok) {
            note(w->x, w->lane + chosen, value[chosen], &last[chosen]);
        } else {
            cases[chosen].chan = NULL;
            left--;
        }
    }
}

static void
exchange(enum kind senders, enum kind takers, size_t capacity, int each)
{
    struct exchange x = { .each = (uint32_t)scaled(MOST / LANES, 60) };
    struct worker s[LANES], t[LANES];
    uint32_t missing = 0;
    x.seen = calloc(LANES * x.each, sizeof *x.seen);
    for (int i = 0; i < LANES; i++) {
        x.lanes[i] = chan_make(sizeof(uint32_t), capacity);
    }
    for (int i = 0; i < LANES; i += group_size(senders)) {
        s[i] = (struct worker){ &x, senders, i };
        start(sends_group, &s[i]);
    }
    for (int i = 0; i < LANES; i += group_size(takers)) {
        t[i] = (struct worker){ &x, takers, i };
        for (int k = 0; k < each; k++) {
            start(takes_group, &t[i]);
        }
    }
    finish();
    for (uint32_t i = 0; i < LANES * x.each; i++) {
        missing += x.seen[i] != 1;
    }
    CHECK_EQ(missing, 0);
    CHECK_EQ(atomic_load(&x.wrong), 0);
    for (int i = 0; i < LANES; i++) {
        chan_free(x.lanes[i]);
    }
    free(x.seen);
}

static void
all_kinds(size_t capacity, int each)
{
    for (int s = 0; s < KINDS; s++) {
        for (int t = 0; t < KINDS; t++) {
            exchange((enum kind)s, (enum kind)t, capacity, each);
        }
    }
}

TEST(chan_all_kinds_without_buffers)
{
    all_kinds(0, 1);
}

TEST(chan_all_kinds_with_buffers)
{
    all_kinds(1, 1);
    all_kinds(10, 1);
}

TEST(chan_all_kinds_with_many_takers)
{
    all_kinds(0, 3);
    all_kinds(2, 10);
}

/* ---- one select that sends and receives: a ring of goroutines that all do both ---- */

struct both {
    struct chan *in, *out;
    uint32_t to_send, received;
};

static void
sends_and_receives(void *arg)
{
    struct both *b = arg;
    uint32_t value, out = 1, sum = 0;
    while (b->to_send > 0 || b->in != NULL) {
        struct select_case cases[] = { SELECT_SEND(b->to_send > 0 ? b->out : NULL, &out),
                                       SELECT_RECV(b->in, &value) };
        if (chan_select(cases, 2) == 1) {
            sum += cases[1].ok ? value : 0;
            b->in = cases[1].ok ? b->in : NULL;
        } else if (--b->to_send == 0) {
            chan_close(b->out);
        }
    }
    b->received = sum;
}

TEST(chan_ring_of_selects_both_ways)
{
    enum { RING = 7 };
    struct both b[RING];
    struct chan *c[RING];
    uint32_t n = (uint32_t)scaled(20000, 300);
    for (int i = 0; i < RING; i++) {
        c[i] = chan_make(sizeof(uint32_t), (size_t)i % 2);
    }
    for (int i = 0; i < RING; i++) {
        b[i] = (struct both){ c[i], c[(i + 1) % RING], n, 0 };
        start(sends_and_receives, &b[i]);
    }
    finish();
    for (int i = 0; i < RING; i++) {
        CHECK_EQ(b[i].received, n);
        chan_free(c[i]);
    }
}

CONFORM(TEST_ENTRY(chan_all_kinds_without_buffers), TEST_ENTRY(chan_all_kinds_with_buffers),
        TEST_ENTRY(chan_all_kinds_with_many_takers), TEST_ENTRY(chan_ring_of_selects_both_ways))
