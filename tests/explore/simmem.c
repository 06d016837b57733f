/* SPDX-License-Identifier: MIT */
/*
 * simmem.c -- when a store of a simulated core is seen by the others.
 *
 * Invariants   1. a store in a core's buffer is seen by that core alone; the buffer is first in,
 *                 first out
 * Memory       x86's store buffers, for the words of the scheduler's own structures. Others (a
 *              channel, a stack) are written at once: their memory is used again by plain stores,
 *              which are not simulated.
 */
#include "sim.h"

#include <string.h>

enum { STORES = 16, RANGES = 16 };

static struct buffer {
    struct {
        volatile void *at;
        uint64_t value;
        int size;
    } store[STORES];
    int head, stored;
} buffer[SIM_CORES_MAX];
static struct {
    uintptr_t from, to;
} range[RANGES];
static int ranges, drain_chance;

void
sim_buffered(const void *from, size_t size)
{
    if (ranges < RANGES) {
        range[ranges].from = (uintptr_t)from;
        range[ranges++].to = (uintptr_t)from + size;
    }
}

static void
write_word(volatile void *at, uint64_t value, int size)
{
    memcpy((void *)(uintptr_t)at, &value, (size_t)size); /* little-endian, like all we run on */
}

static void
drain_one(struct buffer *c)
{
    write_word(c->store[c->head].at, c->store[c->head].value, c->store[c->head].size);
    c->head = (c->head + 1) % STORES;
    c->stored--;
}

static void
drain(struct buffer *c)
{
    while (c->stored > 0) {
        drain_one(c);
    }
}

void
sim_fence(void)
{
    drain(&buffer[sim_core_id()]);
}

void
sim_store(volatile void *at, uint64_t value, int size)
{
    struct buffer *c = &buffer[sim_core_id()];
    bool late = false;
    for (int i = 0; i < ranges; i++) {
        late = late || ((uintptr_t)at >= range[i].from && (uintptr_t)at < range[i].to);
    }
    if (!late) {
        drain(c); /* stores stay in order */
        write_word(at, value, size);
        return;
    }
    if (c->stored == STORES) {
        drain_one(c);
    }
    int i = (c->head + c->stored++) % STORES;
    c->store[i].at = at;
    c->store[i].value = value;
    c->store[i].size = size;
}

uint64_t
sim_load(const volatile void *at, uint64_t in_memory, int size)
{
    const struct buffer *c = &buffer[sim_core_id()];
    for (int i = c->stored - 1; i >= 0; i--) {
        int k = (c->head + i) % STORES;
        if (c->store[k].at == at && c->store[k].size == size) {
            return c->store[k].value;
        }
    }
    return in_memory;
}

void
sim_memory_init(int chance)
{
    drain_chance = chance;
}

/* Now and then one of the oldest arrives. */
void
sim_memory_step(int cores)
{
    for (int i = 0; i < cores; i++) {
        if (buffer[i].stored > 0 && sim_random() % (uint64_t)drain_chance == 0) {
            drain_one(&buffer[i]);
        }
    }
}

int
sim_stored(int core)
{
    return buffer[core].stored;
}
