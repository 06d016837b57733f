/* SPDX-License-Identifier: MIT */
/*
 * bootinfo_fuzz.c -- what loaders leave: multiboot 1, multiboot 2, PVH.
 *
 * Form         protocol (1 byte), address of the information (4), memory as in sparse.h.
 *
 * The parsers' calls of memmap_add, memmap_claim and memmap_finish come through here (build.list
 * renames them), so the finished map is held against all that they said.
 */
#include <bootinfo.h>

#include "memmap_model.h"
#include "sparse.h"

enum { REQUEST_MAX = 4096 };

void model_memmap_add(struct memmap *map, uint64_t base, uint64_t len, enum mem_type type);
void model_memmap_claim(struct memmap *map, uint64_t base, uint64_t len);

void
model_memmap_add(struct memmap *map, uint64_t base, uint64_t len, enum mem_type type)
{
    memmap_add(map, base, len, type);
    model_add(base, len, type);
}

void
model_memmap_claim(struct memmap *map, uint64_t base, uint64_t len)
{
    memmap_claim(map, base, len);
    model_claim(base, len);
}

static struct bootinfo bi, again;

static void
demand_text(const char *text, size_t size)
{
    DEMAND(strnlen(text, size) < size, "a text of %zu bytes does not end", size);
}

static bool
is_usable(uint64_t base, uint64_t len)
{
    for (unsigned i = 0; i < bi.memory.nranges; i++) {
        const struct mem_range *r = &bi.memory.ranges[i];

        if (r->type == MEM_USABLE && len > 0 && base < r->base + r->len && r->base < base + len) {
            return true;
        }
    }
    return false;
}

/* Whatever the status: the texts end, the counts are in bounds. */
static void
demand_whole(void)
{
    demand_text(bi.loader, sizeof bi.loader);
    demand_text(bi.cmdline, sizeof bi.cmdline);
    DEMAND(bi.nmodules <= BOOTINFO_MODULES, "%u modules", bi.nmodules);
    for (unsigned i = 0; i < bi.nmodules; i++) {
        const struct module *m = &bi.modules[i];

        demand_text(m->name, sizeof m->name);
        DEMAND(m->base + m->len >= m->base, "module %lx + %lx", m->base, m->len);
    }
    for (unsigned i = 0; i < bi.nnotes && i < BOOTINFO_NOTES; i++) {
        DEMAND(bi.notes[i].text, "note %u", i);
    }
    DEMAND(sparse_requested_max <= REQUEST_MAX, "asked for %lu bytes at once",
           sparse_requested_max);
    if (bi.fb.type != FRAMEBUFFER_NONE) {
        DEMAND(bi.fb.type <= FRAMEBUFFER_TEXT && bi.fb.addr && bi.fb.width && bi.fb.height,
               "type %u", bi.fb.type);
        DEMAND((uint64_t)bi.fb.width * bi.fb.bpp <= bi.fb.pitch * 8ull, "pitch %u", bi.fb.pitch);
    }
}

static void
demand_good(void)
{
    DEMAND(memmap_usable(&bi.memory) > 0, "no memory, but BOOTINFO_OK");
    model_finish();
    demand_model(&bi.memory);
    for (unsigned i = 0; i < bi.nmodules; i++) {
        DEMAND(!is_usable(bi.modules[i].base, bi.modules[i].len), "module %u is free memory", i);
    }
    DEMAND(!bi.rsdp || !is_usable(bi.rsdp, 1), "RSDP %lx is in free memory", bi.rsdp);
}

static bool
same_maps(const struct memmap *a, const struct memmap *b)
{
    bool same = a->nranges == b->nranges && a->lost == b->lost;

    for (unsigned i = 0; same && i < a->nranges; i++) {
        const struct mem_range *r = &a->ranges[i], *s = &b->ranges[i];

        same = r->base == s->base && r->len == s->len && r->type == s->type;
    }
    return same;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t magics[] = { BOOT_MAGIC_MB1, BOOT_MAGIC_MB2, BOOT_MAGIC_PVH, 0x1badb002 };
    struct input in = { data, size };
    uint32_t magic = magics[take(&in, 1) % 4];
    uint64_t info = take(&in, 4);
    enum bootinfo_status status;

    sparse_load(&in);
    sparse_requested_max = 0;
    model_reset();
    memset(&bi, 0xa5, sizeof bi);
    memset(&again, 0x5a, sizeof again);
    DEMAND(bootinfo_parse(magic, info, sparse_map, &again) <= BOOTINFO_NO_MEMORY, "status");
    model_reset();
    status = bootinfo_parse(magic, info, sparse_map, &bi);
    DEMAND(strlen(bootinfo_status_text(status)) > 0, "status %u", status);
    demand_whole();
    if (status == BOOTINFO_OK) {
        demand_good();
    }
    DEMAND(same_maps(&bi.memory, &again.memory) && bi.nmodules == again.nmodules
               && bi.nnotes == again.nnotes && bi.rsdp == again.rsdp
               && strcmp(bi.cmdline, again.cmdline) == 0 && strcmp(bi.loader, again.loader) == 0,
           "the second time gives something else");
    sparse_unload();
    return 0;
}
