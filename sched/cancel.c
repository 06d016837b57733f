/* SPDX-License-Identifier: MIT */
/*
 * cancel.c -- the tree of contexts: who holds whom, and how cancelling goes down.
 *
 *      background <- cancel <- value <- cancel ...    each holds a reference on its parent;
 *                      children of a cancel context: the cancel contexts below it, value contexts
 *                      left out; that nearest one above is a context's anchor
 *
 * Invariants   1. err is set once, and done is closed, before context_cancel returns; so are those
 *                 of all contexts below
 *              2. `linked` is true exactly while the context is on its anchor's list; the anchor
 *                 outlives it, through the parents' references
 *              3. `holds` is one for all references together and one for a timer that may yet call
 *                 context_expire: the memory goes with the last hold, the rest with the last
 *                 reference
 * Locks        each context's mutex (it may park): the anchor's before that of a child
 * Context      goroutines; a deadline runs in a goroutine of its own
 * Protocol     cancelling a tree                      giving up the last reference
 *              1 lock the anchor's mutex              1 refs: 1 -> 0
 *              2 refs + 1 unless it is 0              2 linked? lock the anchor's mutex, take it
 *              3 take the child off the list;           off if it still is, open
 *                linked = false; if refs was 0,       3 free
 *                that is the last touch
 *              So a child that is being freed is not used, and is there until it is off the list.
 *              The way down and up is a loop, however deep the tree: the mutexes of a path are held
 *              at once, and the anchors are the way back.
 * Go           context.go: propagateCancel, cancelCtx.cancel
 */
#include "chan.h"
#include "context.h"

/* ---- calls put off: a binary tree by the bits of their numbers, the lowest at the root. Numbers
 *      differ, so it is at most 64 deep; they rise, so it is near to balanced. ---- */

/* Where id is, or would be. */
struct after **
context_after_place(struct context *a, uint64_t id)
{
    struct after **at = &a->afters;
    for (unsigned depth = 0; *at != NULL && (*at)->id != id; depth++) {
        at = &(*at)->child[id >> depth & 1];
    }
    return at;
}

/* Takes out what is there, if anything; any leaf below it can stand in its place. */
struct after *
context_after_take(struct after **at)
{
    struct after *taken = *at, **leaf = at;
    if (taken == NULL) {
        return NULL;
    }
    while ((*leaf)->child[0] != NULL || (*leaf)->child[1] != NULL) {
        leaf = &(*leaf)->child[(*leaf)->child[0] == NULL];
    }
    struct after *heir = *leaf;
    *leaf = NULL;
    if (heir != taken) {
        heir->child[0] = taken->child[0];
        heir->child[1] = taken->child[1];
        *at = heir;
    }
    return taken;
}

/* ---- references ---- */

/* The context an alias stands for, with a reference; any other as it is. */
struct context *
context_enter(struct context *c)
{
    if (c->kind != CONTEXT_ALIAS) {
        return c;
    }
    struct gamp_context_alias *alias = (struct gamp_context_alias *)c;
    mutex_lock(&alias->mutex);
    struct context *target = context_ref(alias->target);
    mutex_unlock(&alias->mutex);
    return target;
}

void
context_leave(const struct context *c, struct context *entered)
{
    if (c->kind == CONTEXT_ALIAS) {
        context_unref(entered);
    }
}

static bool
ref_unless_zero(struct context *c)
{
    uint32_t n = atomic_load(&c->refs);
    while (n != 0) {
        if (atomic_compare_exchange_weak(&c->refs, &n, n + 1)) {
            return true;
        }
    }
    return false;
}

struct context *
context_ref(struct context *c)
{
    if (c->kind == CONTEXT_ALIAS) {
        return context_enter(c);
    }
    if (c->kind != CONTEXT_ROOT) {
        atomic_fetch_add(&c->refs, 1);
    }
    return c;
}

static void
hold_drop(struct context *c)
{
    if (atomic_fetch_sub(&c->holds, 1) == 1) {
        timer_free(c->timer);
        arch_free(c);
    }
}

/* The timer will not call, or its goroutine drops the hold itself. */
static void
timer_end(struct context *c)
{
    if (c->timer_counts) {
        c->timer_counts = false;
        if (timer_stop(c->timer)) {
            hold_drop(c);
        }
    }
}

