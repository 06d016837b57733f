/* SPDX-License-Identifier: MIT */
/*
 * memmap.c -- a sorted map of physical memory, built from unsorted claims that contradict.
 *
 * Invariants   1 ranges[] is sorted and disjoint, and no range is empty, after each call.
 *              2 Equal neighbours are one range after memmap_finish and memmap_claim.
 *              3 At most RANGES_KEPT are kept, so that no call runs out of room: each gap may
 *                become a range, and each end of the new one may split another. What goes is usable
 *                memory, the smallest range first; a restriction never goes, but two may become
 *                one with what lies between. So memory is lost and never won (make_room).
 * Context      boot core, before there is a heap.
 */
#include "memmap.h"

#include <stddef.h>

#include "memlayout.h"

/* Where a core can begin in real mode: page by page up to what firmware and video adapters keep.
 * Firmware has been seen to write into the first 64 KiB when it likes, so they come last. */
enum {
    LOW_FIRST = 0x10000,
    LOW_END = 0xa0000,
};

enum { RANGES_KEPT = MEMMAP_RANGES / 2 - 4 };

static uint64_t
range_end(const struct mem_range *r)
{
    return r->base + r->len;
}

static uint64_t
page_down(uint64_t pa)
{
    return pa & -(uint64_t)PAGE_SIZE;
}

/* UINT64_MAX where the sum is beyond it. */
static uint64_t
add_saturating(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static void
insert_range(struct memmap *map, unsigned at, uint64_t base, uint64_t end, enum mem_type type)
{
    __builtin_memmove(&map->ranges[at + 1], &map->ranges[at],
                      (map->nranges - at) * sizeof map->ranges[0]);
    map->ranges[at] = (struct mem_range){base, end - base, type};
    map->nranges++;
}

/* Gives [base, end), which lies inside ranges[i], another type: up to three ranges result. */
static void
retype(struct memmap *map, unsigned i, uint64_t base, uint64_t end, enum mem_type type)
{
    struct mem_range old = map->ranges[i];

    if (end < range_end(&old)) {
        insert_range(map, i + 1, end, range_end(&old), old.type);
    }
    if (old.base < base) {
        map->ranges[i].len = base - old.base;
        insert_range(map, i + 1, base, end, type);
    } else {
        map->ranges[i] = (struct mem_range){base, end - base, type};
    }
}

/* Lays [base, end) over the map: gaps are filled, overlaps take the greater type. */
static void
overlay(struct memmap *map, uint64_t base, uint64_t end, enum mem_type type)
{
    unsigned i = 0;

    while (base < end) {
        uint64_t next = end;
        struct mem_range *r;

        while (i < map->nranges && range_end(&map->ranges[i]) <= base) {
            i++;
        }
        r = i < map->nranges ? &map->ranges[i] : NULL;
        if (!r || r->base > base) {
            if (r && r->base < end) {
                next = r->base;
            }
            insert_range(map, i, base, next, type);
        } else {
            if (range_end(r) < end) {
                next = range_end(r);
            }
            if (r->type < type) {
                retype(map, i, base, next, type);
            }
        }
        base = next;
    }
}

static void
merge_ranges(struct memmap *map)
{
    unsigned n = 0;

    for (unsigned i = 0; i < map->nranges; i++) {
        struct mem_range r = map->ranges[i];
        struct mem_range *last = n > 0 ? &map->ranges[n - 1] : NULL;

        if (r.len == 0) {
            continue;
        }
        if (last && last->type == r.type && range_end(last) == r.base) {
            last->len += r.len;
        } else {
            map->ranges[n++] = r;
        }
    }
    map->nranges = n;
}

/* What it would cost to be rid of ranges[i]: usable memory is forgotten, another is made one with
 * the next, and with what lies between. Memory in use comes last: it must stay mapped. */
static uint64_t
cost(const struct memmap *map, unsigned i)
{
    const struct mem_range *r = &map->ranges[i];

    if (r->type == MEM_USABLE) {
        return r->len;
    }
    if (i + 1 == map->nranges || r[1].type == MEM_USABLE) {
        return UINT64_MAX;
    }
    bool in_use = r->type < MEM_ACPI_NVS || r[1].type < MEM_ACPI_NVS;
    uint64_t gap = r[1].base - range_end(r);

    return in_use ? UINT64_MAX / 2 + gap / 2 : gap;
}

static void
make_room(struct memmap *map)
{
    merge_ranges(map);
    while (map->nranges > RANGES_KEPT) {
        unsigned least = 0;

        for (unsigned i = 1; i < map->nranges; i++) {
            least = cost(map, i) < cost(map, least) ? i : least;
        }
        struct mem_range *r = &map->ranges[least];

        if (r->type != MEM_USABLE) {
            r[1].len = range_end(&r[1]) - r->base;
            r[1].base = r->base;
            r[1].type = r->type > r[1].type ? r->type : r[1].type;
        }
        r->len = 0;
        map->lost++;
        merge_ranges(map);
    }
}

void
memmap_add(struct memmap *map, uint64_t base, uint64_t len, enum mem_type type)
{
    uint64_t end = add_saturating(base, len);

    if (type == MEM_USABLE && end > RAM_MAX) {
        map->lost++;
        end = RAM_MAX;
    }
    overlay(map, base, end, type);
    if (map->nranges > RANGES_KEPT) {
        make_room(map);
    }
}

/* Page 0 stays out so that a null pointer, physical or virtual, never finds memory. */
void
memmap_finish(struct memmap *map)
{
    overlay(map, 0, PAGE_SIZE, MEM_RESERVED);
    make_room(map);
    for (unsigned i = 0; i < map->nranges; i++) {
        struct mem_range *r = &map->ranges[i];
        uint64_t base = page_down(r->base + PAGE_SIZE - 1);
        uint64_t end = page_down(range_end(r));

        if (r->type == MEM_USABLE) {
            *r = (struct mem_range){base, base < end ? end - base : 0, MEM_USABLE};
        }
    }
    merge_ranges(map);
}

void
memmap_claim(struct memmap *map, uint64_t base, uint64_t len)
{
    uint64_t end = add_saturating(base, len);

    if (len > 0) {
        overlay(map, page_down(base), page_down(add_saturating(end, PAGE_SIZE - 1)), MEM_CLAIMED);
        make_room(map);
    }
}

bool
memmap_has(const struct memmap *map, uint64_t base, uint64_t len)
{
    for (unsigned i = 0; i < map->nranges; i++) {
        const struct mem_range *r = &map->ranges[i];

        if (r->type == MEM_USABLE && base >= r->base && base - r->base < r->len) {
            return len <= r->len - (base - r->base);
        }
    }
    return false;
}

static uint64_t
lowest_page(const struct memmap *map, uint64_t from, uint64_t to)
{
    for (uint64_t pa = from; pa < to; pa += PAGE_SIZE) {
        if (memmap_has(map, pa, PAGE_SIZE)) {
            return pa;
        }
    }
    return 0;
}

uint64_t
memmap_claim_start_page(struct memmap *map)
{
    uint64_t pa = lowest_page(map, LOW_FIRST, LOW_END);

    if (pa == 0) {
        pa = lowest_page(map, PAGE_SIZE, LOW_FIRST);
    }
    memmap_claim(map, pa, pa == 0 ? 0 : PAGE_SIZE);
    return pa;
}

uint64_t
memmap_usable(const struct memmap *map)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < map->nranges; i++) {
        if (map->ranges[i].type == MEM_USABLE) {
            sum += map->ranges[i].len;
        }
    }
    return sum;
}
