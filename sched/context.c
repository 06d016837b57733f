/* SPDX-License-Identifier: MIT */
/*
 * context.c -- contexts as a program sees them: made, asked, with calls to be made at their end.
 *
 * The tree, its invariants and locks: cancel.c.
 *
 * Context      goroutines
 * Go           context.go: WithCancel, WithDeadline, WithValue, AfterFunc
 */
#include "chan.h"
#include "context.h"

static struct context background = { .kind = CONTEXT_ROOT };
static struct context cancelled = { .kind = CONTEXT_ROOT, .err = CONTEXT_CANCELED };
static struct context expired = { .kind = CONTEXT_ROOT, .err = CONTEXT_DEADLINE_EXCEEDED };
_Static_assert(sizeof(struct chan) <= sizeof((struct gamp_context_alias *)0)->done
                   && _Alignof(struct chan) <= 16,
               "gamp.h has room for it");

struct context *
context_background(void)
{
    return &background;
}

/* ---- making ---- */

/* Below parent, one reference; not yet on any list. */
static struct context *
context_new(struct context *parent, enum context_kind kind)
{
    struct context *c = arch_alloc(sizeof(*c));
    if (c == NULL) {
        sched_out_of_memory("context: no memory for a context");
    }
    *c = (struct context){ .kind = kind, .refs = 1, .holds = 1 };
    c->parent = context_ref(parent); /* what an alias stands for, where it is one */
    c->anchor = context_anchor(c->parent);
    c->has_deadline = c->anchor->has_deadline;
    c->deadline = c->anchor->deadline;
    return c;
}

static void
check_parent(const struct context *parent)
{
    if (parent == NULL) {
        panic("cannot create context from nil parent");
    }
}

struct context *
context_with_cancel(struct context *parent)
{
    check_parent(parent);
    struct context *c = context_new(parent, CONTEXT_CANCEL);
    context_attach(c);
    return c;
}

struct context *
context_with_deadline(struct context *parent, int64_t when)
{
    check_parent(parent);
    struct context *c = context_new(parent, CONTEXT_CANCEL);
    bool own = !c->has_deadline || when < c->deadline;
    if (own) {
        c->has_deadline = true;
        c->deadline = when;
    }
    context_attach(c);
    int64_t now = arch_nanotime();
    if (own && when <= now) {
        context_cancel_tree(c, CONTEXT_DEADLINE_EXCEEDED);
    } else if (own) {
        mutex_lock(&c->mutex);
        if (atomic_load(&c->err) == 0) {
            atomic_fetch_add(&c->holds, 1);
            c->timer_counts = true;
            c->timer = timer_after_func(when - now, context_expire, c);
        }
        mutex_unlock(&c->mutex);
    }
    return c;
}

struct context *
context_with_timeout(struct context *parent, duration d)
{
    int64_t now = arch_nanotime();
    return context_with_deadline(parent, d < INT64_MAX - now ? now + d : INT64_MAX);
}

struct context *
context_with_value(struct context *parent, const void *key, void *value)
{
    check_parent(parent);
    if (key == NULL) {
        panic("nil key");
    }
    struct context *c = context_new(parent, CONTEXT_VALUE);
    c->key = key;
    c->value = value;
    return c;
}

/* ---- asking ---- */

/* c's channel, if it has been asked for; a is where its cancellation comes from. */
static struct chan *
done_known(const struct context *c, struct context *a)
{
    if (c->kind == CONTEXT_ALIAS) {
        struct gamp_context_alias *alias = (struct gamp_context_alias *)(uintptr_t)c;
        return atomic_load(&alias->lent) != 0 ? (struct chan *)(void *)alias->done : NULL;
    }
    return atomic_load(&a->done);
}

/* err is set before done is closed, so that who is woken sees it; who sees it first waits for the
 * close, which is under way. Go: cancelCtx.Err, issue 75533 */
int
context_err(struct context *c)
{
    struct context *t = context_enter(c), *a = context_anchor(t);
    int err = atomic_load(&a->err);
    struct chan *done = err != 0 ? done_known(c, a) : NULL;
    if (done != NULL && !atomic_load(&done->closed)) {
        chan_recv(done, NULL);
    }
    context_leave(c, t);
    return err;
}

