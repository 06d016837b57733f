/* SPDX-License-Identifier: MIT */
/*
 * context.h -- what cancel.c, context.c and errgroup.c share.
 */
#pragma once
#include "runtime.h"

enum context_kind { CONTEXT_NONE, CONTEXT_ROOT, CONTEXT_CANCEL, CONTEXT_VALUE, CONTEXT_ALIAS };
_Static_assert(CONTEXT_NONE == 0, "a zeroed errgroup has no context yet");

struct after {
    struct after *child[2]; /* by the next bit of id: cancel.c */
    uint64_t id;
    void (*fn)(void *);
    void *arg;
};

struct context {
    /* constant */
    enum context_kind kind;
    struct context *parent, *anchor;
    const void *key;
    void *value;
    bool has_deadline;
    int64_t deadline;

    /* atomic */
    _Atomic(uint32_t) refs, holds;
    _Atomic(int) err;            /* written under the mutex */
    _Atomic(struct chan *) done; /* made when first asked for; written under the mutex */
    _Atomic(bool) linked;        /* written under the anchor's mutex */

    struct mutex mutex;
    struct context *children; /* mutex */
    struct after *afters;     /* mutex */
    struct timer *timer;      /* mutex; kept to the end */
    bool timer_counts;        /* mutex: it holds */
    struct chan *lent;        /* mutex: in an errgroup, closed with done; no more used after that */

    struct context *next, *prev; /* the anchor's mutex */
};

/* cancel.c: the context an alias stands for, with a reference; any other as it is; and back. */
struct context *context_enter(struct context *c);
void context_leave(const struct context *c, struct context *entered);
/* Where cancellation and deadline of c come from. */
struct context *context_anchor(struct context *c);
void context_attach(struct context *c);
/* The caller has a reference. */
void context_cancel_tree(struct context *root, int err);
/* The place of a call among a's, and its end there. Under a's mutex. */
struct after **context_after_place(struct context *a, uint64_t id);
struct after *context_after_take(struct after **at);
/* A deadline's timer: in a goroutine of its own. */
void context_expire(void *arg);

/* context.c: for errgroups. Under alias->mutex: a context whose memory is somebody else's and which
 * stands for another one. */
struct context *context_alias(struct gamp_context_alias *alias, struct context *target);
/* One that is cancelled for that reason, and always there. */
struct context *context_cancelled(int err);
