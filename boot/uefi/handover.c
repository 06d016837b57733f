/* SPDX-License-Identifier: MIT */
/*
 * handover.c -- from the loader, boot services gone, to the kernel's 64-bit door.
 *
 * The firmware's page tables, stack and GDT lie wherever it likes, perhaps where the kernel goes.
 * So the loader runs its last steps on a stack and on page tables of its own, all allocated outside
 * that place: it moves the segments there, clears what they have beyond the file, and jumps.
 *
 * Invariants   1 The tables map the first 4 GiB and the loader's image, one to one, executable.
 *              2 From enter on nothing of the firmware's is called or written.
 * Protocol     boot/multiboot.S, boot_entry64
 */
#include "loader.h"

enum {
    PAGE = 4096,
    STACK_PAGES = 4,
    TABLE_PAGES = 16, /* 5 levels, 4 directories for 4 GiB, and those of the loader's image */
    PRESENT_WRITABLE = 3,
    LARGE = 0x80,
    CR4_LA57 = 1 << 12,
};

#define MULTIBOOT2_MAGIC 0x36d76289u
#define LARGE_SIZE       (2ull << 20)
#define ADDRESS_BITS     0x000ffffffffff000ull

struct tables {
    uint64_t *root;
    int levels;
    uint64_t next, end; /* pages left */
};

static int
paging_levels(void)
{
    uint64_t cr4;

    __asm__("mov %%cr4, %0" : "=r"(cr4));
    return cr4 & CR4_LA57 ? 5 : 4;
}

/* One large page of the identity map; false: no page left for a table. */
static bool
map_large(struct tables *t, uint64_t address)
{
    uint64_t *table = t->root;

    for (int level = t->levels; level > 2; level--) {
        uint64_t *entry = &table[address >> (12 + 9 * (level - 1)) & 511];

        if (!*entry) {
            if (t->next == t->end) {
                return false;
            }
            *entry = t->next | PRESENT_WRITABLE;
            t->next += PAGE;
        }
        table = (uint64_t *)(*entry & ADDRESS_BITS);
    }
    table[address >> 21 & 511] = (address & -LARGE_SIZE) | PRESENT_WRITABLE | LARGE;
    return true;
}

static bool
map_range(struct tables *t, uint64_t base, uint64_t end)
{
    for (uint64_t at = base & -LARGE_SIZE; at < end; at += LARGE_SIZE) {
        if (!map_large(t, at)) {
            return refuse(L"%d pages of page tables do not reach %lx", TABLE_PAGES, at);
        }
    }
    return true;
}

bool
handover_prepare(struct handover *h, const EFI_LOADED_IMAGE *self)
{
    uint64_t base = memory_pages(TABLE_PAGES + STACK_PAGES);
    uint64_t image = (uint64_t)self->ImageBase;
    struct tables t = {
        .root = (uint64_t *)base,
        .levels = paging_levels(),
        .next = base + PAGE,
        .end = base + TABLE_PAGES * PAGE,
    };

    if (!base) {
        return refuse(L"no memory below 4 GiB for page tables");
    }
    h->tables = base;
    h->stack_top = base + (TABLE_PAGES + STACK_PAGES) * PAGE;
    return map_range(&t, 0, BELOW_4_GIB) && map_range(&t, image, image + self->ImageSize);
}

static void
copy(volatile uint8_t *to, const uint8_t *from, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++) {
        to[i] = from[i];
    }
}

static void
clear(volatile uint8_t *to, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++) {
        to[i] = 0;
    }
}

static void
go(struct handover *h)
{
    for (unsigned i = 0; i < h->kernel.nsegments; i++) {
        const struct segment *s = &h->kernel.segments[i];

        copy((uint8_t *)s->to, (const uint8_t *)s->from, s->filesz);
        clear((uint8_t *)s->to + s->filesz, s->memsz - s->filesz);
    }
    enter_kernel(h->kernel.entry, MULTIBOOT2_MAGIC, h->info);
}

void
handover_enter(struct handover *h)
{
    enter(h->tables, h->stack_top, go, h);
}
