/* SPDX-License-Identifier: MIT */
/*
 * errgroup.c -- goroutines whose results are awaited together.
 *
 * Invariants   1. alias.kind != 0 exactly when somebody may know the group's context, or wait has
 *                 returned
 * Locks        alias.mutex: which context the alias stands for
 * Protocol     The group's context is an alias inside the group: it stands for a child of parent
 *              until wait has returned, and from then on for one that is cancelled and always
 *              there. Its done channel lies in the group, too (context.c: done_lend). So nothing
 *              leaks, and a pointer got from errgroup_context, or a channel got from that, is good
 *              for as long as the group is.
 * Go           golang.org/x/sync/errgroup
 */
#include "context.h"

struct eg_call {
    struct errgroup *eg;
    int (*fn)(void *);
    void *arg;
};

/* The group's context, made now if it was not; `parent` NULL: the background's child. */
static struct context *
context_make(struct errgroup *eg, struct context *parent)
{
    mutex_lock(&eg->alias.mutex);
    bool made = eg->alias.kind == 0;
    if (made) {
        parent = parent != NULL ? parent : context_background();
        context_alias(&eg->alias, context_with_cancel(parent));
    }
    mutex_unlock(&eg->alias.mutex);
    struct context *c = (struct context *)&eg->alias;
    if (made && atomic_load(&eg->error) != 0) {
        context_cancel(c);
    }
    return c;
}

void
errgroup_init(struct errgroup *eg, struct context *parent)
{
    *eg = (struct errgroup){ 0 };
    if (parent != NULL) {
        context_make(eg, parent);
    }
}

struct context *
errgroup_context(struct errgroup *eg)
{
    return context_make(eg, NULL);
}

/* Looked at under the lock that context_make holds: either this sees the context, or that one sees
 * the error. */
static void
fail(struct errgroup *eg, int error)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&eg->error, &none, error)) {
        return;
    }
    mutex_lock(&eg->alias.mutex);
    bool known = eg->alias.kind != 0;
    mutex_unlock(&eg->alias.mutex);
    if (known) {
        context_cancel((struct context *)&eg->alias);
    }
}

static void
eg_done(void *arg)
{
    struct errgroup *eg = arg;
    if (atomic_load(&eg->limited)) {
        sema_release(&eg->limit);
    }
    atomic_fetch_sub(&eg->active, 1); /* from now on set_limit may make `limit` anew */
    waitgroup_done(&eg->waitgroup);
}

/* However fn ends. The node stays on this frame to the last, so this does not return. */
static void
eg_run(void *arg)
{
    struct eg_call *call = arg;
    struct deferred done;
    defer_push(&done, eg_done, call->eg);
    int error = call->fn(call->arg);
    if (error != 0) {
        fail(call->eg, error);
    }
    goexit();
}

static void
eg_start(struct errgroup *eg, int (*fn)(void *), void *arg)
{
    struct eg_call call = { eg, fn, arg };
    struct go_attr attr = { .arg_size = sizeof(call) };
    if (fn == NULL) {
        fatal("go of nil func value");
    }
    atomic_fetch_add(&eg->active, 1);
    waitgroup_add(&eg->waitgroup, 1);
    if (go_with(&attr, eg_run, &call) != 0) {
        sched_out_of_memory("errgroup_go: no memory for another goroutine");
    }
}

void
errgroup_go(struct errgroup *eg, int (*fn)(void *), void *arg)
{
    if (atomic_load(&eg->limited)) {
        sema_acquire(&eg->limit);
    }
    eg_start(eg, fn, arg);
}

bool
errgroup_try_go(struct errgroup *eg, int (*fn)(void *), void *arg)
{
    if (atomic_load(&eg->limited) && !sema_try_acquire(&eg->limit)) {
        return false;
    }
    eg_start(eg, fn, arg);
    return true;
}

/* First cancelled, then left: what the group lends is closed by then. */
int
errgroup_wait(struct errgroup *eg)
{
    struct context *alias = (struct context *)&eg->alias;
    waitgroup_wait(&eg->waitgroup);
    mutex_lock(&eg->alias.mutex);
    if (eg->alias.kind == 0) {
        context_alias(&eg->alias, context_cancelled(CONTEXT_CANCELED));
    }
    mutex_unlock(&eg->alias.mutex);
    context_cancel(alias);
    int why = context_err(alias);
    mutex_lock(&eg->alias.mutex);
    struct context *own = eg->alias.target;
    context_alias(&eg->alias, context_cancelled(why));
    mutex_unlock(&eg->alias.mutex);
    context_unref(own);
    return atomic_load(&eg->error);
}

void
errgroup_set_limit(struct errgroup *eg, int n)
{
    int active = atomic_load(&eg->active);
    if (active != 0) {
        panic("errgroup: modify limit while %d goroutines in the group are still active", active);
    }
    sema_init(&eg->limit, n > 0 ? (size_t)n : 0);
    atomic_store(&eg->limited, n >= 0);
}
