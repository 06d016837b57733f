/* SPDX-License-Identifier: MIT */
/*
 * 03_select3.c -- the table of what blocks, goes through or panics, in every form it can be said.
 *
 * Go           test/chan/select3.go
 */
#include "conform.h"

enum outcome { BLOCKS, GOES, PANICS };
enum state { NIL, EMPTY, EMPTY_BUFFER, SOME, FULL, CLOSED, CLOSED_SOME, STATES };
enum form { PLAIN, SELECT_ALONE, SELECT_NIL_TOO, SELECT_OTHER_TOO, SELECT_TWICE, FORMS };

static const char *const state_names[] = { "nil",  "empty",  "empty buffer",    "some",
                                           "full", "closed", "closed with some" };

/* What is expected of each state: to send, to receive, to close, and the figures. */
static const struct {
    enum outcome send, receive;
    const char *close; /* the panic; NULL: it closes */
    size_t len, cap;
    bool ok;
} table[STATES] = {
    [NIL] = { BLOCKS, BLOCKS, "close of nil channel", 0, 0, false },
    [EMPTY] = { BLOCKS, BLOCKS, NULL, 0, 0, false },
    [EMPTY_BUFFER] = { GOES, BLOCKS, NULL, 0, 3, false },
    [SOME] = { GOES, GOES, NULL, 2, 3, true },
    [FULL] = { BLOCKS, GOES, NULL, 3, 3, true },
    [CLOSED] = { PANICS, GOES, "close of closed channel", 0, 3, false },
    [CLOSED_SOME] = { PANICS, GOES, "close of closed channel", 2, 3, true },
};

static struct chan *
channel_in(enum state s)
{
    if (s == NIL) {
        return NULL;
    }
    struct chan *c = chan_make(sizeof(int), s == EMPTY ? 0 : 3);
    for (int i = 0; i < (int)table[s].len; i++) {
        chan_send(c, &(int){ 100 + i });
    }
    if (s == CLOSED || s == CLOSED_SOME) {
        chan_close(c);
    }
    return c;
}

struct trial {
    struct chan *c, *other;
    enum form form;
    bool send, may_park;
    int value; /* sent, or received */
    bool ok, ready;
    char message[256];
    atomic_bool ended;
};

/* The operation as a select with the given neighbours; returns whether its case was taken. */
static bool
by_select(struct trial *t)
{
    struct select_case mine = t->send ? SELECT_SEND(t->c, &t->value) : SELECT_RECV(t->c, &t->value);
    struct select_case next = t->form == SELECT_OTHER_TOO ? SELECT_RECV(t->other, NULL)
                              : t->form == SELECT_TWICE   ? mine
                                                          : SELECT_SEND(NULL, &t->value);
    struct select_case cases[] = { mine, next };
    size_t n = t->form == SELECT_ALONE ? 1 : 2;
    int chosen = t->may_park ? chan_select(cases, n) : chan_try_select(cases, n);
    CHECK(chosen < (int)n);
    CHECK(chosen != 1 || t->form == SELECT_TWICE);
    t->ok = chosen >= 0 && cases[chosen].ok;
    return chosen >= 0;
}

static void
operate(void *arg)
{
    struct trial *t = arg;
    if (t->form != PLAIN) {
        t->ready = by_select(t);
    } else if (t->send && t->may_park) {
        chan_send(t->c, &t->value);
        t->ready = true;
    } else if (t->send) {
        t->ready = chan_try_send(t->c, &t->value);
    } else if (t->may_park) {
        t->ok = chan_recv(t->c, &t->value);
        t->ready = true;
    } else {
        enum chan_status status = chan_try_recv(t->c, &t->value);
        t->ready = status != CHAN_EMPTY;
        t->ok = status == CHAN_OK;
    }
}

static void
try_to_operate(void *arg)
{
    struct trial *t = arg;
    struct panic_info info;
    if (!try(operate, t, &info)) {
        memcpy(t->message, info.message, sizeof t->message);
    }
    atomic_store(&t->ended, true);
}

static struct trial *
trial_new(enum state s, enum form form, bool send, bool may_park)
{
    struct trial *t = calloc(1, sizeof *t);
    t->c = channel_in(s);
    t->other = chan_make(sizeof(int), 0);
    t->form = form;
    t->send = send;
    t->may_park = may_park;
    t->value = 7;
    return t;
}

static void
trial_free(struct trial *t)
{
    chan_free(t->c);
    chan_free(t->other);
    free(t);
}

