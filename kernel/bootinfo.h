/* SPDX-License-Identifier: MIT */
/*
 * bootinfo.h -- what the loader said, in one form for all protocols.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memmap.h"

#define BOOT_MAGIC_MB1   0x2badb002u
#define BOOT_MAGIC_MB2   0x36d76289u
#define BOOT_MAGIC_PVH   0x336ec578u
#define BOOT_MAGIC_AGAIN 0x6e616761u /* no loader's: the image's next run, by boot_again */

/* What the next run finds as this one leaves it; zero in the first. */
#define KEPT             __attribute__((section(".bss.kept")))

#define BOOTINFO_CMDLINE 1024
#define BOOTINFO_MODULES 16
#define BOOTINFO_NOTES   8

struct module {
    uint64_t base, len;
    char name[64]; /* as the loader gave it, "" under PVH */
};

enum framebuffer_type {
    FRAMEBUFFER_INDEXED,
    FRAMEBUFFER_RGB,
    FRAMEBUFFER_TEXT,
    FRAMEBUFFER_NONE = 255,
};

struct framebuffer {
    uint64_t addr;
    uint32_t pitch, width, height; /* pitch in bytes; characters, not pixels, if text */
    uint8_t bpp, type;             /* type: enum framebuffer_type */
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size; /* bits; RGB only */
};

/* Something odd that was lived with. */
struct boot_note {
    const char *text;
    uint64_t value;
};

struct bootinfo {
    const char *protocol; /* "multiboot1", "multiboot2", "pvh" */
    char loader[64];
    char cmdline[BOOTINFO_CMDLINE]; /* without the kernel's path */
    uint64_t rsdp;                  /* physical; 0: not told. Stays readable: its page is claimed */
    struct framebuffer fb;

    struct memmap memory; /* finished; modules are claimed, the image is not */

    unsigned nmodules;
    struct module modules[BOOTINFO_MODULES];

    unsigned nnotes; /* all, also those beyond the array */
    struct boot_note notes[BOOTINFO_NOTES];
};

enum bootinfo_status {
    BOOTINFO_OK,
    BOOTINFO_BAD_MAGIC,
    BOOTINFO_BAD_POINTER,
    BOOTINFO_BAD_SIZE,
    BOOTINFO_NO_MEMORY,
};

/* len bytes of physical memory, readable until the next call at least; NULL: out of reach. */
typedef const void *(*bootinfo_map_fn)(uint64_t pa, size_t len);

/*
 * Fills bi from what the loader left; all of it is copied. Any answer but BOOTINFO_OK means that
 * there is no memory map to go on with; bi is whole then, too, and may hold some of the rest.
 */
enum bootinfo_status bootinfo_parse(uint32_t magic, uint64_t info_pa, bootinfo_map_fn map,
                                    struct bootinfo *bi);

const char *bootinfo_status_text(enum bootinfo_status status);

/* memmap_claim on bi->memory: for the image, the start-up page of the other cores, and the like. */
void bootinfo_reserve(struct bootinfo *bi, uint64_t base, uint64_t len);
