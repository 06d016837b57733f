/* SPDX-License-Identifier: MIT */
/*
 * dump.c -- every goroutine and every core, in words and figures.
 *
 * Locks        none: chunks are only ever added, and what a running goroutine changes meanwhile is
 *              shown as it is at that moment
 * Go           traceback.go: goroutineheader, tracebackothers
 */
#include "proc.h"

const char *
wait_reason_word(enum wait_reason why)
{
    static const char *const words[WAIT_COUNT] = {
        [WAIT_NONE] = "waiting",
        [WAIT_CHAN_RECV] = "chan receive",
        [WAIT_CHAN_SEND] = "chan send",
        [WAIT_CHAN_RECV_NIL] = "chan receive (nil chan)",
        [WAIT_CHAN_SEND_NIL] = "chan send (nil chan)",
        [WAIT_SELECT] = "select",
        [WAIT_SELECT_NONE] = "select (no cases)",
        [WAIT_SLEEP] = "sleep",
        [WAIT_MUTEX] = "sync.Mutex.Lock",
        [WAIT_RWMUTEX_RLOCK] = "sync.RWMutex.RLock",
        [WAIT_RWMUTEX_LOCK] = "sync.RWMutex.Lock",
        [WAIT_COND] = "sync.Cond.Wait",
        [WAIT_SEMA] = "semacquire",
        [WAIT_WAITGROUP] = "sync.WaitGroup.Wait",
        [WAIT_IO] = "IO wait",
        [WAIT_FOR_EVER] = "waiting for ever",
    };
    return why < WAIT_COUNT ? words[why] : "?";
}

/* False: gp is dead, or has died or been born again meanwhile. The page that was read may then have
 * been anything, since a dead g's stack can be given back. */
static bool
birth_read(const struct g *gp, struct g_birth *birth)
{
    uint64_t id = gp->id;
    if (gp->system || atomic_load(&gp->status) == G_DEAD) {
        return false;
    }
    *birth = *g_birth(gp);
    atomic_thread_fence(memory_order_acquire);
    return gp->id == id && atomic_load(&gp->status) != G_DEAD;
}

const char *
g_name(const struct g *gp)
{
    size_t offset;
    struct g_birth birth;
    if (birth_read(gp, &birth) && birth.name != NULL) {
        return birth.name;
    }
    const char *name = gp->system ? "scheduler" : arch_symbol((uintptr_t)gp->fn, &offset);
    return name != NULL ? name : "?";
}

void
sched_print_g(const struct g *gp)
{
    if (gp == NULL || gp->system) {
        arch_print("the scheduler");
    } else {
        arch_print("goroutine %lu (%s)", gp->id, g_name(gp));
    }
}

static void
dump_one(const struct g *gp)
{
    static const char *const states[] = { "dead", "runnable", "running", "waiting" };
    enum g_status s = atomic_load(&gp->status);
    const char *state = s == G_WAITING ? wait_reason_word(gp->wait_reason) : states[s & 3];
    int64_t minutes = s == G_WAITING ? (arch_nanotime() - gp->wait_since) / MINUTE : 0;
    arch_print("\ngoroutine %lu [%s", gp->id, state);
    if (minutes > 0) {
        arch_print(", %ld minutes", (long)minutes);
    }
    arch_print("%s]: %s\n", gp->pin >= 0 ? ", locked to core" : "", g_name(gp));
    if (s == G_RUNNING && gp != this_g()) {
        arch_print("\trunning on another core; stack unavailable\n");
    } else {
        arch_backtrace(gp);
    }
    struct g_birth birth;
    if (birth_read(gp, &birth) && birth.creator != 0) {
        size_t offset = 0;
        const char *by = arch_symbol(birth.creator_pc, &offset);
        arch_print("created by %s+0x%zx in goroutine %lu\n", by != NULL ? by : "?", offset,
                   birth.creator);
    }
}

enum { DUMP_MAX = 100 }; /* a million traces help nobody */

