/* SPDX-License-Identifier: MIT */
/*
 * top_lanes.c -- trace events in, times and timelines out; touches nothing but its arguments.
 *
 * Invariants   1. in each lane, the times of a refresh add up to its length, once advanced
 *              2. a lane never goes back: an event that comes late counts from where its lane is
 */
#include "top.h"

#include <stdlib.h>
#include <string.h>

struct top *
top_new(int cores, int64_t now, int64_t cell_ns)
{
    struct top *t = calloc(1, sizeof *t + (size_t)cores * sizeof t->lanes[0]);

    if (t == NULL) {
        return NULL;
    }
    t->cores = cores;
    t->began = t->from = t->now = now;
    t->cell_ns = cell_ns;
    for (int i = 0; i < cores; i++) {
        t->lanes[i].upto = now;
        t->lanes[i].doing = TOP_UNSEEN;
    }
    return t;
}

void
top_begin(struct top *t, int core, bool running)
{
    t->lanes[core].doing = running ? TOP_UNSEEN : TOP_IDLE;
}

void
top_refresh(struct top *t)
{
    t->from = t->now;
    t->ngs = 0;
    t->unnamed_ns = 0;
    memset(t->gs, 0, sizeof t->gs);
    for (unsigned i = 0; i < t->nkinds; i++) {
        t->kinds[i].ns = 0;
        t->kinds[i].turns = t->kinds[i].born = 0;
    }
    for (int i = 0; i < t->cores; i++) {
        struct top_lane *l = &t->lanes[i];

        memset(l->ns, 0, sizeof l->ns);
        l->steals = l->wakes = l->preempts = 0;
    }
}

static unsigned
kind_of(struct top *t, uintptr_t fn)
{
    for (unsigned i = 0; i < t->nkinds; i++) {
        if (t->kinds[i].fn == fn) {
            return i;
        }
    }
    if (t->nkinds == TOP_KINDS) {
        return TOP_OTHER;
    }
    t->kinds[t->nkinds] = (struct top_kind){ .fn = fn };
    return t->nkinds++;
}

/* Its place, or the empty one where it belongs; a quarter stays empty, so there is one. */
static unsigned
place(const struct top *t, uint64_t id)
{
    unsigned i = (unsigned)(id * 0x9e3779b97f4a7c15u >> 40) % TOP_GS;

    while (t->gs[i].id != 0 && t->gs[i].id != id) {
        i = (i + 1) % TOP_GS;
    }
    return i;
}

static void
charge(struct top *t, uint64_t id, uint8_t kind, int64_t ns)
{
    struct top_g *g = &t->gs[place(t, id)];

    if (kind < TOP_KINDS) {
        t->kinds[kind].ns += ns;
    }
    if (g->id == 0 && t->ngs >= TOP_GS / 4 * 3) {
        t->unnamed_ns += ns;
        return;
    }
    t->ngs += g->id == 0;
    g->id = id;
    g->kind = kind;
    g->ns += ns;
}

int64_t
top_g_ns(const struct top *t, uint64_t id)
{
    return t->gs[place(t, id)].ns;
}

enum { IDLE_WEIGHT = 4 }; /* whoever runs for a little is more to the point than nobody */

static void
end_cell(struct top_lane *l, int64_t n)
{
    struct top_cell *c = &l->cells[n % TOP_CELLS];

    l->part[TOP_IDLE] /= IDLE_WEIGHT;
    *c = (struct top_cell){ .doing = TOP_IDLE, .mark = l->begun.mark };
    for (unsigned i = 0; i < TOP_DOINGS; i++) {
        c->doing = l->part[i] > l->part[c->doing] ? (uint8_t)i : c->doing;
    }
    l->begun.mark = 0;
    memset(l->part, 0, sizeof l->part);
}

/* The lane goes on as it was until `to`. */
static void
pass(struct top *t, struct top_lane *l, int64_t to)
{
    if (l->g != 0 && to > l->upto) {
        charge(t, l->g, l->doing, to - l->upto);
    }
    while (l->upto < to) {
        int64_t cell = (l->upto - t->began) / t->cell_ns;
        int64_t end = t->began + (cell + 1) * t->cell_ns;
        int64_t next = to < end ? to : end;

        l->ns[l->doing] += next - l->upto;
        l->part[l->doing] += next - l->upto;
        l->upto = next;
        if (next == end) {
            end_cell(l, cell);
        }
    }
}

