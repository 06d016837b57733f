/* SPDX-License-Identifier: MIT */
/*
 * lines.c -- who holds each cache line, what it costs to get one, and which are wanted most.
 *
 * A line is held by one core that may write it, or by any number that may only read it (MESI, less
 * what makes no difference here). A core that needs another one's waits for COST_TRANSFER from when
 * the line is free. A store does not wait, but the next locked instruction or fence of its core
 * does. The first touch of a line costs nothing: memory is not what is studied here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cost.h"
#include "runtime.h"
#include "sim.h"

enum { LINE = 64, WORDS = CORES_MAX / 64, KEYS = 1 << 14, NOBODY = -1, FRESH = 0 };

struct line {
    uint64_t readers[WORDS];
    int64_t free_at;
    uint16_t writer; /* its number and 1; 0: nobody may write it */
    bool touched, private;
    uint32_t block_line; /* where in its block, in lines */
    uintptr_t maker;     /* of the block: who allocated it */
    bool chunk;          /* of g's: all of them are counted as one */
};
_Static_assert(sizeof(struct line) == LINE, "the directory is as large as what it describes");

/* Transfers of one word: whose access it was that asked for them, by majority vote. */
static struct wanted {
    uintptr_t maker, at; /* an offset where there is a maker; 1, 0: stacks */
    uint64_t n, votes;
    int64_t late; /* from asking to having */
    const void *pc;
} wanted[KEYS];

extern char __data_start[], _end[];
static struct line *heap_line, *data_line;
static uintptr_t data;
static int64_t stored[CORES_MAX]; /* when the core's last store will have its line */
static bool counting, watched[CORES_MAX];
static uint64_t seen;

