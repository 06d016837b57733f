/* SPDX-License-Identifier: MIT */
/*
 * memmap_model.h -- what a memory map must say, worked out another way: from a list of all claims.
 *
 * Memory is usable where some claim says so and no other says something else. Stretches that
 * touch are one run, and a run counts from its first whole page to its last. The model has no
 * bound but ADDS_MAX, so it also tells what a full map may not contain.
 */
#pragma once

#include <memlayout.h>
#include <memmap.h>

#include "fuzz.h"

enum { ADDS_MAX = 1500 };

#define MODEL_RAM_LIMIT (1ull << 45)

struct model_add {
    uint64_t base, end;
    enum mem_type type;
};

static struct {
    unsigned nadds, nruns, clips; /* clips: times that usable memory was beyond the limit */
    bool too_many;
    struct model_add adds[ADDS_MAX];
    struct model_add runs[ADDS_MAX * 2];
} model;

static inline void
model_reset(void)
{
    model.nadds = model.nruns = model.clips = 0;
    model.too_many = false;
}

static inline void
model_add(uint64_t base, uint64_t len, enum mem_type type)
{
    uint64_t end = base + len < base ? UINT64_MAX : base + len;

    if (type == MEM_USABLE && end > MODEL_RAM_LIMIT) {
        end = MODEL_RAM_LIMIT;
        model.clips++;
    }
    if (base < end && model.nadds == ADDS_MAX) {
        model.too_many = true;
    } else if (base < end) {
        model.adds[model.nadds++] = (struct model_add){ base, end, type };
    }
}

static inline void
model_claim(uint64_t base, uint64_t len)
{
    uint64_t end = base + len < base ? UINT64_MAX : base + len;
    uint64_t last = end > UINT64_MAX - (PAGE_SIZE - 1) ? UINT64_MAX : end + PAGE_SIZE - 1;

    base &= -(uint64_t)PAGE_SIZE;
    last &= -(uint64_t)PAGE_SIZE;
    if (len > 0 && base < last) {
        model_add(base, last - base, MEM_CLAIMED);
    }
}

/* Where a claim begins (+1) or ends (-1). */
struct model_edge {
    uint64_t at;
    enum mem_type type;
    int step;
};

static inline int
compare_edges(const void *a, const void *b)
{
    uint64_t x = ((const struct model_edge *)a)->at, y = ((const struct model_edge *)b)->at;

    return (x > y) - (x < y);
}

/* Every stretch that has usable claims and no others, made one where they touch. */
static inline unsigned
model_stretches(void)
{
    static struct model_edge edges[ADDS_MAX * 2];
    unsigned nedges = 0, n = 0, others = 0, usable = 0;

    for (unsigned i = 0; i < model.nadds; i++) {
        const struct model_add *a = &model.adds[i];

        edges[nedges++] = (struct model_edge){ a->base, a->type, 1 };
        edges[nedges++] = (struct model_edge){ a->end, a->type, -1 };
    }
    qsort(edges, nedges, sizeof edges[0], compare_edges);
    for (unsigned i = 0; i + 1 < nedges; i++) {
        *(edges[i].type == MEM_USABLE ? &usable : &others) += (unsigned)edges[i].step;
        if (edges[i].at == edges[i + 1].at || usable == 0 || others > 0) {
            continue;
        }
        if (n == 0 || model.runs[n - 1].end != edges[i].at) {
            model.runs[n++] = (struct model_add){ edges[i].at, edges[i].at, MEM_USABLE };
        }
        model.runs[n - 1].end = edges[i + 1].at;
    }
    return n;
}

/* Finds the runs of usable pages. */
static inline void
model_finish(void)
{
    unsigned n;

    model_add(0, PAGE_SIZE, MEM_RESERVED);
    n = model_stretches();
    for (unsigned i = 0; i < n; i++) {
        struct model_add run = model.runs[i];

        run.base = (run.base + PAGE_SIZE - 1) & -(uint64_t)PAGE_SIZE;
        run.end &= -(uint64_t)PAGE_SIZE;
        if (run.base < run.end) {
            model.runs[model.nruns++] = run;
        }
    }
}

/* Sorted, disjoint, whole pages where usable. */
static inline void
demand_sound_map(const struct memmap *map)
{
    DEMAND(map->nranges <= MEMMAP_RANGES, "%u ranges", map->nranges);
    for (unsigned i = 0; i < map->nranges; i++) {
        const struct mem_range *r = &map->ranges[i];

        DEMAND(r->len > 0 && r->base + r->len > r->base, "range %u: %lx + %lx", i, r->base, r->len);
        DEMAND(r->type >= MEM_USABLE && r->type <= MEM_BAD, "range %u: type %u", i, r->type);
        DEMAND(i == 0 || r[-1].base + r[-1].len <= r->base, "ranges %u and before: %lx", i,
               r->base);
        DEMAND(i == 0 || r[-1].type != r->type || r[-1].base + r[-1].len < r->base,
               "ranges %u and before are one: %lx", i, r->base);
        DEMAND(r->type != MEM_USABLE || (r->base != 0 && (r->base | r->len) % PAGE_SIZE == 0),
               "usable range %u: %lx + %lx", i, r->base, r->len);
    }
}

/* The finished map has exactly the model's usable pages; where it was full, none but those. */
static inline void
demand_model(const struct memmap *map)
{
    bool full = map->lost > model.clips;
    unsigned k = 0, found = 0;

    demand_sound_map(map);
    if (model.too_many) {
        return;
    }
    for (unsigned i = 0; i < map->nranges; i++) {
        const struct mem_range *r = &map->ranges[i];

        if (r->type != MEM_USABLE) {
            continue;
        }
        found++;
        while (k < model.nruns && model.runs[k].end <= r->base) {
            k++;
        }
        DEMAND(k < model.nruns && model.runs[k].base <= r->base
                   && r->base + r->len <= model.runs[k].end,
               "nobody gave %lx + %lx as usable (full: %d)", r->base, r->len, full);
        DEMAND(full || (model.runs[k].base == r->base && model.runs[k].end == r->base + r->len),
               "%lx..%lx is usable, the map has %lx + %lx", model.runs[k].base, model.runs[k].end,
               r->base, r->len);
    }
    DEMAND(full || found == model.nruns, "%u usable ranges of %u", found, model.nruns);
}