/* What an operation that went through, or panicked, must have left. */
static void
check_effect(struct trial *t, enum state s, enum outcome wanted)
{
    if (wanted == PANICS) {
        CHECK_STREQ(t->message, "send on closed channel");
        CHECK_EQ(chan_len(t->c), table[s].len);
        return;
    }
    CHECK_STREQ(t->message, "");
    CHECK(t->ready);
    if (t->send) {
        CHECK_EQ(chan_len(t->c), table[s].len + 1);
    } else {
        CHECK_EQ(t->ok, table[s].ok);
        CHECK_EQ(t->value, t->ok ? 100 : 0);
        CHECK_EQ(chan_len(t->c), table[s].len - t->ok);
    }
}

static void
parking_trial(enum state s, enum form form, bool send, enum outcome wanted)
{
    struct trial *t = trial_new(s, form, send, true);
    uint64_t before = stats_now().waiting;
    go(try_to_operate, t);
    CHECK(WAIT_UNTIL(atomic_load(&t->ended) || stats_now().waiting > before));
    if (!CHECK_EQ(!atomic_load(&t->ended), wanted == BLOCKS)) {
        printf("# %s, %s, form %d\n", state_names[s], send ? "send" : "receive", (int)form);
        return;
    }
    if (wanted == BLOCKS && s == NIL) {
        return; /* for ever: it stays, and so does all it may look at */
    }
    if (wanted == BLOCKS) {
        CHECK_EQ(chan_len(t->c), table[s].len);
        chan_close(t->c);
        CHECK(WAIT_UNTIL(atomic_load(&t->ended)));
        CHECK_STREQ(t->message, send ? "send on closed channel" : "");
        CHECK(send || (!t->ok && t->value == 0));
    } else {
        check_effect(t, s, wanted);
    }
    trial_free(t);
}

static void
trying_trial(enum state s, enum form form, bool send, enum outcome wanted)
{
    struct trial *t = trial_new(s, form, send, false);
    try_to_operate(t);
    if (wanted == BLOCKS) {
        CHECK(!t->ready && !t->ok);
        CHECK_EQ(t->value, 7);
        CHECK_STREQ(t->message, "");
        CHECK_EQ(chan_len(t->c), table[s].len);
    } else {
        check_effect(t, s, wanted);
    }
    trial_free(t);
}

TEST(table_of_sending)
{
    for (int s = 0; s < STATES; s++) {
        for (int form = 0; form < FORMS; form++) {
            parking_trial((enum state)s, (enum form)form, true, table[s].send);
        }
    }
}

TEST(table_of_receiving)
{
    for (int s = 0; s < STATES; s++) {
        for (int form = 0; form < FORMS; form++) {
            parking_trial((enum state)s, (enum form)form, false, table[s].receive);
        }
    }
}

TEST(table_without_parking)
{
    for (int s = 0; s < STATES; s++) {
        for (int form = 0; form < FORMS; form++) {
            trying_trial((enum state)s, (enum form)form, true, table[s].send);
            trying_trial((enum state)s, (enum form)form, false, table[s].receive);
        }
    }
}

static void
closes(void *c)
{
    chan_close(c);
}

TEST(table_of_closing_and_figures)
{
    for (int s = 0; s < STATES; s++) {
        struct chan *c = channel_in((enum state)s);
        struct panic_info info = { .message = "" };
        CHECK_EQ(chan_len(c), table[s].len);
        CHECK_EQ(chan_cap(c), table[s].cap);
        CHECK_EQ(try(closes, c, &info), table[s].close == NULL);
        CHECK_STREQ(info.message, table[s].close != NULL ? table[s].close : "");
        CHECK_EQ(chan_len(c), table[s].len);
        chan_free(c);
    }
}

static void
selects_nothing(void *arg)
{
    (void)arg;
    chan_select(NULL, 0);
}

TEST(table_empty_select)
{
    uint64_t before = stats_now().waiting;
    CHECK_EQ(chan_try_select(NULL, 0), -1);
    go(selects_nothing, NULL);
    CHECK(WAIT_UNTIL(stats_now().waiting == before + 1));
    gosleep(2 * MILLISECOND);
    CHECK_EQ(stats_now().waiting, before + 1);
}

CONFORM(TEST_ENTRY(table_of_sending), TEST_ENTRY(table_of_receiving),
        TEST_ENTRY(table_without_parking), TEST_ENTRY(table_of_closing_and_figures),
        TEST_ENTRY(table_empty_select))
