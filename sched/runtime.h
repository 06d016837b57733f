/* SPDX-License-Identifier: MIT */
/*
 * runtime.h -- the scheduler's own data: goroutines (g), cores (m), their queues (p), waiters.
 *
 * Private to sched/ and its unit tests. Fields stand in groups headed by what protects them.
 *
 * A core is an M and owns one P for ever; the two are one struct m. It runs goroutines on their own
 * stacks and its g0, the scheduler, on the core's stack.
 */
#pragma once
#include <gamp.h>
#include <stdatomic.h>
#include "arch.h"
#include "globq.h"
#include "lock.h"
#include "plain.h"

#ifndef GAMP_RUNQ_CAP
#define GAMP_RUNQ_CAP 256 /* Go: 256; small in tests that want it to overflow */
#endif
#ifndef GAMP_GFREE_BATCH
#define GAMP_GFREE_BATCH 64 /* Go: 64; likewise */
#endif

#ifndef GAMP_GFREE_CORES
#define GAMP_GFREE_CORES 16
#endif

enum {
    CORES_MAX = 256,
    RUNQ_CAP = GAMP_RUNQ_CAP,
    FAIR_TICKS = 61,                /* every so many slices the global queue comes first. Go: 61 */
    STEAL_ROUNDS = 4,               /* Go: stealWork */
    GFREE_BATCH = GAMP_GFREE_BATCH, /* dead g's that move at a time; a core keeps two. Go: gfput */
    GFREE_CORES = GAMP_GFREE_CORES, /* cores whose dead g's go to one list */
    GLOBAL_WARM = 1024,             /* dead g's on such a list, which keep a page of stack */
    ID_BATCH = 16, /* goroutine numbers a core takes at a time. Go: _GoidCacheBatch */
    CACHE_LINE = 64,
    STAGGER = 8,       /* first stack pointers differ by lines: equal ones share L1 sets */
    STACK_KEEP = 4096, /* what a dead g keeps */
};
#define STACK_MAX_SIZE   ((size_t)1 << 30)
#define RUNNEXT_GRACE_NS 3000 /* a thief leaves a fresh runnext alone for so long. Go: 3 us */

/*
 * States. Only g_set_status writes them.
 *
 *              on which queue          owns the stack   on which core    who may ready it
 *   DEAD       a free list, or none    the free list    none             nobody
 *   RUNNABLE   one run queue           nobody           none             nobody: it is ready
 *   RUNNING    none                    itself           this_g() there   nobody
 *   WAITING    what it waits on        nobody           none, once its   whoever takes it off what
 *                                                       commit has run   it waits on, once
 */
enum g_status { G_DEAD, G_RUNNABLE, G_RUNNING, G_WAITING };

/* What a parked goroutine waits for; the words a dump shows are in dump.c. */
enum wait_reason {
    WAIT_NONE,
    WAIT_CHAN_RECV,
    WAIT_CHAN_SEND,
    WAIT_CHAN_RECV_NIL,
    WAIT_CHAN_SEND_NIL,
    WAIT_SELECT,
    WAIT_SELECT_NONE,
    WAIT_SLEEP,
    WAIT_MUTEX,
    WAIT_RWMUTEX_RLOCK,
    WAIT_RWMUTEX_LOCK,
    WAIT_COND,
    WAIT_SEMA,
    WAIT_WAITGROUP,
    WAIT_IO,
    WAIT_FOR_EVER,
    WAIT_COUNT,
};

struct g {
    /* the core that runs it, or whoever switches to it; the machine knows these two (struct
     * arch_g). Of the stack, the bounds are constant. No line of it is another g's, too. */
    _Alignas(CACHE_LINE) struct arch_context context;
    struct arch_stack stack;

    /* g_set_status; read by anyone */
    _Atomic(uint8_t) status;
    uint8_t wait_reason;
    int16_t pin;        /* the only core that may run it, or -1; the g itself */
    uint16_t pin_depth; /* lock_core calls to undo */
    bool system : 1;    /* not counted, not shown: gamp's own */
    bool locked : 1;    /* pinned by lock_core, not from birth */
    uint8_t class;      /* of its window, for ever: gfree.c */

    struct g *next; /* whoever holds the queue or list it is on */

