/* SPDX-License-Identifier: MIT */
/*
 * slab.h -- objects of 32 sizes in batches, for heap.c alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_SIZE_MAX 8192
#define SLAB_CLASSES  33 /* 1..32; a slab's class is the tag of its pages; 0 is no class */

/* A free object. */
struct object {
    struct object *next;
};

struct slab_class {
    uint32_t magic; /* 2^32 / size, rounded up; see slab_is_object */
    uint32_t mask;  /* bytes in a slab - 1 */
    uint16_t size;
    uint16_t objects; /* in a slab */
    uint16_t max; /* objects in a core's list; half of them move at a time */
    uint16_t order;
};

/* By page tag, whatever it is: magic is 0 where no class is meant. */
extern const struct slab_class slab_classes[256];

extern const uint8_t slab_class_by_units[SLAB_SIZE_MAX / 16 + 1];

/* Size up to SLAB_SIZE_MAX. Steps of 16 up to 128, then four to a doubling. Any power of two that
 * divides size divides the size of its class, too: aligned_alloc rests on that. */
static inline unsigned
slab_class_of(size_t size)
{
    return slab_class_by_units[(size + 15) / 16];
}

/* True where an object of the class may start: offset * magic is offset / size with 32 bits after
 * the point, and those are below magic (1 / size) exactly when the division leaves no rest. Never
 * true of a tag that is no class. */
static inline bool
slab_is_object(const struct slab_class *k, uintptr_t va)
{
    uint32_t offset = (uint32_t)va & k->mask;

    return offset * k->magic < k->magic;
}

/* Up to n objects, at least one unless memory is out; returns how many. Preemption off. */
unsigned slab_take(unsigned class, unsigned n, struct object **list);

/* Takes back the first n objects of a list and returns the rest. A slab that becomes empty goes
 * back to pmm, but for one a class where keep is set. Preemption off. */
struct object *slab_give(unsigned class, struct object *list, unsigned n, bool keep);

/* Objects taken and not given back. */
size_t slab_out(unsigned class);

#ifdef DEBUG
/* Fills a free object, so that writes to it and a second free show. */
void slab_mark_free(struct object *o, size_t size);
bool slab_is_marked(const struct object *o);
/* Throws if the object was written since it was marked; removes the mark. */
void slab_unmark(struct object *o, size_t size);
#else
static inline void
slab_mark_free(struct object *o, size_t size)
{
    (void)o;
    (void)size;
}

static inline bool
slab_is_marked(const struct object *o)
{
    (void)o;
    return false;
}

static inline void
slab_unmark(struct object *o, size_t size)
{
    (void)o;
    (void)size;
}
#endif
