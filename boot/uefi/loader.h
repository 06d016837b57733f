/* SPDX-License-Identifier: MIT */
/*
 * loader.h -- what the files of the UEFI loader share.
 *
 * A function that answers false has said on the firmware's console what failed and why.
 */
#pragma once

#include <efi.h>
#include <efilib.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define refuse(format, ...) no(Print(L"gamp: cannot boot: " format L"\n", ##__VA_ARGS__))

static inline bool
no(UINTN printed)
{
    (void)printed;
    return false;
}

enum {
    SEGMENTS_MAX = 8,
    MODULES_MAX = 16, /* as many as kernel/bootinfo.h has room for */
    PATH_LEN = 256,   /* of a file on the volume, with its end */
    NAME_LEN = 64,
    WORDS_LEN = 4096, /* of a command line; the kernel says where it cuts */
    TITLE_LEN = 72,
    ENTRIES_MAX = 16,
};

#define BELOW_4_GIB (4ull << 30)

/* Bytes in memory; len 0: none. */
struct blob {
    uint64_t base, len;
};

struct segment {
    uint64_t to, from, filesz, memsz; /* from: where the file lies in memory */
};

struct kernel {
    uint64_t entry;
    uint64_t base, end; /* all segments, whole pages */
    unsigned nsegments;
    struct segment segments[SEGMENTS_MAX];
};

struct module_file {
    CHAR16 path[PATH_LEN];
    char name[NAME_LEN];
    struct blob content;
};

/* What gamp.cfg and the load options ask for. */
struct config {
    CHAR16 kernel[PATH_LEN]; /* "": not told */
    char words[WORDS_LEN];   /* the kernel's command line */
    unsigned nmodules;
    struct module_file modules[MODULES_MAX];
    bool reboot; /* instead of all that */
    bool leave;  /* for the firmware: somebody said so in the menu */
};

struct menu {
    unsigned nentries;
    struct {
        CHAR16 title[TITLE_LEN];
        unsigned first; /* of its lines in gamp.cfg */
    } entries[ENTRIES_MAX];
    unsigned seconds;
};

/* ---- config.c ---- */

bool config_read(const EFI_LOADED_IMAGE *self, EFI_FILE *root, struct config *cfg);

/* ---- menu.c ---- */

/* Which entry; -1: none, back to the firmware. */
int menu_choose(const struct menu *menu);

/* ---- file.c ---- */

/* NULL where the loader did not come from a volume: then only a built-in kernel can be booted. */
EFI_FILE *file_root(const EFI_LOADED_IMAGE *self);

bool file_exists(EFI_FILE *root, const CHAR16 *path); /* silent; root may be NULL */

/* The whole file, in pages below 4 GiB, with a zero behind it. */
bool file_read(EFI_FILE *root, const CHAR16 *path, struct blob *out);

/* ---- sums.c ---- */

/* Is the file what the SHA256SUMS in its folder, if there is one, says of it? */
bool sums_check(EFI_FILE *root, const CHAR16 *path, struct blob file);

/* ---- elf.c ---- */

/* name: for messages. The segments point into file. */
bool elf_read(const CHAR16 *name, struct blob file, struct kernel *kernel);

/* ---- memory.c ---- */

/* Pages below 4 GiB, zeroed, until memory_give_back or the kernel; 0 and silence: none. */
uint64_t memory_pages(uint64_t count);

/*
 * Sees to it that [base, end) is the kernel's once boot services are gone: it claims what is free
 * there and lets pass what the firmware holds only until then.
 */
bool memory_claim(uint64_t base, uint64_t end);
void memory_give_back(void);

/* ---- info.c ---- */

/* Multiboot 2 information (specification 2.0, section 3.6) in the making. */
struct info {
    uint8_t *base;
    uint32_t used, room;
};

bool info_begin(struct info *info);

/* A tag's payload to fill in, zeroed; what does not fit is a bug of the loader's: NULL. */
void *info_tag(struct info *info, uint32_t type, uint32_t payload);
bool info_add_texts(struct info *info, const struct config *cfg);
bool info_add_rsdp(struct info *info, const EFI_SYSTEM_TABLE *system);
bool info_add_framebuffer(struct info *info);

/* Ends boot services; the last tag is the memory map at that moment. */
bool info_finish(struct info *info, EFI_HANDLE self);

/* ---- graphics.c ---- */

/* The mode to go on with, set; NULL: none with a frame buffer. */
const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *graphics_choose(void);

/* ---- handover.c ---- */

struct handover {
    struct kernel kernel;
    uint64_t info;
    uint64_t tables, stack_top;
};

/* All that can still fail: page tables, a stack. self: the loader's own image. */
bool handover_prepare(struct handover *h, const EFI_LOADED_IMAGE *self);

/* Boot services are gone. */
void handover_enter(struct handover *h) __attribute__((noreturn));

/* enter.S */
void enter(uint64_t tables, uint64_t stack_top, void (*go)(struct handover *), struct handover *h)
    __attribute__((noreturn));
void enter_kernel(uint64_t entry, uint32_t magic, uint64_t info) __attribute__((noreturn));

/* kernel.S; empty unless a kernel is built in */
extern const uint8_t built_in_kernel[], built_in_kernel_end[];
