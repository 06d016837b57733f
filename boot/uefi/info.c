/* SPDX-License-Identifier: MIT */
/*
 * info.c -- what the kernel is told: multiboot 2 information, read by kernel/multiboot.c.
 *
 * Invariants   1 Tags begin at multiples of 8. The memory map is the last: its length is known
 *                only when boot services have ended.
 *              2 The map goes over as the firmware wrote it (tag 17); the kernel knows which
 *                types are free afterwards.
 * Context      boot services, which info_finish ends
 */
#include "loader.h"

enum {
    PAGE = 4096,
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_LOADER = 2,
    TAG_MODULE = 3,
    TAG_FRAMEBUFFER = 8,
    TAG_RSDP1 = 14,
    TAG_RSDP2 = 15,
    TAG_EFI_MMAP = 17,
    INFO_PAGES = 64,
    RSDP1_SIZE = 20,
    RSDP2_SIZE = 36,
    EXIT_TRIES = 16,
    FRAMEBUFFER_RGB = 1,
};

struct tag {
    uint32_t type, size; /* with this, without the padding */
};

struct tag_framebuffer {
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, type, reserved[2];
    uint8_t color[6]; /* position and size of red, green, blue */
} __attribute__((packed));

struct tag_map {
    uint32_t each, version;
};

bool
info_begin(struct info *info)
{
    info->base = (uint8_t *)memory_pages(INFO_PAGES);
    info->room = INFO_PAGES * PAGE;
    info->used = sizeof(struct tag); /* total size and a zero */
    return info->base || refuse(L"no memory below 4 GiB for %d pages", INFO_PAGES);
}

void *
info_tag(struct info *info, uint32_t type, uint32_t payload)
{
    struct tag *tag = (void *)(info->base + info->used);
    uint32_t size = sizeof *tag + payload;

    if (size > info->room - info->used - 2 * sizeof *tag) {
        refuse(L"more to tell the kernel than %d bytes", info->room);
        return NULL;
    }
    *tag = (struct tag){ type, size };
    info->used += (size + 7) & ~7u;
    return tag + 1;
}

static bool
add_text(struct info *info, uint32_t type, const char *text)
{
    uint32_t len = strlena((const CHAR8 *)text) + 1;
    char *to = info_tag(info, type, len);

    if (to) {
        CopyMem(to, text, len);
    }
    return to != NULL;
}

static bool
add_module(struct info *info, const struct module_file *m)
{
    struct {
        uint32_t start, end;
        char name[NAME_LEN];
    } *to = info_tag(info, TAG_MODULE, sizeof *to);

    if (to) {
        to->start = (uint32_t)m->content.base;
        to->end = (uint32_t)(m->content.base + m->content.len);
        CopyMem(to->name, m->name, NAME_LEN);
    }
    return to != NULL;
}

bool
info_add_texts(struct info *info, const struct config *cfg)
{
    if (!add_text(info, TAG_LOADER, "gamp's UEFI loader")
        || !add_text(info, TAG_CMDLINE, cfg->words)) {
        return false;
    }
    for (unsigned i = 0; i < cfg->nmodules; i++) {
        if (!add_module(info, &cfg->modules[i])) {
            return false;
        }
    }
    return true;
}

static const void *
find_table(const EFI_SYSTEM_TABLE *system, EFI_GUID guid)
{
    for (UINTN i = 0; i < system->NumberOfTableEntries; i++) {
        if (CompareGuid(&system->ConfigurationTable[i].VendorGuid, &guid) == 0) {
            return system->ConfigurationTable[i].VendorTable;
        }
    }
    return NULL;
}

bool
info_add_rsdp(struct info *info, const EFI_SYSTEM_TABLE *system)
{
    const void *rsdp = find_table(system, (EFI_GUID)ACPI_20_TABLE_GUID);
    uint32_t type = TAG_RSDP2, size = RSDP2_SIZE;

    if (!rsdp) {
        rsdp = find_table(system, (EFI_GUID)ACPI_TABLE_GUID);
        type = TAG_RSDP1;
        size = RSDP1_SIZE;
    }
    if (!rsdp) {
        Print(L"gamp: the firmware has no ACPI tables; the kernel will find one core\n");
        return true;
    }
    void *to = info_tag(info, type, size);
    if (to) {
        CopyMem(to, rsdp, size);
    }
    return to != NULL;
}

/* mask: bits side by side. */
static void
set_field(uint8_t *field, uint32_t mask)
{
    if (mask) {
        field[0] = (uint8_t)__builtin_ctz(mask);
        field[1] = (uint8_t)(32 - __builtin_clz(mask) - field[0]);
    }
}

bool
info_add_framebuffer(struct info *info)
{
    const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode = graphics_choose();
    EFI_PIXEL_BITMASK mask = { 0xff, 0xff00, 0xff0000, 0 }; /* PixelRedGreenBlue... */
    struct tag_framebuffer *to;

    if (!mode) {
        return true;
    }
    to = info_tag(info, TAG_FRAMEBUFFER, sizeof *to);
    if (!to) {
        return false;
    }
    if (mode->Info->PixelFormat == PixelBlueGreenRedReserved8BitPerColor) {
        mask.RedMask = 0xff0000;
        mask.BlueMask = 0xff;
    } else if (mode->Info->PixelFormat == PixelBitMask) {
        mask = mode->Info->PixelInformation;
    }
    *to = (struct tag_framebuffer){
        .addr = mode->FrameBufferBase,
        .pitch = mode->Info->PixelsPerScanLine * 4,
        .width = mode->Info->HorizontalResolution,
        .height = mode->Info->VerticalResolution,
        .bpp = 32,
        .type = FRAMEBUFFER_RGB,
    };
    set_field(to->color, mask.RedMask);
    set_field(to->color + 2, mask.GreenMask);
    set_field(to->color + 4, mask.BlueMask);
    return true;
}

static void
close_tags(struct info *info, struct tag_map *map, UINTN size)
{
    struct tag *tag = (struct tag *)map - 1;

    tag->size = (uint32_t)(sizeof *tag + sizeof *map + size);
    info->used = (uint32_t)((uint8_t *)tag - info->base) + ((tag->size + 7) & ~7u);
    *(struct tag *)(info->base + info->used) = (struct tag){ TAG_END, sizeof *tag };
    info->used += sizeof *tag;
    *(uint32_t *)info->base = info->used;
}

/*
 * Firmware refuses to end where the map has changed since it was read, and may have changed it in
 * that very call (UEFI 2.10, 7.4.6). After a refusal only the map may still be asked for.
 */
bool
info_finish(struct info *info, EFI_HANDLE self)
{
    struct tag_map *map = info_tag(info, TAG_EFI_MMAP, sizeof *map);
    EFI_STATUS status = EFI_INVALID_PARAMETER;

    if (!map) {
        return false;
    }
    for (unsigned tries = 0; tries < EXIT_TRIES && status == EFI_INVALID_PARAMETER; tries++) {
        UINTN size = info->room - info->used - 2 * sizeof(struct tag), each, key;
        UINT32 version;

        status = BS->GetMemoryMap(&size, (void *)(map + 1), &key, &each, &version);
        if (!EFI_ERROR(status)) {
            *map = (struct tag_map){ (uint32_t)each, version };
            status = BS->ExitBootServices(self, key);
        }
        if (!EFI_ERROR(status)) {
            close_tags(info, map, size);
            return true;
        }
    }
    return refuse(L"the firmware does not let go: %r", status);
}
