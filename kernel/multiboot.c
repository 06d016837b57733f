/* SPDX-License-Identifier: MIT */
/*
 * multiboot.c -- reads the information of multiboot 1 and multiboot 2 loaders.
 *
 * Invariants   those of bootparse.h
 * Context      as bootinfo.c
 */
#include "bootparse.h"
#include "memlayout.h"

enum {
    FRAMEBUFFER_SIDE_MAX = 32768,
    RSDP1_SIZE = 20,
};

/* What multiboot 1 and 2 agree on; the colour fields follow, in multiboot 2 after a gap. */
struct mb_framebuffer {
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, type;
} __attribute__((packed));

/* Multiboot specification 0.6.96, section 3.3. */
struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
    uint32_t mmap_length, mmap_addr, drives[2], config_table, loader_name, apm_table, vbe[4];
    struct mb_framebuffer fb;
    uint8_t fb_color[6];
} __attribute__((packed));
_Static_assert(offsetof(struct mb1_info, fb) == 88, "multiboot 1 layout");

enum { MB1_MEM = 1, MB1_CMDLINE = 4, MB1_MODS = 8, MB1_MMAP = 64, MB1_LOADER = 512, MB1_FB = 4096 };

struct mb1_module {
    uint32_t start, end, string, reserved;
};

struct mb1_mmap {
    uint32_t size; /* of what follows */
    uint64_t base, len;
    uint32_t type;
} __attribute__((packed));

/* Multiboot2 specification 2.0, section 3.6. */
enum {
    TAG_END,
    TAG_CMDLINE,
    TAG_LOADER,
    TAG_MODULE,
    TAG_MEMINFO,
    TAG_MMAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_RSDP1 = 14,
    TAG_RSDP2 = 15,
    TAG_EFI_MMAP = 17,
};

struct mb2_tag {
    uint32_t type, size;
};

struct mb2_framebuffer {
    struct mb_framebuffer fb;
    uint8_t reserved[2], color[6];
} __attribute__((packed));

struct mb2_mmap {
    uint32_t entry_size, version;
};

struct efi_descriptor { /* UEFI specification 2.10, section 7.2.3 */
    uint32_t type, pad;
    uint64_t base, va, pages, attributes;
};

/* What has been seen of multiboot 2 tags that depend on one another. */
struct mb2_seen {
    bool mmap;
    uint32_t rsdp;     /* the newest such tag; 0: none */
    uint64_t efi_mmap; /* payload of that tag; 0: none */
    uint32_t efi_mmap_size;
};

static void
set_framebuffer(const struct boot_source *in, const struct mb_framebuffer *from,
                const uint8_t *color)
{
    uint64_t row = (uint64_t)from->width * ((from->bpp + 7) / 8);

    if (!from->addr || !from->width || !from->height || from->height > FRAMEBUFFER_SIDE_MAX ||
        !from->bpp || from->pitch < row || from->pitch > FRAMEBUFFER_SIDE_MAX * 4 ||
        from->type > FRAMEBUFFER_TEXT) {
        boot_note(in, "impossible framebuffer at", from->addr);
        return;
    }
    in->bi->fb = (struct framebuffer){
        .addr = from->addr, .pitch = from->pitch, .width = from->width, .height = from->height,
        .bpp = from->bpp, .type = from->type,
    };
    if (from->type == FRAMEBUFFER_RGB) {
        struct framebuffer *fb = &in->bi->fb;

        fb->red_pos = color[0];
        fb->red_size = color[1];
        fb->green_pos = color[2];
        fb->green_size = color[3];
        fb->blue_pos = color[4];
        fb->blue_size = color[5];
    }
}

/* ---- multiboot 1 ---- */

/* Only GRUB 2 leaves the kernel's path out of a multiboot 1 command line. */
static uint64_t
skip_kernel_path(const struct boot_source *in, uint64_t pa)
{
    char c;

    if (__builtin_memcmp(in->bi->loader, "GRUB 2", 6) == 0) {
        return pa;
    }
    for (unsigned n = 0; n < STRING_MAX && boot_fetch(in, pa, &c, 1) && c; n++) {
        pa++;
        if (c == ' ') {
            break;
        }
    }
    return pa;
}