    /* constant while alive */
    uint64_t id;
    _Atomic(uint64_t) mark; /* what a mutex it has locked holds: g_mark */
    void (*fn)(void *);     /* what else a dump wants to know: struct g_birth */

    /* the g itself */
    union {
        void *arg;               /* until fn is called; dead: gfree.c */
        struct try_frame *tries; /* innermost: defer.c */
    };
    int err;                          /* errno */
    _Atomic(uint32_t) wait_seq;       /* waits for mutexes so far */
    _Atomic(struct mutex *) waits_on; /* mutex.c; read by anyone */
    int64_t wait_since;               /* m.seen when it parked */
};
_Static_assert(offsetof(struct g, context) == offsetof(struct arch_g, context)
                   && offsetof(struct g, stack) == offsetof(struct arch_g, stack),
               "the machine looks at these two");
_Static_assert(offsetof(struct g, wait_since) + 8 - sizeof(struct arch_g) <= 72,
               "two cache lines, where the machine keeps 56 bytes of it");

/* One goroutine's wait on one thing; on the waiting goroutine's stack. Go: sudog */
struct waiter {
    struct g *g;
    struct waiter *next, *prev;
    void *elem;         /* the value to send, or the place to receive into; may be NULL */
    struct select *sel; /* the select whose case this is; NULL: none */
    bool ok;            /* woken by a partner: true; by close: false */
    bool queued;        /* on its list; kept for cases of a select only */
    bool handoff;       /* sync: the thing was given, not merely freed */
    union {
        int64_t since; /* a mutex's: nanotime */
        size_t n;      /* a semaphore's: permits wanted */
        struct select_case *of;
    };
    struct waiter *mate; /* the same select's next, in a circle */
};

/* A call put off by go_defer or defer_push. */
struct deferred {
    struct deferred *next;
    void (*fn)(void *);
    void *arg;
    bool heap;
};

/* A panic under way, on the panicking stack. */
struct panic {
    struct panic *first; /* what it replaces */
    struct panic_info info;
    const void *registers; /* the machine's, at a fault; or NULL */
};

/* A go_try, or the goroutine itself. */
struct try_frame {
    struct try_frame *outer;
    struct deferred *defers; /* newest first */
    struct panic *panic;     /* the newest under way in this frame */
    bool exiting, dying;     /* left by goexit; by a panic that nobody catches */
    struct panic_info *info;
    void *jump[5]; /* __builtin_setjmp's */
};

/* The ring is a queue: the owner adds at the tail, everyone takes at the head by
 * compare-and-swap. */
struct runq {
    _Atomic(uint32_t) head;
    _Alignas(CACHE_LINE) _Atomic(uint32_t) tail; /* owner writes */
    _Atomic(struct g *) next;                    /* runnext: owner fills, owner or thief empties */
    _Atomic(struct g *) ring[RUNQ_CAP];
};

/* In m.attention. Whoever wants the core overwrites what stands there: g0 looks at everything. */
enum {
    WANTED = 1,      /* at once */
    PINNED_HERE = 2, /* at each switch: m.pinned is not empty */
};

struct m {
    struct g g0; /* the scheduler's own context, on the core's stack */
    int id;

    /* this core only, preemption off */
    bool (*commit)(struct g *gp, void *arg); /* AFTER_COMMIT: once the g left is off its stack */
    void *commit_arg;
    bool spinning;
    bool slice_over; /* the running g has had its time */
    uint32_t rand;
    struct g_list pinned;  /* runnable here and nowhere else */
    struct g *gfree;       /* dead, with stacks of the default class */
    uint32_t gfree_room;   /* until those are a batch */
    struct g_batch gspare; /* the same: one batch, or none */
    struct g_batch gbare;  /* dead, without a page of stack; new, none could be had */
    struct g_chunk *chunk; /* where new ones come from */
    uint64_t id_next, id_end;
    int64_t slice_seen_at;       /* when tick_seen was noted */
    uint32_t tick_seen, fair_at; /* fair_at: when the global list comes first */
    int64_t timer_armed;         /* what the hardware is set to */
    int64_t seen; /* the time, as this core last had reason to look: exact to 20 ms */

