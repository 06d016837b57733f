/* SPDX-License-Identifier: MIT */
/*
 * bootinfo.c -- what the loader said, in one form: the common part, and PVH.
 *
 * Invariants   those of bootparse.h
 * Context      boot core, on the early page tables; tests/unit/ on the host.
 * Rejected     Keeping pointers into the loader's records: GRUB puts them right behind the image,
 *              in memory that the map calls usable.
 */
#include "bootparse.h"
#include "memlayout.h"

enum { RSDP_SIZE = 36 };

/* Xen's start_info.h; memmap from version 1 on. */
struct pvh_info {
    uint32_t magic, version, flags, nmodules;
    uint64_t modules, cmdline, rsdp, memmap;
    uint32_t memmap_entries, reserved;
};

struct pvh_module {
    uint64_t base, len, cmdline, reserved;
};

void
boot_note(const struct boot_source *in, const char *text, uint64_t value)
{
    struct bootinfo *bi = in->bi;

    if (bi->nnotes < BOOTINFO_NOTES) {
        bi->notes[bi->nnotes] = (struct boot_note){text, value};
    }
    bi->nnotes++;
}

bool
boot_fetch(const struct boot_source *in, uint64_t pa, void *out, size_t len)
{
    uint64_t end;
    const void *from = NULL;

    if (!__builtin_add_overflow(pa, len, &end)) {
        from = in->map(pa, len);
    }
    if (!from) {
        boot_note(in, "unreadable record of the loader's at", pa);
        return false;
    }
    __builtin_memcpy(out, from, len);
    return true;
}

void
boot_fetch_string(const struct boot_source *in, uint64_t pa, uint64_t limit, char *out, size_t size)
{
    size_t n = 0;

    out[0] = 0;
    for (; n < limit; n++) {
        char c;

        if (!boot_fetch(in, pa + n, &c, 1) || !c) {
            break;
        }
        if (n + 1 == size) {
            boot_note(in, "string cut, at", pa);
            break;
        }
        out[n] = c;
    }
    out[n] = 0;
}

void
boot_add_range(const struct boot_source *in, uint64_t base, uint64_t len, uint32_t type)
{
    static const enum mem_type types[] = {
        MEM_RESERVED, MEM_USABLE, MEM_RESERVED, MEM_ACPI_RECLAIM, MEM_ACPI_NVS, MEM_BAD,
    };
    bool known = type < sizeof types / sizeof types[0];

    memmap_add(&in->bi->memory, base, len, known ? types[type] : MEM_RESERVED);
}

void
boot_add_ranges(const struct boot_source *in, uint64_t pa, uint64_t bytes, uint32_t size)
{
    struct e820_entry e;

    if (size < sizeof e || size > PAGE_SIZE) {
        boot_note(in, "memory map with entries of size", size);
        return;
    }
    for (uint64_t at = 0; at + size <= bytes; at += size) {
        if (!boot_fetch(in, pa + at, &e, sizeof e)) {
            return;
        }
        boot_add_range(in, e.base, e.len, e.type);
    }
}

void
boot_add_module(const struct boot_source *in, uint64_t base, uint64_t len, uint64_t name,
                uint64_t limit)
{
    struct bootinfo *bi = in->bi;
    struct module *mod = &bi->modules[bi->nmodules];

    if (base + len < base) {
        boot_note(in, "module of impossible length at", base);
    } else if (bi->nmodules == BOOTINFO_MODULES) {
        boot_note(in, "too many modules, left out the one at", base);
        memmap_claim(&bi->memory, base, len);
    } else {
        *mod = (struct module){.base = base, .len = len};
        if (name) {
            boot_fetch_string(in, name, limit, mod->name, sizeof mod->name);
        }
        bi->nmodules++;
    }
}