/* All goroutines, `first` (or NULL) ahead of the others. */
void
dump_goroutines(const struct g *first)
{
    size_t shown = 0, more = 0;
    if (first != NULL && first->id != 0) {
        dump_one(first);
    }
    for (struct g_chunk *c = sched.chunks; c != NULL; c = c->next) {
        for (uint32_t i = 0; i < c->used; i++) {
            struct g *gp = &c->g[i];
            if (gp == first || gp->system || atomic_load(&gp->status) == G_DEAD) {
                continue;
            }
            if (shown++ < DUMP_MAX) {
                dump_one(gp);
            } else {
                more++;
            }
        }
    }
    if (more > 0) {
        arch_print("\n...and %zu more goroutines\n", more);
    }
}

/* For a trace: who is behind the numbers. */
void
dump_names(void)
{
    for (struct g_chunk *c = sched.chunks; c != NULL; c = c->next) {
        for (uint32_t i = 0; i < c->used; i++) {
            const struct g *gp = &c->g[i];
            if (atomic_load(&gp->status) != G_DEAD && !gp->system) {
                arch_print("trace name %lu %s\n", gp->id, g_name(gp));
            }
        }
    }
}

/* For a live view (demos/top.h): goroutines that wait, by wait_reason. */
void
sched_count_waits(uint32_t *by_reason, size_t n)
{
    for (struct g_chunk *c = sched.chunks; c != NULL; c = c->next) {
        for (uint32_t i = 0; i < c->used; i++) {
            uint8_t why = c->g[i].wait_reason;
            if (atomic_load_explicit(&c->g[i].status, memory_order_relaxed) == G_WAITING
                && !c->g[i].system && why < n) {
                by_reason[why]++;
            }
        }
    }
}

/* The function whose code is at pc. */
const char *
sched_symbol(uintptr_t pc)
{
    size_t offset;
    const char *name = arch_symbol(pc, &offset);
    return name != NULL ? name : "?";
}

void
goroutine_dump(void)
{
    dump_goroutines(this_g());
}

static uint64_t
get(_Atomic(uint64_t) *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static void
stats_add(struct m *mp, struct sched_stats *s)
{
    s->created += get(&mp->created);
    s->finished += get(&mp->finished);
    s->switches += get(&mp->switches);
    s->yields += get(&mp->yields);
    s->preemptions += get(&mp->preemptions);
    s->steals += get(&mp->steals);
    s->stolen += get(&mp->stolen);
    s->wakes += get(&mp->wakes);
    s->timers_fired += get(&mp->timers_fired);
    s->idle_ns += get(&mp->idle_ns);
    s->sched_ns += get(&mp->sched_ns);
    s->busy_ns += (uint64_t)arch_nanotime() - get(&mp->idle_ns) - get(&mp->sched_ns);
    s->runnable += runq_len(mp) + mp->pinned.n;
    s->running += atomic_load(&mp->running) != NULL;
    arch_stats(mp->id, s);
}

void
sched_stats_core(int core, struct sched_stats *one)
{
    *one = (struct sched_stats){ 0 };
    if (core >= 0 && core < sched.ncores) {
        stats_add(allm[core], one);
    }
}

/* By state, one by one: a goroutine between two queues is on neither. */
static void
states_count(struct sched_stats *s)
{
    s->runnable = s->running = s->waiting = 0;
    for (struct g_chunk *c = sched.chunks; c != NULL; c = c->next) {
        for (uint32_t i = 0; i < c->used; i++) {
            enum g_status is = atomic_load_explicit(&c->g[i].status, memory_order_relaxed);
            s->runnable += is == G_RUNNABLE;
            s->running += is == G_RUNNING;
            s->waiting += is == G_WAITING;
        }
    }
}

void
sched_stats(struct sched_stats *all)
{
    *all = (struct sched_stats){ 0 };
    for (int i = 0; i < sched.ncores; i++) {
        stats_add(allm[i], all);
    }
    arch_stats(-1, all);
    states_count(all);
}