    /* this core writes, anyone reads: statistics, and the slice number */
    _Atomic(uint32_t) schedtick; /* slices begun */
    _Atomic(uint64_t) created, finished, switches, yields, preemptions, steals, stolen, wakes,
        timers_fired, idle_ns, sched_ns;
    _Atomic(struct g *) running;

    /* anyone: work from interrupts and for pinned goroutines; taken whole by the owner */
    _Alignas(CACHE_LINE) _Atomic(struct g *) inbox;
    _Atomic(uint8_t) attention; /* why the owner must pass through schedule(); 0: it need not */
    _Atomic(bool) off;          /* switched off by gomaxprocs, nothing left here */

    /* timers.lock */
    struct {
        struct gamp_lock lock;
        uint32_t n, cap;
        struct timer_slot *heap;
        _Atomic(int64_t) first;       /* heap[0].when, or INT64_MAX; read without the lock */
        _Atomic(uint32_t) strong;     /* how many are not weak; read without the lock */
        _Atomic(uint32_t) spoken_for; /* places; this core adds, under the lock anyone subtracts */
    } timers;

    _Alignas(CACHE_LINE) struct runq runq;
};

/* Dead goroutines of the default class that cores gave up, by the batch; kept by neighbours. */
enum { WARM, COLD, TEMPERATURES }; /* with a page of stack; without */
struct gfree {
    _Alignas(CACHE_LINE) struct gamp_lock lock;
    struct g *list[TEMPERATURES];
    _Alignas(CACHE_LINE) _Atomic(uint32_t) n[TEMPERATURES]; /* batches; read without the lock */
};

struct sched {
    /* constant after sched_init */
    int ncores;
    int64_t slice;
    int64_t schedtrace; /* ns between lines; 0: none */
    size_t stack_default;
    uint64_t seed;
    bool quiet;

    _Atomic(bool) tracing; /* trace_start and trace_stop; read by every change of state */

    /* atomic; lines of their own: every ready reads nidle, and nspinning where that is not 0;
     * they are written when cores fall idle, look for work or are woken */
    _Alignas(CACHE_LINE) _Atomic(int64_t) nidle; /* 64 bits: gcc compares those in memory */
    _Alignas(CACHE_LINE) _Atomic(uint32_t) nspinning;
    _Alignas(CACHE_LINE) _Atomic(uint64_t) idle[CORES_MAX / 64];
    _Atomic(uint64_t) wakes; /* times a core left idleness */

    /* atomic */
    _Alignas(CACHE_LINE) _Atomic(int32_t) gomaxprocs;
    _Atomic(int32_t) external; /* waits that only the outside can end */
    _Atomic(int32_t) dying;    /* goroutines whose panic nobody catches, running deferred calls */
    _Alignas(CACHE_LINE) _Atomic(uint64_t) next_id; /* written by each core, again and again */

    /* sched.lock */
    _Alignas(CACHE_LINE) struct gamp_lock lock;
    struct globq global;

    /* sched.free_lock */
    _Alignas(CACHE_LINE) struct gamp_lock free_lock;
    struct g_list gfree_big;
    struct g_chunk *chunks;

    /* written under sched.lock; read without as a hint, so not on its line */
    _Alignas(CACHE_LINE) _Atomic(uint32_t) global_n; /* goroutines in global */

    struct gfree gfree[CORES_MAX / GFREE_CORES];
};

/* All g's ever made, for dumps: as many to a chunk as fill four pages. */
enum { CHUNK_BYTES = 16384, CHUNK_GS = (CHUNK_BYTES - 2 * CACHE_LINE) / sizeof(struct g) };
struct g_chunk {
    struct g_chunk *next;
    _Atomic(uint32_t) used; /* one core adds */
    struct g g[CHUNK_GS];
};
_Static_assert(sizeof(struct g_chunk) + CACHE_LINE <= CHUNK_BYTES, "whole pages");

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);

_Static_assert(offsetof(struct m, g0) == 0, "the machine finds a core's own stack by it");

extern struct sched sched;
extern struct m *allm[CORES_MAX];

#define throw(...) arch_throw(__VA_ARGS__)
#ifdef DEBUG
#define ASSERT(x) ((x) ? (void)0 : arch_throw("%s:%d: %s does not hold", __FILE__, __LINE__, #x))
#else
#define ASSERT(x) ((void)0)
#endif