/* Under the anchor's mutex. */
static void
unlink_child(struct context *c)
{
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        c->anchor->children = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    atomic_store(&c->linked, false);
}

static void
detach(struct context *c)
{
    if (atomic_load(&c->linked)) {
        mutex_lock(&c->anchor->mutex);
        if (atomic_load(&c->linked)) {
            unlink_child(c);
        }
        mutex_unlock(&c->anchor->mutex);
    }
}

/* No reference is left: nobody but a timer's goroutine, which will find that out, knows of it. */
static void
destroy(struct context *c)
{
    struct after *a;
    detach(c);
    timer_end(c);
    while ((a = context_after_take(&c->afters)) != NULL) {
        arch_free(a);
    }
    struct chan *done = atomic_load(&c->done);
    if (done != NULL) {
        chan_free_owned(done);
    }
    hold_drop(c);
}

void
context_unref(struct context *c)
{
    while (c != NULL && c->kind != CONTEXT_ROOT && c->kind != CONTEXT_ALIAS
           && atomic_fetch_sub(&c->refs, 1) == 1) {
        struct context *parent = c->parent;
        destroy(c);
        c = parent;
    }
}

/* ---- cancelling ---- */

/* Where cancellation and deadline of c come from. */
struct context *
context_anchor(struct context *c)
{
    return c->kind == CONTEXT_VALUE ? c->anchor : c;
}

/* c->mutex is held, err not yet set. */
static void
cancel_one(struct context *c, int err)
{
    struct after *a;
    atomic_store(&c->err, err);
    struct chan *done = atomic_load(&c->done);
    if (done != NULL) {
        chan_close_owned(done);
    }
    if (c->lent != NULL) {
        chan_close_owned(c->lent);
    }
    while ((a = context_after_take(&c->afters)) != NULL) {
        go(a->fn, a->arg);
        arch_free(a);
    }
    timer_end(c);
}

/* The next child of c to be cancelled, referenced and locked; NULL: none is left. c is locked. */
static struct context *
next_child(struct context *c)
{
    struct context *child;
    while ((child = c->children) != NULL) {
        bool live = ref_unless_zero(child);
        unlink_child(child); /* the last touch of one that dies: it asks for no lock any more */
        if (live) {
            mutex_lock(&child->mutex);
            if (atomic_load(&child->err) == 0) {
                return child;
            }
            mutex_unlock(&child->mutex);
            context_unref(child);
        }
    }
    return NULL;
}

/* Protocol, left side. The caller has a reference on root. */
void
context_cancel_tree(struct context *root, int err)
{
    mutex_lock(&root->mutex);
    if (atomic_load(&root->err) != 0) {
        mutex_unlock(&root->mutex);
        return;
    }
    cancel_one(root, err);
    for (struct context *c = root; c != NULL;) {
        struct context *child = next_child(c);
        if (child != NULL) {
            cancel_one(child, err);
            c = child;
            continue;
        }
        struct context *up = c == root ? NULL : c->anchor;
        mutex_unlock(&c->mutex);
        if (c != root) {
            context_unref(c);
        }
        c = up;
    }
    detach(root);
}

/* A deadline's timer: in a goroutine of its own. */
void
context_expire(void *arg)
{
    struct context *c = arg;
    if (ref_unless_zero(c)) {
        context_cancel_tree(c, CONTEXT_DEADLINE_EXCEEDED);
        context_unref(c);
    }
    hold_drop(c);
}

void
context_cancel(struct context *c)
{
    struct context *t = context_enter(c);
    if (t->kind == CONTEXT_CANCEL) {
        context_cancel_tree(t, CONTEXT_CANCELED);
    }
    context_leave(c, t);
}

void
context_free(struct context *c)
{
    if (c != NULL) {
        context_cancel(c);
        context_unref(c);
    }
}

/* Onto its anchor's list; an anchor that is cancelled cancels it at once. */
void
context_attach(struct context *c)
{
    struct context *a = c->anchor;
    if (a == context_background()) {
        return;
    }
    mutex_lock(&a->mutex);
    int err = atomic_load(&a->err);
    if (err == 0) {
        c->next = a->children;
        if (c->next != NULL) {
            c->next->prev = c;
        }
        a->children = c;
        atomic_store(&c->linked, true);
    }
    mutex_unlock(&a->mutex);
    if (err != 0) {
        context_cancel_tree(c, err);
    }
}
