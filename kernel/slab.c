/* SPDX-License-Identifier: MIT */
/*
 * slab.c -- objects of 32 sizes, cut from blocks of pages; the heap's side that cores share.
 *
 * A slab is a block of pages, its objects from the start and its header at the end, so that an
 * object of 2^k bytes is aligned to 2^k. Objects never yet used are cut off only when needed.
 *
 * Invariants   1. Every page of a slab, and no other, carries its class as tag.
 *              2. A slab is in central.partial exactly when some, not all, of its objects are
 *                 here; when all are, it is central.empty or on its way to pmm.
 *
 * Locks        central.lock, one a class; never two. Not held while pmm is called.
 *
 * Context      preemption off; any stack; not in interrupts, for they may have found it locked.
 *
 * Rejected     One list of objects a class in place of one a slab: finding all the objects of a
 *              slab, to give it back, would mean walking it.
 */
#include "slab.h"

#include <string.h>

#include <print.h>
#include "pmm.h"
#include "spin.h"

struct slab {
    /* central.lock */
    struct slab *next;
    struct slab *prev;
    struct object *free;
    uint16_t nfree; /* those not yet cut off included */
    uint16_t cut;
    /* constant */
    uint32_t class;
};

struct central {
    struct spin lock;
    /* lock */
    struct slab *partial;
    struct slab *empty;
    size_t out; /* atomic: read without it */
} __attribute__((aligned(64))); /* two classes share no line */

static struct central centrals[SLAB_CLASSES];

#define BYTES(ord) (4096u << (ord))
#define LIMIT(n)   ((n) > 256 ? 256 : (n) < 8 ? 8 : (n))
#define CLASS(bytes, ord)                                            \
    {                                                                \
        .magic = UINT32_MAX / (bytes) + 1,                           \
        .mask = BYTES(ord) - 1,                                      \
        .size = (bytes),                                             \
        .objects = (BYTES(ord) - sizeof(struct slab)) / (bytes),     \
        .max = LIMIT(32768 / (bytes)),                               \
        .order = (ord),                                              \
    }

/* clang-format off */
/* A slab is the first power of two above eight objects: at most an eighth is wasted. */
const struct slab_class slab_classes[256] = {
    [1] = CLASS(16, 0), CLASS(32, 0), CLASS(48, 0), CLASS(64, 0), CLASS(80, 0), CLASS(96, 0),
    CLASS(112, 0), CLASS(128, 0), CLASS(160, 0), CLASS(192, 0), CLASS(224, 0), CLASS(256, 0),
    CLASS(320, 0), CLASS(384, 0), CLASS(448, 0), CLASS(512, 1), CLASS(640, 1), CLASS(768, 1),
    CLASS(896, 1), CLASS(1024, 2), CLASS(1280, 2), CLASS(1536, 2), CLASS(1792, 2),
    CLASS(2048, 3), CLASS(2560, 3), CLASS(3072, 3), CLASS(3584, 3), CLASS(4096, 4),
    CLASS(5120, 4), CLASS(6144, 4), CLASS(7168, 4), CLASS(8192, 5),
};

const uint8_t slab_class_by_units[] = {
    [0 ... 1] = 1, [2] = 2, [3] = 3, [4] = 4, [5] = 5, [6] = 6, [7] = 7, [8] = 8,
    [9 ... 10] = 9, [11 ... 12] = 10, [13 ... 14] = 11, [15 ... 16] = 12, [17 ... 20] = 13,
    [21 ... 24] = 14, [25 ... 28] = 15, [29 ... 32] = 16, [33 ... 40] = 17, [41 ... 48] = 18,
    [49 ... 56] = 19, [57 ... 64] = 20, [65 ... 80] = 21, [81 ... 96] = 22, [97 ... 112] = 23,
    [113 ... 128] = 24, [129 ... 160] = 25, [161 ... 192] = 26, [193 ... 224] = 27,
    [225 ... 256] = 28, [257 ... 320] = 29, [321 ... 384] = 30, [385 ... 448] = 31,
    [449 ... 512] = 32,
};
/* clang-format on */

_Static_assert(SLAB_CLASSES <= PAGE_TAG_BIG, "classes and other tags are apart");
_Static_assert(PAGE_TAG_SLAB == 1, "a class is its own tag");

/* The header of the slab that va lies in. */
static struct slab *
slab_at(const struct slab_class *k, const void *va)
{
    return (struct slab *)(((uintptr_t)va | k->mask) + 1) - 1;
}

static char *
slab_base(const struct slab_class *k, const struct slab *s)
{
    return (char *)((uintptr_t)s & ~(uintptr_t)k->mask);
}

static void
slab_set_tags(uint64_t pa, const struct slab_class *k, unsigned tag)
{
    for (uint32_t i = 0; i <= k->mask / PAGE_SIZE; i++) {
        page_set_tag(pmm_page(pa) + i, tag);
    }
}

static struct slab *
slab_new(unsigned class)
{
    const struct slab_class *k = &slab_classes[class];
    uint64_t pa = page_alloc(k->order);
    struct slab *s;

    if (!pa) {
        return NULL;
    }
    slab_set_tags(pa, k, class);
    s = slab_at(k, phys_to_virt(pa));
    *s = (struct slab){ .nfree = k->objects, .class = class };
    return s;
}