/* Preemption is off: what this_m() says stays true. */
#define assert_pinned() ASSERT(!arch_preemptible())

/* The compiler may take it for granted. */
#ifdef DEBUG
#define ASSUME(x) ASSERT(x)
#else
#define ASSUME(x) ((x) ? (void)0 : __builtin_unreachable())
#endif

/* proc.c; the rest is in proc.h */
void g_bad_status(const struct g *gp, enum g_status from, enum g_status to)
    __attribute__((noreturn, cold));
void g_park(bool (*commit)(struct g *, void *), void *arg, enum wait_reason why);
void g_park_for_ever(enum wait_reason why) __attribute__((noreturn));
void g_park_unlock(struct gamp_lock *l, enum wait_reason why);
void g_ready(struct g *gp);
void g_yield(bool global);
void g_yield_off(bool global);
void g_exit(void) __attribute__((noreturn));
struct g *g_new(const struct go_attr *attr, void (*fn)(void *), void *arg, uintptr_t pc, int *err);
int g_spawn(const struct go_attr *attr, void (*fn)(void *), void *arg, uintptr_t pc);

/* gfree.c */
struct g *gfree_get(struct m *mp, size_t max);
void gfree_full(struct m *mp);
bool gfree_put_slow(struct g *gp, void *unused);
size_t gfree_window(unsigned class);

/* runq.c; the rest is in runq.h */
bool runq_empty(struct m *mp);
uint32_t runq_len(struct m *mp);
struct g *runq_steal(struct m *thief, struct m *victim, bool take_next);
void runq_drain(struct m *mp, struct g_list *into);
void inbox_put(struct m *mp, struct g *gp);
void pinned_put(struct g *gp);

/* idle.c */
void schedule(void) __attribute__((noreturn));
void wake_one(void);

/* preempt.c */
void slice_arm(struct m *mp);

/* trace.c, schedtrace.c */
void trace_status(const struct g *gp, enum g_status from, enum g_status to);
void trace_halt(bool resumed);
void trace_steal(const struct g *gp, int victim);
void schedtrace_start(int64_t period);

/* defer.c */
void defers_run(struct try_frame *t);
void defer_push(struct deferred *d, void (*fn)(void *), void *arg);
void defer_run(struct deferred *d);
void panic_raise(struct panic *p) __attribute__((noreturn));

/* mutex.c */
void mutex_wait_begin(struct g *gp, struct mutex *m);
void mutex_wait_end(struct g *gp);
void mutex_unlock_for(struct mutex *m, const struct g *owner);
bool mutex_locked(const struct mutex *m);
void mutex_circles_print(void);

/* panic.c */
void panic_die(const struct panic *p) __attribute__((noreturn));
void fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* dump.c */
const char *wait_reason_word(enum wait_reason why);
void dump_goroutines(const struct g *first);
void dump_names(void);
const char *g_name(const struct g *gp);

enum { MARK_ID_BITS = 16, MARK_FREE_BITS = 3 };

/* Names a goroutine in one word: its struct's address without the lowest 3 bits, which are 0, and
 * the highest 16, which say nothing; bits of its number, as structs are used again; 3 free bits. */
static inline uint64_t
g_mark(const struct g *gp)
{
    return (uint64_t)(uintptr_t)gp << MARK_ID_BITS
           | (gp->id & ((1u << MARK_ID_BITS) - 1)) << MARK_FREE_BITS;
}

static inline struct g *
g_of_mark(uint64_t mark)
{
    return (struct g *)(uintptr_t)((int64_t)mark >> MARK_ID_BITS & ~(int64_t)7);
}

static inline uint32_t
m_rand(struct m *mp)
{
    uint32_t x = mp->rand; /* xorshift32 (Marsaglia 2003); never 0 */
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return mp->rand = x;
}

/* After work was published by a locked instruction: if a core sleeps and none is looking, wake one.
 * Reads lines that are written only when cores fall idle or wake. */
HOT void
wake_if_idle(void)
{
    if (unlikely(PEEK(sched.nidle) > 0) /* a locked instruction came before: all is in order */
        && atomic_load_explicit(&sched.nspinning, memory_order_seq_cst) == 0) {
        wake_one();
    }
}
