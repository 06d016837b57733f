/* SPDX-License-Identifier: MIT */
/*
 * 07_powser1.c -- power series as streams: a goroutine for each operation and each term, exact.
 *
 * A stream gives its next coefficient when it is asked for one. Who drops a stream closes its
 * `ask`; the goroutine behind it drops what it was made of, and ends: nothing is left behind.
 *
 * Protocol     consumer                          producer
 *              1 sends on ask                    1 receives from ask; closed: frees both, ends
 *              2 receives from answer            2 sends on answer
 *              3 closes ask, forgets the stream
 * Go           test/chan/powser1.go
 */
#include "conform.h"
#include "ratio.h"

struct stream {
    struct chan *ask, *answer;
};

/* ---- both ends of a stream ---- */

static struct ratio
next(struct stream s)
{
    struct ratio r = { 0, 0 };
    chan_send(s.ask, NULL);
    CHECK(chan_recv(s.answer, &r));
    return r;
}

static void
drop(struct stream s)
{
    chan_close(s.ask);
}

struct op {
    struct stream out, a, b;
    struct ratio r;
    struct ratio (*term)(int64_t);
    struct stream *second; /* split's */
    bool feedback;
};

static struct stream
stream_new(void)
{
    return (struct stream){ chan_make(0, 0), chan_make(sizeof(struct ratio), 0) };
}

static void
stream_free(struct stream s)
{
    chan_free(s.ask);
    chan_free(s.answer);
}

static struct stream
launch(void (*fn)(void *), struct op op)
{
    op.out = stream_new();
    CHECK_EQ(go_with(&(struct go_attr){ .arg_size = sizeof op }, fn, &op), 0);
    return op.out;
}

static bool
asked(struct op *op)
{
    return chan_recv(op->out.ask, NULL);
}

static void
give(struct op *op, struct ratio r)
{
    chan_send(op->out.answer, &r);
}

/* ---- two streams of one ---- */

struct pending {
    struct pending *next;
    struct ratio r;
};

struct half {
    struct stream s;
    struct pending *first, **last;
    bool open, wants;
};

static void
half_give(struct half *h, struct ratio r)
{
    if (!h->open) {
        return;
    }
    if (h->wants) {
        h->wants = false;
        chan_send(h->s.answer, &r);
        return;
    }
    struct pending *p = malloc(sizeof *p);
    *p = (struct pending){ NULL, r };
    *h->last = p;
    h->last = &p->next;
}

/* True: its wish needs the source. */
static bool
half_ask(struct half *h)
{
    struct pending *p = h->first;
    if (p == NULL) {
        h->wants = true;
        return true;
    }
    h->first = p->next;
    h->last = h->first == NULL ? &h->first : h->last;
    chan_send(h->s.answer, &p->r);
    free(p);
    return false;
}

static void
half_close(struct half *h)
{
    h->open = false;
    while (h->first != NULL) {
        struct pending *p = h->first;
        h->first = p->next;
        free(p);
    }
    stream_free(h->s);
}

/* Serves the one while the source works for the other: a source may depend on what it gave. */
static void
splits(void *arg)
{
    struct op *op = arg;
    struct half h[2] = { { .s = op->out, .open = true }, { .s = op->b, .open = true } };
    bool outstanding = false, dropped = false;
    h[0].last = &h[0].first;
    h[1].last = &h[1].first;
    while (h[0].open || h[1].open) {
        struct ratio r;
        struct select_case cases[] = {
            SELECT_RECV(h[0].open && !h[0].wants ? h[0].s.ask : NULL, NULL),
            SELECT_RECV(h[1].open && !h[1].wants ? h[1].s.ask : NULL, NULL),
            SELECT_RECV(outstanding ? op->a.answer : NULL, &r),
        };
        int i = chan_select(cases, 3);
        if (i == 2) {
            outstanding = false;
            half_give(&h[0], r);
            half_give(&h[1], r);
        } else if (!cases[i].ok) {
            half_close(&h[i]);
            if (op->feedback && i == 0) {
                drop(op->a); /* which drops the other half */
                dropped = true;
            }
        } else if (half_ask(&h[i]) && !outstanding) {
            chan_send(op->a.ask, NULL);
            outstanding = true;
        }
    }
    if (!dropped) {
        drop(op->a);
    }
}

static struct stream
split(struct stream s, struct stream *second, bool feedback)
{
    struct op op = { .a = s, .b = *second = stream_new(), .feedback = feedback };
    return launch(splits, op);
}

/* ---- operations ---- */

static void
lists(void *arg)
{
    struct op *op = arg;
    for (int64_t n = 0; asked(op); n++) {
        give(op, op->term(n));
    }
    stream_free(op->out);
}

static void
adds(void *arg)
{
    struct op *op = arg;
    while (asked(op)) {
        struct ratio x = next(op->a);
        give(op, sum(x, next(op->b)));
    }
    drop(op->a);
    drop(op->b);
    stream_free(op->out);
}

static void
scales(void *arg)
{
    struct op *op = arg;
    while (asked(op)) {
        give(op, product(op->r, next(op->a)));
    }
    drop(op->a);
    stream_free(op->out);
}

static void
integrates(void *arg)
{
    struct op *op = arg;
    for (int64_t n = 0; asked(op); n++) {
        give(op, n == 0 ? op->r : product(next(op->a), (struct ratio){ 1, n }));
    }
    drop(op->a);
    stream_free(op->out);
}

static void
prepends(void *arg)
{
    struct op *op = arg;
    for (int64_t n = 0; asked(op); n++) {
        give(op, n == 0 ? op->r : next(op->a));
    }
    drop(op->a);
    stream_free(op->out);
}

