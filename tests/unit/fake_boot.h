/* SPDX-License-Identifier: MIT */
/*
 * fake_boot.h -- what loaders leave for the kernel, in fake physical memory, sound at first.
 */
#pragma once

#include <stdbool.h>

#include "fake_phys.h"

enum { INFO = 0x9000, STRINGS = 0xa000, MMAP = 0xb000, MODS = 0xc000 };

static inline void
put_string(uint64_t pa, const char *s)
{
    phys_put(&pa, s, strlen(s) + 1);
}

/* ---- what qemu -kernel leaves ---- */

static inline void
make_mb1(const char *loader, const char *cmdline)
{
    uint64_t at = INFO;
    static const uint64_t map[][3] = {
        {0, 0x9fc00, 1}, {0x9fc00, 0x400, 2}, {0xf0000, 0x10000, 2},
        {0x100000, 0x7ee0000, 1}, {0x7fe0000, 0x20000, 2}, {0xfffc0000, 0x40000, 2},
    };

    memset(phys, 0, sizeof phys);
    phys_put32(&at, 1 | 4 | 8 | 64 | 512);
    phys_put32(&at, 639);
    phys_put32(&at, 129920);
    phys_put32(&at, 0x8000ffff);
    phys_put32(&at, STRINGS);
    phys_put32(&at, 1);
    phys_put32(&at, MODS);
    at = INFO + 44;
    phys_put32(&at, sizeof map / sizeof map[0] * 24);
    phys_put32(&at, MMAP);
    at = INFO + 64;
    phys_put32(&at, STRINGS + 0x800);
    put_string(STRINGS, cmdline);
    put_string(STRINGS + 0x800, loader);
    at = MMAP;
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
        phys_put32(&at, 20);
        phys_put64(&at, map[i][0]);
        phys_put64(&at, map[i][1]);
        phys_put32(&at, (uint32_t)map[i][2]);
    }
    at = MODS;
    phys_put32(&at, 0x201000);
    phys_put32(&at, 0x201234);
    phys_put32(&at, STRINGS + 0x900);
    put_string(STRINGS + 0x900, "disk.img a b");
}

/* ---- multiboot 2 ---- */

static inline uint64_t
begin_tag(uint64_t *at, uint32_t type)
{
    *at = (*at + 7) & ~7ull;
    phys_put32(at, type);
    phys_put32(at, 0);
    return *at - 8;
}

static inline void
end_tag(uint64_t tag, uint64_t at)
{
    uint64_t size = tag + 4;

    phys_put32(&size, (uint32_t)(at - tag));
}

/* Where the payload of the RSDP tag is. */
static inline uint64_t
make_mb2(bool efi_only)
{
    uint64_t at = INFO + 8;
    uint64_t rsdp, tag;

    memset(phys, 0, sizeof phys);
    tag = begin_tag(&at, 1);
    phys_put(&at, "seed=7", 7);
    end_tag(tag, at);
    tag = begin_tag(&at, 2);
    phys_put(&at, "GRUB 2.06", 10);
    end_tag(tag, at);
    tag = begin_tag(&at, 3);
    phys_put32(&at, 0x300000);
    phys_put32(&at, 0x300fff);
    phys_put(&at, "mod", 4);
    end_tag(tag, at);
    tag = begin_tag(&at, 15);
    rsdp = at;
    phys_put(&at, "RSD PTR 0123456789012345678901234567", 36);
    end_tag(tag, at);
    tag = begin_tag(&at, 14);
    phys_put(&at, "RSD PTR 012345678901", 20);
    end_tag(tag, at);
    tag = begin_tag(&at, 8);
    phys_put64(&at, 0xfd000000);
    phys_put32(&at, 4096);
    phys_put32(&at, 1024);
    phys_put32(&at, 768);
    phys_put(&at, "\x20\x01\0\0\x10\x08\x08\x08\0\x08", 10);
    end_tag(tag, at);
    tag = begin_tag(&at, 17);
    phys_put32(&at, 48);
    phys_put32(&at, 1);
    for (uint32_t i = 0; i < 4; i++) {
        phys_put32(&at, (uint32_t[]){7, 4, 9, 2}[i]);
        phys_put32(&at, 0);
        phys_put64(&at, 0x100000 * (i + 1));
        phys_put64(&at, 0);
        phys_put64(&at, 256);
        phys_put64(&at, 15);
        phys_put64(&at, 0);
    }
    end_tag(tag, at);
    if (!efi_only) {
        tag = begin_tag(&at, 6);
        phys_put32(&at, 24);
        phys_put32(&at, 0);
        phys_put64(&at, 0);
        phys_put64(&at, 0x8000000);
        phys_put32(&at, 1);
        phys_put32(&at, 0);
        end_tag(tag, at);
    }
    tag = begin_tag(&at, 0);
    end_tag(tag, at);
    tag = INFO;
    phys_put32(&tag, (uint32_t)(at - INFO));
    return rsdp;
}

/* ---- PVH ---- */

static inline void
make_pvh(void)
{
    uint64_t at = INFO;

    memset(phys, 0, sizeof phys);
    phys_put32(&at, BOOT_MAGIC_PVH);
    phys_put32(&at, 1);
    phys_put32(&at, 0);
    phys_put32(&at, 1);
    phys_put64(&at, MODS);
    phys_put64(&at, STRINGS);
    phys_put64(&at, 0xf59d0);
    phys_put64(&at, MMAP);
    phys_put32(&at, 3);
    put_string(STRINGS, "demo=ring");
    at = MODS;
    phys_put64(&at, 0x200000);
    phys_put64(&at, 0x1000);
    at = MMAP;
    phys_put64(&at, 0);
    phys_put64(&at, 0x8000000);
    phys_put32(&at, 1);
    phys_put32(&at, 0);
    phys_put64(&at, 0xe0000000);
    phys_put64(&at, 0x10000000);
    phys_put32(&at, 2);
    phys_put32(&at, 0); /* and microvm's third: all zero */
}