static struct chan *
done_make(struct context *a)
{
    mutex_lock(&a->mutex);
    struct chan *done = atomic_load(&a->done);
    if (done == NULL) {
        done = chan_make_owned(0, 0, CHAN_OF_CONTEXT);
        if (done == NULL) {
            sched_out_of_memory("context_done: no memory for a channel");
        }
        if (atomic_load(&a->err) != 0) {
            chan_close_owned(done);
        }
        atomic_store(&a->done, done);
    }
    mutex_unlock(&a->mutex);
    return done;
}

/* An alias has a channel of its own, closed with its target's: that one is gone after wait. */
static struct chan *
done_lend(struct gamp_context_alias *alias)
{
    struct chan *done = (struct chan *)(void *)alias->done;
    mutex_lock(&alias->mutex);
    if (atomic_load(&alias->lent) == 0) {
        struct context *t = alias->target;
        mutex_lock(&t->mutex);
        bool over = atomic_load(&t->err) != 0;
        *done = (struct chan){ .owner = CHAN_OF_CONTEXT, .closed = over };
        if (!over) {
            t->lent = done;
        }
        mutex_unlock(&t->mutex);
        atomic_store(&alias->lent, 1);
    }
    mutex_unlock(&alias->mutex);
    return done;
}

struct chan *
context_done(struct context *c)
{
    struct context *t = context_enter(c), *a = context_anchor(t);
    struct chan *done = done_known(c, a);
    if (done == NULL && c->kind == CONTEXT_ALIAS) {
        done = done_lend((struct gamp_context_alias *)c);
    } else if (done == NULL && a != &background) {
        done = done_make(a);
    }
    context_leave(c, t);
    return done;
}

bool
context_deadline(struct context *c, int64_t *when)
{
    struct context *t = context_enter(c);
    const struct context *a = context_anchor(t);
    bool has = a->has_deadline;
    if (has && when != NULL) {
        *when = a->deadline;
    }
    context_leave(c, t);
    return has;
}

void *
context_value(struct context *c, const void *key)
{
    struct context *t = context_enter(c);
    void *value = NULL;
    for (const struct context *at = t; at != NULL && value == NULL; at = at->parent) {
        if (at->kind == CONTEXT_VALUE && at->key == key) {
            value = at->value;
            break;
        }
    }
    context_leave(c, t);
    return value;
}

/* ---- calls to be made when it is cancelled ---- */

uint64_t
context_after_func(struct context *c, void (*fn)(void *), void *arg)
{
    static _Atomic(uint64_t) ids;
    uint64_t id = atomic_fetch_add(&ids, 1) + 1;
    struct after *after = arch_alloc(sizeof(*after));
    if (fn == NULL) {
        fatal("go of nil func value");
    }
    if (after == NULL) {
        sched_out_of_memory("context_after_func: no memory for a call");
    }
    struct context *t = context_enter(c), *a = context_anchor(t);
    *after = (struct after){ .id = id, .fn = fn, .arg = arg };
    mutex_lock(&a->mutex);
    bool now = atomic_load(&a->err) != 0, ever = a != &background;
    if (ever && !now) {
        *context_after_place(a, id) = after;
    }
    mutex_unlock(&a->mutex);
    if (now) {
        go(fn, arg);
    }
    if (now || !ever) {
        arch_free(after);
    }
    context_leave(c, t);
    return id;
}

/* On the background there is no call to prevent, and none to wait for either: true. */
bool
context_after_stop(struct context *c, uint64_t id)
{
    struct context *t = context_enter(c), *a = context_anchor(t);
    mutex_lock(&a->mutex);
    struct after *after = context_after_take(context_after_place(a, id));
    mutex_unlock(&a->mutex);
    arch_free(after);
    context_leave(c, t);
    return after != NULL || a == &background;
}

/* ---- for errgroups ---- */

struct context *
context_alias(struct gamp_context_alias *alias, struct context *target)
{
    if (alias->kind == CONTEXT_NONE) { /* once: it is read without the lock */
        alias->kind = CONTEXT_ALIAS;
    }
    alias->target = target;
    return (struct context *)alias;
}

struct context *
context_cancelled(int err)
{
    return err == CONTEXT_CANCELED ? &cancelled : &expired;
}