static void
read_mb1_mmap(const struct boot_source *in, uint64_t pa, uint32_t length)
{
    struct mb1_mmap e;
    uint64_t end = pa + (length < INFO_BYTES_MAX ? length : INFO_BYTES_MAX);

    while (pa + sizeof e <= end && boot_fetch(in, pa, &e, sizeof e)) {
        if (e.size < sizeof e - sizeof e.size) {
            boot_note(in, "memory map entry of size", e.size);
            return;
        }
        boot_add_range(in, e.base, e.len, e.type);
        pa += sizeof e.size + (uint64_t)e.size;
    }
}

static void
read_mb1_modules(const struct boot_source *in, uint64_t pa, uint32_t count)
{
    struct mb1_module m;

    for (uint32_t i = 0; i < count && i < MODULES_READ_MAX; i++, pa += sizeof m) {
        if (!boot_fetch(in, pa, &m, sizeof m)) {
            return;
        }
        if (m.end < m.start) {
            boot_note(in, "module ends before it begins, at", m.start);
            continue;
        }
        boot_add_module(in, m.start, m.end - m.start, m.string, STRING_MAX);
    }
}

enum bootinfo_status
boot_parse_mb1(struct boot_source *in, uint64_t pa)
{
    struct bootinfo *bi = in->bi;
    struct mb1_info info = {0};

    bi->protocol = "multiboot1";
    if (!boot_fetch(in, pa, &info, offsetof(struct mb1_info, fb))) {
        return BOOTINFO_BAD_POINTER;
    }
    if (info.flags & MB1_LOADER) {
        boot_fetch_string(in, info.loader_name, STRING_MAX, bi->loader, sizeof bi->loader);
    }
    if (info.flags & MB1_CMDLINE) {
        boot_fetch_string(in, skip_kernel_path(in, info.cmdline), STRING_MAX, bi->cmdline,
                          sizeof bi->cmdline);
    }
    if (info.flags & MB1_MEM) {
        in->mem_lower = info.mem_lower;
        in->mem_upper = info.mem_upper;
    }
    if (info.flags & MB1_MMAP) {
        read_mb1_mmap(in, info.mmap_addr, info.mmap_length);
    }
    if (info.flags & MB1_MODS) {
        read_mb1_modules(in, info.mods_addr, info.mods_count);
    }
    if (info.flags & MB1_FB && boot_fetch(in, pa, &info, sizeof info)) {
        set_framebuffer(in, &info.fb, info.fb_color);
    }
    return BOOTINFO_OK;
}

/* ---- multiboot 2 ---- */

static void
read_mb2_mmap(const struct boot_source *in, uint64_t pa, uint32_t size)
{
    struct mb2_mmap m;

    if (size >= sizeof m && boot_fetch(in, pa, &m, sizeof m)) {
        boot_add_ranges(in, pa + sizeof m, size - sizeof m, m.entry_size);
    }
}

static void
add_efi(const struct boot_source *in, const struct efi_descriptor *d)
{
    /* What the loader and the boot services held is free: both are gone. */
    static const enum mem_type types[] = {
        MEM_RESERVED, MEM_USABLE, MEM_USABLE, MEM_USABLE, MEM_USABLE, MEM_RESERVED,
        MEM_RESERVED, MEM_USABLE, MEM_BAD, MEM_ACPI_RECLAIM, MEM_ACPI_NVS,
    };
    bool known = d->type < sizeof types / sizeof types[0];

    if (d->pages > UINT64_MAX / PAGE_SIZE) {
        boot_note(in, "EFI memory descriptor of impossible size", d->pages);
        return;
    }
    memmap_add(&in->bi->memory, d->base, d->pages * PAGE_SIZE,
               known ? types[d->type] : MEM_RESERVED);
}