void
lines_init(void)
{
    data = (uintptr_t)__data_start & ~(uintptr_t)(LINE - 1);
    size_t n = ((uintptr_t)_end - data) / LINE + 1;
    heap_line = mmap(NULL, memory_end - memory_heap, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    data_line = calloc(n, sizeof(*data_line));
    if (heap_line == MAP_FAILED || data_line == NULL) {
        sim_failed("no memory for the lines' states");
    }
}

static struct line *
line_of(uintptr_t at)
{
    if (at >= memory_heap && at < memory_end) {
        return &heap_line[(at - memory_heap) / LINE];
    }
    if (at >= data && at < (uintptr_t)_end) {
        return &data_line[(at - data) / LINE];
    }
    return NULL; /* a core's own stack */
}

void
lines_private(const void *at, size_t size)
{
    for (uintptr_t a = (uintptr_t)at; a < (uintptr_t)at + size; a += LINE) {
        line_of(a)->private = true;
    }
}

void
lines_made(const void *block, size_t size, bool chunk, const void *who)
{
    struct line *l = line_of((uintptr_t)block);
    for (size_t i = 0; i < size / LINE; i++) {
        l[i].maker = (uintptr_t)who;
        l[i].chunk = chunk;
        l[i].block_line = (uint32_t)i;
    }
}

/* ---- counting ---- */

/* What at is a part of: its maker, and where in it; or its address. */
static struct wanted
part(uintptr_t at, const struct line *l)
{
    const size_t head = offsetof(struct g_chunk, g);
    if (at >= memory_stacks && at < memory_end) {
        return (struct wanted){ .maker = 1 };
    }
    if (l->maker == 0) {
        return (struct wanted){ .at = at };
    }
    size_t in = (size_t)l->block_line * LINE + at % LINE;
    if (l->chunk && in >= head) {
        in = head + (in - head) % sizeof(struct g);
    }
    return (struct wanted){ .maker = l->maker, .at = in };
}

static void
count(uintptr_t at, const struct line *l, int64_t late, const void *pc)
{
    struct wanted key = part(at, l), *w;
    size_t i = (key.maker * 31 + key.at) * 0x9e3779b97f4a7c15u >> 40;
    for (int tries = 0;; tries++, i++) {
        w = &wanted[i % KEYS];
        if (w->n == 0 || (w->maker == key.maker && w->at == key.at)) {
            break;
        }
        if (tries == KEYS) {
            sim_failed("more than %d different words are wanted", KEYS);
        }
    }
    seen++;
    w->maker = key.maker;
    w->at = key.at;
    w->n++;
    w->late += late;
    if (w->votes == 0) {
        w->pc = pc;
    }
    w->votes += w->pc == pc ? 1 : -1u;
}

void
lines_count(bool on)
{
    counting = on;
    if (on) {
        memset(wanted, 0, sizeof(wanted));
        seen = 0;
    }
}

void
lines_watch(bool on)
{
    watched[sim_core_id()] = on;
}

uint64_t
lines_seen(void)
{
    return seen;
}

/* ---- access ---- */

static bool
held_by_others(const struct line *l, int id)
{
    uint64_t others = 0;
    for (int i = 0; i < WORDS; i++) {
        others |= l->readers[i] & (i == id / 64 ? ~(1ull << id % 64) : ~0ull);
    }
    return others != 0;
}

/* The line comes to this core; when? */
static int64_t
transfer(struct line *l, uintptr_t at, enum access what, const void *pc)
{
    int64_t from = l->free_at > clock_now() ? l->free_at : clock_now();
    l->free_at = from + (what == LOAD ? COST_READ_BUSY : COST_TRANSFER);
    clock_times(sim_core_id())->transfers++;
    if (counting || watched[sim_core_id()]) {
        count(at, l, from + COST_TRANSFER - clock_now(), pc);
    }
    return from + COST_TRANSFER;
}

static void
touch(uintptr_t at, enum access what, const void *pc)
{
    struct line *l = line_of(at);
    int id = sim_core_id();
    if (l == NULL || l->private || l->writer == id + 1) {
        return;
    }
    bool mine = l->readers[id / 64] >> id % 64 & 1, fresh = !l->touched;
    int64_t here = 0;
    l->touched = true;
    if (what == LOAD ? !mine && !fresh : held_by_others(l, id)) {
        here = transfer(l, at, what, pc);
    }
    if (what == LOAD && !fresh) {
        l->writer = 0;
    } else {
        memset(l->readers, 0, sizeof(l->readers));
        l->writer = (uint16_t)(id + 1);
    }
    l->readers[id / 64] |= 1ull << id % 64;
    if (what == STORE) {
        stored[id] = here > stored[id] ? here : stored[id];
    } else {
        clock_wait_until(here);
    }
}

void
lines_access(const volatile void *at, size_t size, enum access what, const void *pc)
{
    if (sim_cpu == NULL) {
        return;
    }
    uintptr_t first = (uintptr_t)at, last = first + size - 1;
    clock_charge(what == LOCKED ? COST_LOCKED : COST_ACCESS);
    touch(first, what, pc);
    for (uintptr_t a = (first / LINE + 1) * LINE; a <= last; a += LINE) {
        clock_charge(COST_ACCESS);
        touch(a, what, pc);
    }
}

void
lines_fence(void)
{
    clock_wait_until(stored[sim_core_id()]);
}

/* ---- telling ---- */

static int
by_delay(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    return x->late != y->late ? (x->late < y->late) - (x->late > y->late)
                              : (x->at > y->at) - (x->at < y->at);
}

/* The most waited for, one a line: core microseconds, transfers, what, and who wanted it. */
void
lines_report(int most, const char *indent)
{
    qsort(wanted, KEYS, sizeof(wanted[0]), by_delay);
    for (int i = 0; i < most && wanted[i].n > 0; i++) {
        const struct wanted *w = &wanted[i];
        printf("%s%10.1f us %9lu  ", indent, (double)w->late / (1000 * NS), (unsigned long)w->n);
        if (w->maker == 1) {
            printf("stacks");
        } else if (w->maker != 0) {
            names_print_block(w->maker, w->at);
        } else {
            names_print_data(w->at);
        }
        printf("  in ");
        names_print_code((uintptr_t)w->pc);
        printf("\n");
    }
}