#define SERIES(f)      launch(lists, (struct op){ .term = (f) })
#define ADD(x, y)      launch(adds, (struct op){ .a = (x), .b = (y) })
#define SCALE(c, x)    launch(scales, (struct op){ .r = (c), .a = (x) })
#define INTEGRAL(c, x) launch(integrates, (struct op){ .r = (c), .a = (x) })
#define PREPEND(c, x)  launch(prepends, (struct op){ .r = (c), .a = (x) })
#define MULTIPLY(x, y) launch(multiplies, (struct op){ .a = (x), .b = (y) })

/* (u + xU)(v + xV) = uv + x(uV + vU) + xx(UV): each term starts the product of the tails. */
static void
multiplies(void *arg)
{
    struct op *op = arg;
    struct stream tails, u2, v2;
    if (!asked(op)) {
        goto unused;
    }
    struct ratio u = next(op->a), v = next(op->b);
    give(op, product(u, v));
    if (!asked(op)) {
        goto unused;
    }
    struct stream u1 = split(op->a, &u2, false), v1 = split(op->b, &v2, false);
    struct stream mixed = ADD(SCALE(u, v1), SCALE(v, u1));
    give(op, next(mixed));
    tails = MULTIPLY(u2, v2);
    while (asked(op)) {
        struct ratio x = next(mixed);
        give(op, sum(x, next(tails)));
    }
    drop(mixed);
    drop(tails);
    stream_free(op->out);
    return;
unused:
    drop(op->a);
    drop(op->b);
    stream_free(op->out);
}

/* ---- checks ---- */

static const struct ratio zero = { 0, 1 }, one = { 1, 1 };

static struct ratio
ones(int64_t n)
{
    (void)n;
    return one;
}

static struct ratio
inverse_factorial(int64_t n)
{
    return n < 2 ? one : product(inverse_factorial(n - 1), (struct ratio){ 1, n });
}

static void
check_series(struct stream s, const struct ratio *wanted, int n)
{
    for (int i = 0; i < n; i++) {
        struct ratio r = next(s);
        CHECK_EQ(r.num, wanted[i].num);
        CHECK_EQ(r.den, wanted[i].den);
    }
    drop(s);
}

/* The series whose own definition mentions it: body(half of it) is it. */
static struct stream fixed_point(struct stream (*body)(struct stream))
{
    struct stream inner = stream_new(); /* as split makes it, before its source is known */
    struct op op = { .a = body(inner), .b = inner, .feedback = true };
    return launch(splits, op);
}

static struct stream
one_plus_integral(struct stream e)
{
    return INTEGRAL(one, e);
}

static struct stream
integral_of_one_plus_square(struct stream t)
{
    struct stream t2, t1 = split(t, &t2, false);
    struct stream square = MULTIPLY(t1, t2);
    return INTEGRAL(zero, ADD(square, PREPEND(one, SCALE(zero, SERIES(ones)))));
}

static struct stream
one_plus_x_square(struct stream c)
{
    struct stream c2, c1 = split(c, &c2, false);
    return PREPEND(one, MULTIPLY(c1, c2));
}

TEST(powser_sum_and_product)
{
    struct ratio wanted[20];
    for (int i = 0; i < 20; i++) {
        wanted[i] = (struct ratio){ 2, 1 };
    }
    check_series(ADD(SERIES(ones), SERIES(ones)), wanted, 20);
    for (int i = 0; i < 20; i++) {
        wanted[i] = (struct ratio){ i + 1, 1 };
    }
    check_series(MULTIPLY(SERIES(ones), SERIES(ones)), wanted, 20);
    drop(MULTIPLY(SERIES(ones), SERIES(ones))); /* never asked */
    CHECK_ALONE();
}

TEST(powser_exponential)
{
    struct ratio wanted[14];
    for (int i = 0; i < 14; i++) {
        wanted[i] = inverse_factorial(i);
    }
    check_series(fixed_point(one_plus_integral), wanted, 14);
    CHECK_ALONE();
}

static const struct ratio tangent[] = { { 0, 1 },  { 1, 1 }, { 0, 1 },    { 1, 3 }, { 0, 1 },
                                        { 2, 15 }, { 0, 1 }, { 17, 315 }, { 0, 1 }, { 62, 2835 } };

TEST(powser_tangent)
{
    check_series(fixed_point(integral_of_one_plus_square), tangent, 10);
    CHECK_ALONE();
}

static const struct ratio catalan[] = { { 1, 1 },  { 1, 1 },   { 2, 1 },   { 5, 1 },   { 14, 1 },
                                        { 42, 1 }, { 132, 1 }, { 429, 1 }, { 1430, 1 } };

TEST(powser_catalan_numbers)
{
    check_series(fixed_point(one_plus_x_square), catalan, 9);
    CHECK_ALONE();
}

static void
works_them_out(void *arg)
{
    (void)arg;
    check_series(fixed_point(integral_of_one_plus_square), tangent, 10);
    check_series(fixed_point(one_plus_x_square), catalan, 9);
}

TEST(powser_many_at_once)
{
    for (size_t i = 0, n = scaled(40, 4); i < n; i++) {
        start(works_them_out, NULL);
    }
    finish();
    CHECK_ALONE();
}

CONFORM(TEST_ENTRY(powser_sum_and_product), TEST_ENTRY(powser_exponential),
        TEST_ENTRY(powser_tangent), TEST_ENTRY(powser_catalan_numbers),
        TEST_ENTRY(powser_many_at_once))