/* A chain of empty slabs, linked by next. No lock held. */
static void
slabs_release(struct slab *s)
{
    while (s) {
        const struct slab_class *k = &slab_classes[s->class];
        uint64_t pa = virt_to_phys(slab_base(k, s));
        struct slab *next = s->next;

        slab_set_tags(pa, k, PAGE_TAG_NONE);
        page_free(pa, k->order);
        s = next;
    }
}

static void
partial_push(struct central *c, struct slab *s)
{
    s->prev = NULL;
    s->next = c->partial;
    if (s->next) {
        s->next->prev = s;
    }
    c->partial = s;
}

static void
partial_remove(struct central *c, struct slab *s)
{
    if (s->prev) {
        s->prev->next = s->next;
    } else {
        c->partial = s->next;
    }
    if (s->next) {
        s->next->prev = s->prev;
    }
}

static struct object *
slab_pop(const struct slab_class *k, struct slab *s)
{
    struct object *o = s->free;

    s->nfree--;
    if (o) {
        s->free = o->next;
        return o;
    }
    o = (struct object *)(slab_base(k, s) + s->cut * k->size);
    s->cut++;
    slab_mark_free(o, k->size);
    return o;
}

/* A slab to take from, first in central.partial; NULL: no memory. lock held, but dropped on the way
 * where pmm is asked. */
static struct slab *
central_slab(struct central *c, unsigned class)
{
    struct slab *s = c->partial;

    if (s) {
        return s;
    }
    s = c->empty;
    c->empty = NULL;
    if (!s) {
        spin_unlock(&c->lock);
        s = slab_new(class);
        spin_lock(&c->lock);
    }
    if (s) {
        partial_push(c, s);
    }
    return c->partial;
}

unsigned
slab_take(unsigned class, unsigned n, struct object **list)
{
    const struct slab_class *k = &slab_classes[class];
    struct central *c = &centrals[class];
    unsigned got = 0;

    spin_lock(&c->lock);
    while (got < n && (got == 0 || c->partial)) {
        struct slab *s = central_slab(c, class);

        if (!s) {
            break;
        }
        while (got < n && s->nfree > 0) {
            *list = slab_pop(k, s);
            list = &(*list)->next;
            got++;
        }
        if (s->nfree == 0) {
            partial_remove(c, s);
        }
    }
    __atomic_store_n(&c->out, c->out + got, __ATOMIC_RELAXED);
    spin_unlock(&c->lock);
    *list = NULL;
    return got;
}

/* Returns the slab if this made it empty. lock held. */
static struct slab *
slab_push(struct central *c, const struct slab_class *k, struct object *o)
{
    struct slab *s = slab_at(k, o);

    if (s->nfree >= k->objects || (char *)o + k->size > (char *)s) {
        throw("free: %p: %u of %u objects of %u bytes are free already", (void *)o, s->nfree,
              k->objects, k->size);
    }
    o->next = s->free;
    s->free = o;
    s->nfree++;
    if (s->nfree == 1) {
        partial_push(c, s);
    }
    if (s->nfree < k->objects) {
        return NULL;
    }
    partial_remove(c, s);
    return s;
}

struct object *
slab_give(unsigned class, struct object *list, unsigned n, bool keep)
{
    const struct slab_class *k = &slab_classes[class];
    struct central *c = &centrals[class];
    struct slab *gone = NULL;

    spin_lock(&c->lock);
    for (unsigned i = 0; i < n; i++) {
        struct object *next = list->next;
        struct slab *s = slab_push(c, k, list);

        if (s && keep && !c->empty) {
            c->empty = s;
        } else if (s) {
            s->next = gone;
            gone = s;
        }
        list = next;
    }
    if (!keep && c->empty) {
        c->empty->next = gone;
        gone = c->empty;
        c->empty = NULL;
    }
    __atomic_store_n(&c->out, c->out - n, __ATOMIC_RELAXED);
    spin_unlock(&c->lock);
    slabs_release(gone);
    return list;
}

size_t
slab_out(unsigned class)
{
    return __atomic_load_n(&centrals[class].out, __ATOMIC_RELAXED);
}

#ifdef DEBUG
#define MARK_BYTE 0xdd

/* The word after the link: what it is in no live object, unless somebody copies a free one. */
static uintptr_t
mark_of(const struct object *o)
{
    return (uintptr_t)o ^ 0xf4eef4eef4eef4ee;
}

static uintptr_t *
mark_word(const struct object *o)
{
    return (uintptr_t *)(o + 1);
}

void
slab_mark_free(struct object *o, size_t size)
{
    *mark_word(o) = mark_of(o);
    memset(mark_word(o) + 1, MARK_BYTE, size - 16);
}

bool
slab_is_marked(const struct object *o)
{
    return *mark_word(o) == mark_of(o);
}

void
slab_unmark(struct object *o, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)o;

    for (size_t i = 16; i < size; i++) {
        if (bytes[i] != MARK_BYTE) {
            throw("malloc: %p was written at byte %zu after free: %x", (void *)o, i, bytes[i]);
        }
    }
    if (!slab_is_marked(o)) {
        throw("malloc: %p was written at byte 8 after free: %lx", (void *)o, *mark_word(o));
    }
    *mark_word(o) = 0;
}
#endif