/* Read only where there is no plain map: GRUB hands over both, and they say the same. */
static void
read_efi_mmap(const struct boot_source *in, uint64_t pa, uint32_t size)
{
    struct mb2_mmap m; /* the header has the same form */
    struct efi_descriptor d;

    if (size < sizeof m || !boot_fetch(in, pa, &m, sizeof m)) {
        return;
    }
    if (m.entry_size < sizeof d || m.entry_size > PAGE_SIZE) {
        boot_note(in, "EFI memory map with descriptors of size", m.entry_size);
        return;
    }
    for (uint64_t at = sizeof m; at + m.entry_size <= size; at += m.entry_size) {
        if (boot_fetch(in, pa + at, &d, sizeof d)) {
            add_efi(in, &d);
        }
    }
}

/* pa and size are those of the tag's payload. */
static void
read_mb2_tag(struct boot_source *in, struct mb2_seen *seen, uint32_t type, uint64_t pa,
             uint32_t size)
{
    struct bootinfo *bi = in->bi;
    struct mb2_framebuffer fb;
    uint32_t pair[2];

    switch (type) {
    case TAG_CMDLINE:
        boot_fetch_string(in, pa, size, bi->cmdline, sizeof bi->cmdline);
        break;
    case TAG_LOADER:
        boot_fetch_string(in, pa, size, bi->loader, sizeof bi->loader);
        break;
    case TAG_MODULE:
        if (size >= sizeof pair && boot_fetch(in, pa, pair, sizeof pair) && pair[0] <= pair[1]) {
            boot_add_module(in, pair[0], pair[1] - pair[0], pa + sizeof pair, size - sizeof pair);
        }
        break;
    case TAG_MEMINFO:
        if (size >= sizeof pair && boot_fetch(in, pa, pair, sizeof pair)) {
            in->mem_lower = pair[0];
            in->mem_upper = pair[1];
        }
        break;
    case TAG_MMAP:
        read_mb2_mmap(in, pa, size);
        seen->mmap = true;
        break;
    case TAG_FRAMEBUFFER:
        if (size >= sizeof fb.fb) {
            __builtin_memset(&fb, 0, sizeof fb);
            if (boot_fetch(in, pa, &fb, size < sizeof fb ? size : sizeof fb)) {
                set_framebuffer(in, &fb.fb, fb.color);
            }
        }
        break;
    case TAG_RSDP1:
    case TAG_RSDP2:
        if (size >= RSDP1_SIZE && type >= seen->rsdp) {
            seen->rsdp = type;
            bi->rsdp = pa;
        }
        break;
    case TAG_EFI_MMAP:
        seen->efi_mmap = pa;
        seen->efi_mmap_size = size;
        break;
    }
}

enum bootinfo_status
boot_parse_mb2(struct boot_source *in, uint64_t pa)
{
    struct mb2_tag tag; /* the header has the same form: total size, reserved */
    struct mb2_seen seen = {0};
    uint64_t end;

    in->bi->protocol = "multiboot2";
    if (!boot_fetch(in, pa, &tag, sizeof tag)) {
        return BOOTINFO_BAD_POINTER;
    }
    if (tag.type < 2 * sizeof tag || tag.type > INFO_BYTES_MAX) {
        boot_note(in, "multiboot 2 information of size", tag.type);
        return BOOTINFO_BAD_SIZE;
    }
    end = pa + tag.type;
    for (pa += sizeof tag; pa + sizeof tag <= end; pa += (tag.size + 7ull) & ~7ull) {
        if (!boot_fetch(in, pa, &tag, sizeof tag) || tag.type == TAG_END) {
            break;
        }
        if (tag.size < sizeof tag || tag.size > end - pa) {
            boot_note(in, "multiboot 2 tag of size", tag.size);
            break;
        }
        read_mb2_tag(in, &seen, tag.type, pa + sizeof tag, tag.size - (uint32_t)sizeof tag);
    }
    if (!seen.mmap && seen.efi_mmap) {
        read_efi_mmap(in, seen.efi_mmap, seen.efi_mmap_size);
    }
    return BOOTINFO_OK;
}