static enum bootinfo_status
parse_pvh(struct boot_source *in, uint64_t pa)
{
    struct bootinfo *bi = in->bi;
    struct pvh_info info = {0};
    struct pvh_module m;

    bi->protocol = "pvh";
    if (!boot_fetch(in, pa, &info, offsetof(struct pvh_info, memmap))) {
        return BOOTINFO_BAD_POINTER;
    }
    if (info.magic != BOOT_MAGIC_PVH) {
        boot_note(in, "PVH information begins with", info.magic);
        return BOOTINFO_BAD_MAGIC;
    }
    bi->rsdp = info.rsdp;
    if (info.cmdline) {
        boot_fetch_string(in, info.cmdline, STRING_MAX, bi->cmdline, sizeof bi->cmdline);
    }
    if (info.version >= 1 && boot_fetch(in, pa, &info, sizeof info)) {
        uint64_t bytes = (uint64_t)info.memmap_entries * sizeof(struct e820_entry);

        boot_add_ranges(in, info.memmap, bytes < INFO_BYTES_MAX ? bytes : INFO_BYTES_MAX,
                       sizeof(struct e820_entry));
    }
    for (uint32_t i = 0; i < info.nmodules && i < MODULES_READ_MAX; i++) {
        if (!boot_fetch(in, info.modules + i * sizeof m, &m, sizeof m)) {
            break;
        }
        boot_add_module(in, m.base, m.len, m.cmdline, STRING_MAX);
    }
    return BOOTINFO_OK;
}

static enum bootinfo_status
finish(const struct boot_source *in)
{
    struct bootinfo *bi = in->bi;
    struct memmap *memory = &bi->memory;

    if (memmap_usable(memory) == 0 && in->mem_upper) {
        boot_note(in, "no memory map; going by mem_upper, KiB", in->mem_upper);
        memmap_add(memory, 0, (in->mem_lower < 640 ? in->mem_lower : 640) << 10, MEM_USABLE);
        memmap_add(memory, 1 << 20, in->mem_upper << 10, MEM_USABLE);
    }
    memmap_finish(memory);
    for (unsigned i = 0; i < bi->nmodules; i++) {
        memmap_claim(memory, bi->modules[i].base, bi->modules[i].len);
    }
    if (bi->rsdp) { /* in a multiboot 2 tag, or where a hypervisor found room */
        memmap_claim(memory, bi->rsdp, RSDP_SIZE);
    }
    if (memory->lost) {
        boot_note(in, "memory map too long or too high, parts left out", memory->lost);
    }
    return memmap_usable(memory) ? BOOTINFO_OK : BOOTINFO_NO_MEMORY;
}

enum bootinfo_status
bootinfo_parse(uint32_t magic, uint64_t info_pa, bootinfo_map_fn map, struct bootinfo *bi)
{
    struct boot_source in = {.map = map, .bi = bi};
    enum bootinfo_status status;

    __builtin_memset(bi, 0, sizeof *bi);
    bi->protocol = "unknown";
    bi->fb.type = FRAMEBUFFER_NONE;
    switch (magic) {
    case BOOT_MAGIC_MB1:
        status = boot_parse_mb1(&in, info_pa);
        break;
    case BOOT_MAGIC_MB2:
        status = boot_parse_mb2(&in, info_pa);
        break;
    case BOOT_MAGIC_PVH:
        status = parse_pvh(&in, info_pa);
        break;
    default:
        boot_note(&in, "boot magic", magic);
        return BOOTINFO_BAD_MAGIC;
    }
    return status == BOOTINFO_OK ? finish(&in) : status;
}

const char *
bootinfo_status_text(enum bootinfo_status status)
{
    static const char *const texts[] = {
        [BOOTINFO_OK] = "no error",
        [BOOTINFO_BAD_MAGIC] = "not started by multiboot 1, multiboot 2 or PVH",
        [BOOTINFO_BAD_POINTER] = "the loader's information is out of reach",
        [BOOTINFO_BAD_SIZE] = "the loader's information has an impossible size",
        [BOOTINFO_NO_MEMORY] = "the loader tells of no usable memory",
    };

    return status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown status";
}

void
bootinfo_reserve(struct bootinfo *bi, uint64_t base, uint64_t len)
{
    memmap_claim(&bi->memory, base, len);
}