static void
mark(struct top_lane *l, char what)
{
    static const char by_rank[] = "wsp";
    const char *now = l->begun.mark != 0 ? strchr(by_rank, l->begun.mark) : NULL;

    if (now == NULL || strchr(by_rank, what) > now) {
        l->begun.mark = what;
    }
    l->wakes += what == 'w';
    l->steals += what == 's';
    l->preempts += what == 'p';
}

static void
be(struct top_lane *l, unsigned doing, uint64_t g)
{
    l->doing = (uint8_t)doing;
    l->g = g;
}

void
top_take(struct top *t, int core, const struct top_event *e)
{
    struct top_lane *l = &t->lanes[core];
    unsigned kind = e->fn != 0 ? kind_of(t, e->fn) : TOP_OTHER;

    pass(t, l, e->when);
    switch (e->what) {
    case 'c':
        if (kind < TOP_KINDS) {
            t->kinds[kind].born++;
        }
        break;
    case 's':
        if (kind < TOP_KINDS) {
            t->kinds[kind].turns++;
        }
        be(l, kind, e->g);
        break;
    case 'p':
        mark(l, 'p');
        /* fall through */
    case 'b':
    case 'y':
    case 'e':
        if (l->g == e->g || l->doing == TOP_UNSEEN) {
            be(l, TOP_SCHED, 0);
        }
        break;
    case 'h':
        be(l, TOP_IDLE, 0);
        break;
    case 'r':
        mark(l, 'w');
        be(l, TOP_SCHED, 0);
        break;
    case 't':
        mark(l, 's');
        break;
    default:
        break;
    }
}

/* What the core did from its last event seen to the next one is not known. */
void
top_lose(struct top *t, int core, uint64_t events)
{
    t->lanes[core].lost += events;
    be(&t->lanes[core], TOP_UNSEEN, 0);
}

void
top_advance(struct top *t, int64_t now)
{
    for (int i = 0; i < t->cores; i++) {
        pass(t, &t->lanes[i], now);
    }
    t->now = now;
}

/* ---- answers ---- */

/* Puts `which` among the first n of `to`, which are in order; ns[] by a function of the two. */
static unsigned
insert(unsigned *to, unsigned used, unsigned n, unsigned which,
       int64_t (*ns)(const struct top *, unsigned), const struct top *t)
{
    unsigned i = used;

    while (i > 0 && ns(t, which) > ns(t, to[i - 1])) {
        i--;
    }
    if (i == n) {
        return used;
    }
    used += used < n;
    memmove(&to[i + 1], &to[i], (used - i - 1) * sizeof *to);
    to[i] = which;
    return used;
}

static int64_t
kind_ns(const struct top *t, unsigned i)
{
    return t->kinds[i].ns;
}

static int64_t
g_ns(const struct top *t, unsigned i)
{
    return t->gs[i].ns;
}

unsigned
top_kinds_by_time(const struct top *t, unsigned *to, unsigned n)
{
    unsigned used = 0;

    for (unsigned i = 0; i < t->nkinds; i++) {
        if (t->kinds[i].ns > 0) {
            used = insert(to, used, n, i, kind_ns, t);
        }
    }
    return used;
}

unsigned
top_gs_by_time(const struct top *t, unsigned *to, unsigned n)
{
    unsigned used = 0;

    for (unsigned i = 0; i < TOP_GS; i++) {
        if (t->gs[i].id != 0) {
            used = insert(to, used, n, i, g_ns, t);
        }
    }
    return used;
}

struct top_cell
top_cells(const struct top *t, int core, int64_t first, int n)
{
    const struct top_lane *l = &t->lanes[core];
    int64_t ended = (l->upto - t->began) / t->cell_ns;
    struct top_cell one = { .doing = TOP_DOINGS };
    int votes[TOP_DOINGS] = { 0 }, most = 0, marked = 0;

    for (int64_t i = first; i < first + n; i++) {
        if (i < 0 || i >= ended || i < ended - TOP_CELLS) {
            continue;
        }
        struct top_cell c = l->cells[i % TOP_CELLS];

        one.mark =
            c.mark == 'p' || (c.mark == 's' && one.mark != 'p') || (c.mark == 'w' && one.mark == 0)
                ? c.mark
                : one.mark;
        marked += c.mark != 0;
        votes[c.doing] += c.doing == TOP_IDLE ? 1 : IDLE_WEIGHT;
        if (votes[c.doing] > most) {
            most = votes[c.doing];
            one.doing = c.doing;
        }
    }
    if (marked > 1 && marked > n / 4) {
        one.mark = 0;
    }
    return one;
}
