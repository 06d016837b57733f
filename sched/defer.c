/* SPDX-License-Identifier: MIT */
/*
 * defer.c -- deferred calls, try, panics on their way up, goexit.
 *
 * C has no unwinder that a kernel could rely on, so what Go ties to functions is tied to frames
 * here: a goroutine has one (on g_entry's stack), and each go_try adds one on its own stack.
 *
 *      gp->tries -> innermost try -> ... -> the goroutine's own frame (outer == NULL)
 *                       |                          |
 *                     defers, newest first       defers
 *
 * Invariants   1. gp->tries is the frame whose body, or whose deferred calls, run now
 *              2. a deferred call is unlinked before it is called: it runs once, whatever it does
 *              3. frames and the calls' nodes lie above the stack pointer of whoever runs them
 * Context      the goroutine itself, preemption on; nothing here is shared
 * Protocol     a panic (panic_raise)                   goexit
 *              1 joins the frame's chain of panics     1 marks the frame: it is being left for good
 *              2 runs the frame's deferred calls on    2 runs its deferred calls
 *                top of the panicking stack            3 the same with the next frame out
 *              3 a try: back into go_try, which        4 the goroutine's own frame: g_exit
 *                returns false                         A panic in 2 that its try catches ends in 3:
 *                its own frame: the program ends       nothing cancels a goexit.
 *              A panic in 2 does 1 to 3 itself, on top, and the first is seen only if the program
 *              ends. A goexit in 2 takes over, and the panic is forgotten.
 * Cost         a goroutine without deferred calls pays three stores and a load; go_try saves two
 *              registers and an address (__builtin_setjmp); go_defer allocates.
 * Rejected     DWARF unwinding: tables as large as the code, and an interpreter in the kernel.
 * Go           panic.go: deferproc, gopanic, recovery, Goexit
 */
#include "runtime.h"

/* One newest call of the frame, if there is one. */
static bool
defer_pop(struct try_frame *t)
{
    struct deferred *d = t->defers;
    if (d == NULL) {
        return false;
    }
    void (*fn)(void *) = d->fn;
    void *arg = d->arg;
    t->defers = d->next;
    if (d->heap) {
        arch_free(d);
    }
    fn(arg);
    return true;
}

/* Runs the frame's deferred calls, those included that they add. */
void
defers_run(struct try_frame *t)
{
    ASSERT(t == this_g()->tries);
    while (defer_pop(t)) {
    }
}

/* As go_defer, with a node on the caller's own frame, which must outlive it. */
void
defer_push(struct deferred *d, void (*fn)(void *), void *arg)
{
    struct try_frame *t = this_g()->tries;
    *d = (struct deferred){ .next = t->defers, .fn = fn, .arg = arg };
    t->defers = d;
}

/* Unlinks d, which may have newer ones above it by now, and calls it. */
void
defer_run(struct deferred *d)
{
    struct deferred **at = &this_g()->tries->defers;
    while (*at != d) {
        ASSERT(*at != NULL);
        at = &(*at)->next;
    }
    *at = d->next;
    d->fn(d->arg);
}

void
go_defer(void (*fn)(void *), void *arg)
{
    struct deferred *d = arch_alloc(sizeof(*d));
    if (d == NULL) {
        sched_out_of_memory("go_defer: no memory for a deferred call");
    }
    defer_push(d, fn, arg);
    d->heap = true;
}

/* The builtin keeps no register for its caller: after the jump only memory and this_g() count. */
__attribute__((noinline)) bool
go_try(void (*fn)(void *), void *arg, struct panic_info *info)
{
    struct try_frame t = { .outer = this_g()->tries, .info = info };
    this_g()->tries = &t;
    if (__builtin_setjmp(t.jump) != 0) {
        return false; /* panic_raise has left the frame already */
    }
    fn(arg);
    defers_run(&t);
    this_g()->tries = t.outer;
    return true;
}

static void try_return(struct try_frame *t, const struct panic *p) __attribute__((noreturn));
static void
try_return(struct try_frame *t, const struct panic *p)
{
    if (t->info != NULL) {
        *t->info = p->info;
    }
    this_g()->tries = t->outer;
    __builtin_longjmp(t->jump, 1);
}

/* Protocol, left side. p lies on the panicking stack. */
void
panic_raise(struct panic *p)
{
    struct try_frame *t = this_g()->tries;
    if (t == NULL) { /* gamp's own code, outside any goroutine */
        panic_die(p);
    }
    bool last = t->outer == NULL && !t->dying;
    p->first = t->panic;
    t->panic = p;
    if (last) {
        t->dying = true;
        atomic_fetch_add(&sched.dying, 1);
    }
    defers_run(t);
    if (t->outer == NULL) {
        panic_die(p);
    }
    if (t->exiting) {
        this_g()->tries = t->outer;
        goexit();
    }
    try_return(t, p);
}

void
goexit(void)
{
    struct g *gp = this_g();
    for (;;) {
        struct try_frame *t = gp->tries;
        t->exiting = true;
        if (t->dying) { /* called by a deferred call of a panic, which it replaces */
            t->dying = false;
            atomic_fetch_sub(&sched.dying, 1);
        }
        defers_run(t);
        if (t->outer == NULL) {
            g_exit();
        }
        gp->tries = t->outer;
    }
}
