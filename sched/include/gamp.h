/* SPDX-License-Identifier: MIT */
/*
 * gamp.h -- all that a goroutine program sees: goroutines, channels, locks, time, panics.
 *
 * Conventions  A function parks (lets other goroutines have the core until it can go on) only where
 *              its comment says "Parks". Every one may be called from any goroutine on any core.
 *              Times are nanoseconds, sizes bytes, cores counted from 0.
 *              "panics" can be caught by go_try; "fatal" ends the program with status 2.
 *              The last line of a comment names the Go counterpart where there is one.
 * Lifetimes    Structs that are complete here may stand on a stack or in another struct; zeroed is
 *              ready to use; their members are private and they are not copied after first use.
 *              An object may be freed or leave scope as soon as nobody waits on it and the effect
 *              of every call on it has been seen.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define GAMP_ATOMIC(type) type /* same size and alignment; C++ never touches the members */
extern "C" {
#else
#define GAMP_ATOMIC(type) _Atomic(type)
#endif

struct chan;
struct context;
struct ticker;
struct timer;

typedef long ssize_t; /* as in POSIX, whose headers may define it as well */

/* ---- time ---- */

typedef int64_t duration; /* nanoseconds */

#define NANOSECOND  ((duration)1)
#define MICROSECOND (1000 * NANOSECOND)
#define MILLISECOND (1000 * MICROSECOND)
#define SECOND      (1000 * MILLISECOND)
#define MINUTE      (60 * SECOND)
#define HOUR        (60 * MINUTE)

/* Nanoseconds since boot; never goes back, the same on every core. Go: runtime.nanotime */
int64_t nanotime(void);

/* Nanoseconds since 1970, UTC. Go: time.Now().UnixNano() */
int64_t walltime(void);

/* Parks for d at least, never less; d <= 0 returns at once. Go: time.Sleep */
void gosleep(duration d);

/* A timer sends nanotime() (int64_t) once on its channel after d; out of memory is fatal.
   Go: time.NewTimer */
struct timer *timer_new(duration d);

/* Runs fn(arg) in a goroutine of its own after d; this timer has no channel. Go: time.AfterFunc */
struct timer *timer_after_func(duration d, void (*fn)(void *), void *arg);

/* The channel to receive from; its len and cap are always 0; NULL for timer_after_func.
   Closing or freeing it panics. Go: Timer.C */
struct chan *timer_chan(struct timer *t);

/* True if it was pending. Once it returns, no stale value is received. Go: Timer.Stop */
bool timer_stop(struct timer *t);

/* Starts t afresh with d; true if it was pending; no stale value either. Go: Timer.Reset */
bool timer_reset(struct timer *t, duration d);

/* Stops t and gives its memory back; NULL does nothing. */
void timer_free(struct timer *t);

/* A ticker sends every d, dropping ticks nobody takes; d <= 0 panics. Go: time.NewTicker */
struct ticker *ticker_new(duration d);
struct chan *ticker_chan(struct ticker *t);
void ticker_reset(struct ticker *t, duration d);
void ticker_stop(struct ticker *t);
void ticker_free(struct ticker *t);

/* ---- goroutines ---- */

#define GO_CORE(n) ((n) + 1) /* for go_attr.core: stay on core n */

struct go_attr {
    const char *name; /* for dumps and traces; borrowed; NULL: fn's symbol name */
    size_t stack_max; /* bytes; 0: the boot default (256 KiB); rounded up, 1 GiB at most */
    size_t arg_size;  /* > 0: arg's bytes (1024 at most) are copied; fn gets its own copy */
    int core;         /* GO_CORE(n); 0: any */
};

/* Starts fn(arg) as a goroutine. Out of memory and a NULL fn are fatal. Go: the go statement */
void go(void (*fn)(void *), void *arg);

/* go with attributes (NULL: all defaults). 0, or -ENOMEM, -EINVAL and nothing was started. */
int go_with(const struct go_attr *attr, void (*fn)(void *), void *arg);

/* Lets the other runnable goroutines go first. Parks. Go: runtime.Gosched */
void gosched(void);

/* Ends this goroutine after all its deferred calls. From main: the others go on, and it is fatal
   once none is left. Go: runtime.Goexit */
void goexit(void) __attribute__((noreturn));

/* This goroutine's number: main is 1; never reused. */
uint64_t goid(void);

/* Goroutines alive, main included. Go: runtime.NumGoroutine */
size_t num_goroutine(void);

/* Cores of the machine. Go: runtime.NumCPU */
int num_cpu(void);

/* Lets cores 0..n-1 run goroutines (clamped to num_cpu()) and returns the previous value; n < 1
   only asks. Parks. Go: runtime.GOMAXPROCS */
int gomaxprocs(int n);

/* The core that runs the caller now: already stale on return unless lock_core is held. */
int core_id(void);

/* Stay on the present core until as many unlock_core; others still share that core. unlock_core
   without lock_core has no effect. Go: runtime.LockOSThread, less the exclusiveness */
void lock_core(void);
void unlock_core(void);

/* ---- channels ---- */

enum chan_status { CHAN_OK = 0, CHAN_EMPTY, CHAN_CLOSED };

/* Elements of elem_size bytes (0 is allowed), capacity of them buffered. NULL: no memory. Panics
   where the product overflows. Go: make(chan T, n) */
struct chan *chan_make(size_t elem_size, size_t capacity);

/* Parks until *elem is buffered or received; for ever on NULL. Panics once closed. Go: c <- v */
void chan_send(struct chan *c, const void *elem);

/* Parks until there is a value; for ever on NULL. False: closed and drained, *elem zeroed. elem
   may be NULL: the value is dropped. Go: v, ok = <-c */
bool chan_recv(struct chan *c, void *elem);

/* Without parking: false, or CHAN_EMPTY, where they would. Go: select with a default case */
bool chan_try_send(struct chan *c, const void *elem);
enum chan_status chan_try_recv(struct chan *c, void *elem);

/* Receivers get what is buffered, then false; parked senders panic. Closing NULL or a closed
   channel panics. Go: close(c) */
void chan_close(struct chan *c);

/* Elements buffered now, and room for how many; 0 for NULL. Go: len(c), cap(c) */
size_t chan_len(const struct chan *c);
size_t chan_cap(const struct chan *c);

/* Gives the memory back; NULL does nothing; panics while anyone waits. Go: the collector */
void chan_free(struct chan *c);

enum select_op { SELECT_OP_SEND, SELECT_OP_RECV };

struct select_case {
    enum select_op op;
    struct chan *chan; /* NULL: never ready */
    void *elem;        /* a send only reads it */
    bool ok;           /* written for the chosen receive: false, closed and drained */
};

static inline struct select_case
gamp_select_case(enum select_op op, struct chan *c, const void *elem)
{
    struct select_case one = { op, c, (void *)(uintptr_t)elem, false };

    return one;
}

#define SELECT_SEND(c, elem) gamp_select_case(SELECT_OP_SEND, (c), (elem))
#define SELECT_RECV(c, elem) gamp_select_case(SELECT_OP_RECV, (c), (elem))

/* Parks until a case is ready, takes one of the ready at random and returns its index; n == 0
   parks for ever. A chosen send on a closed channel panics, as do over 65,536 cases. Go: select */
int chan_select(struct select_case *cases, size_t n);

/* The same without parking: -1 when none is ready. Go: select with a default case */
int chan_try_select(struct select_case *cases, size_t n);

/* ---- synchronisation: all members are private ---- */

struct gamp_lock {
    GAMP_ATOMIC(uint64_t) word;
};
struct gamp_waitq {
    GAMP_ATOMIC(void *) first;
    void *last;
};

struct mutex {
    GAMP_ATOMIC(uint64_t) state;
    struct gamp_waitq waitq;
};
struct rwmutex {
    GAMP_ATOMIC(uint64_t) state;
    struct gamp_waitq readers, writers;
};
struct waitgroup {
    GAMP_ATOMIC(uint64_t) state;
    struct gamp_lock lock;
    struct gamp_waitq waitq;
};
struct once {
    struct mutex mutex;
};
struct cond {
    struct gamp_lock lock;
    struct gamp_waitq waitq;
};
struct sema {
    GAMP_ATOMIC(uint64_t) state;
    struct gamp_waitq waitq;
};
struct gamp_context_alias {
    uint32_t kind;
    GAMP_ATOMIC(uint32_t) lent;
    struct context *target;
    struct mutex mutex;
    unsigned char done[80] __attribute__((aligned(16)));
};
struct errgroup {
    struct waitgroup waitgroup;
    struct sema limit;
    struct gamp_context_alias alias;
    GAMP_ATOMIC(int32_t) error, active;
    GAMP_ATOMIC(bool) limited;
};

/* lock parks while another goroutine holds it, and a waiter of over 1 ms is handed the lock. Any
   goroutine may unlock; unlocking an unlocked mutex is fatal. A lock that closes a circle of
   goroutines waiting for each other's mutexes says so on the console. Go: sync.Mutex */
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_trylock(struct mutex *m);

/* Many readers or one writer; rlock and lock park; a waiting writer holds new readers back, so a
   reader must not rlock again. Unlocking an unlocked one is fatal. Go: sync.RWMutex */
void rwmutex_rlock(struct rwmutex *m);
void rwmutex_runlock(struct rwmutex *m);
void rwmutex_lock(struct rwmutex *m);
void rwmutex_unlock(struct rwmutex *m);
bool rwmutex_tryrlock(struct rwmutex *m);
bool rwmutex_trylock(struct rwmutex *m);

/* wait parks until the counter is zero; done is add(-1); a negative counter panics. go is add(1),
   fn(arg) in a new goroutine, done. Go: sync.WaitGroup */
void waitgroup_add(struct waitgroup *wg, int n);
void waitgroup_done(struct waitgroup *wg);
void waitgroup_wait(struct waitgroup *wg);
void waitgroup_go(struct waitgroup *wg, void (*fn)(void *), void *arg);

/* Calls fn(arg) the first time only; the others park until that call has ended. A fn that panics
   counts as done. Go: sync.Once */
void once_do(struct once *o, void (*fn)(void *), void *arg);

/* wait unlocks m, parks until signal (one waiter, the longest waiting) or broadcast (all), and
   locks m again; never wakes without cause. Go: sync.Cond */
void cond_wait(struct cond *c, struct mutex *m);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

/* A count of n permits (zeroed: none); acquire parks until it can take one, or n at once. First
   come, first served: who wants many holds up those behind who want few.
   Go: golang.org/x/sync/semaphore */
void sema_init(struct sema *s, size_t n);
void sema_acquire(struct sema *s);
void sema_release(struct sema *s);
bool sema_try_acquire(struct sema *s);
void sema_acquire_n(struct sema *s, size_t n);
void sema_release_n(struct sema *s, size_t n);
bool sema_try_acquire_n(struct sema *s, size_t n);

/* Goroutines whose results are awaited together. The context is derived from parent (or NULL) and
   cancelled at the first non-zero result and when wait returns; wait parks for all and returns that
   first result. Every group made with a parent, or asked for its context, must be waited for.
   errgroup_context's pointer is good for as long as the group is; use context_ref's result beyond.
   go parks while limit (n < 0: none) are running; try_go is false instead. limit is set while none
   runs, or it panics. Go: golang.org/x/sync/errgroup */
void errgroup_init(struct errgroup *eg, struct context *parent);
void errgroup_go(struct errgroup *eg, int (*fn)(void *), void *arg);
bool errgroup_try_go(struct errgroup *eg, int (*fn)(void *), void *arg);
int errgroup_wait(struct errgroup *eg);
struct context *errgroup_context(struct errgroup *eg);
void errgroup_set_limit(struct errgroup *eg, int n);

/* ---- context: cancellation, deadlines and values handed down a tree ---- */

enum { CONTEXT_CANCELED = 1, CONTEXT_DEADLINE_EXCEEDED = 2 };

/* The root: never cancelled, its done is NULL; cancel, unref and free do nothing to it. */
struct context *context_background(void);

/* Each returns one reference, and holds its parent. A NULL parent panics, no memory is fatal.
   A deadline is a nanotime(). Go: context.WithCancel and so on */
struct context *context_with_cancel(struct context *parent);
struct context *context_with_timeout(struct context *parent, duration d);
struct context *context_with_deadline(struct context *parent, int64_t when);
struct context *context_with_value(struct context *parent, const void *key, void *value);

/* Cancels c and all below it; the first reason stays. Parks. When it returns every done below is
   closed. Of a value context: nothing happens, cancellation is its parents' business.
   Go: CancelFunc */
void context_cancel(struct context *c);

/* 0 while alive, then CONTEXT_CANCELED or CONTEXT_DEADLINE_EXCEEDED, and done is closed.
   Go: Context.Err */
int context_err(struct context *c);

/* A channel that is closed with the context; receive, never close or free it. It lasts as long as
   the context; an errgroup's as long as the group. Go: Context.Done */
struct chan *context_done(struct context *c);

/* True, and *when its nanotime(), where there is a deadline. Go: Context.Deadline */
bool context_deadline(struct context *c, int64_t *when);

/* The nearest value under key, compared by address; NULL without one. Go: Context.Value */
void *context_value(struct context *c, const void *key);

/* Runs fn(arg) in a goroutine of its own once c is cancelled (at once if it is, never if nobody
   does); stop is true if it prevented the call, so fn will not run: on the background, too.
   Go: context.AfterFunc */
uint64_t context_after_func(struct context *c, void (*fn)(void *), void *arg);
bool context_after_stop(struct context *c, uint64_t id);

/* The memory and the done channel go with the last reference; free is cancel and unref. */
struct context *context_ref(struct context *c);
void context_unref(struct context *c);
void context_free(struct context *c);

/* ---- panics and deferred calls ---- */

struct panic_info {
    char message[256];
    uintptr_t address; /* what a fault touched */
    uintptr_t pc;      /* where */
    bool fault;        /* false: a call of panic */
};

/* Ends the innermost go_try, or the program with status 2, after the deferred calls. Go: panic */
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Calls fn(arg): false, and *info filled (may be NULL), where it panicked. Go: recover */
bool go_try(void (*fn)(void *), void *arg, struct panic_info *info);

/* fn(arg) will run, last first, when the innermost go_try or the goroutine ends: not when the C
   function returns. Out of memory is fatal. Go: defer */
void go_defer(void (*fn)(void *), void *arg);

#if !defined(__cplusplus) && !defined(GAMP_NO_SHORT_NAMES)
#define try(...)   go_try(__VA_ARGS__)
#define defer(...) go_defer(__VA_ARGS__)
#endif

/* ---- the console; all else of the C library is in its own headers ---- */

/* Parks until the console has a line; without its newline, ended by NUL; the length, or -1 at end
   of input. A longer line comes in pieces of n - 1. Echoes only on a terminal. */
ssize_t readline(char *buf, size_t n);

/* ---- looking inside ---- */

/* Every goroutine and where it waits, on the console. Go: a crash's goroutine traces */
void goroutine_dump(void);

/* Record scheduling events from start to stop. Go: runtime/trace.Start, Stop */
void trace_start(void);
void trace_stop(void);

struct sched_stats { /* counts and sums since boot; those of "now" excepted */
    uint64_t created, finished;
    uint64_t runnable, running, waiting; /* goroutines, now */
    uint64_t switches, yields, preemptions;
    uint64_t steals, stolen; /* successful steals; goroutines taken */
    uint64_t ipis_sent, wakes, interrupts;
    uint64_t stack_faults, timers_fired;
    uint64_t busy_ns, sched_ns, idle_ns;          /* together: wall time times cores */
    uint64_t stack_bytes, heap_bytes, free_bytes; /* now; 0 when asked for one core */
};

/* The figures of all cores together, and of one; a core beyond num_cpu() gives zeroes. The first
   looks at every goroutine. */
void sched_stats(struct sched_stats *all);
void sched_stats_core(int core, struct sched_stats *one);

#ifdef __cplusplus
}
#endif
