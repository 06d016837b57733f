/* SPDX-License-Identifier: MIT */
/*
 * memory.c -- pages from the firmware, and the place that the kernel is linked for.
 *
 * Invariants   1 taken[] lists all pages held, so that a failure can give all of them back.
 *              2 After memory_claim no later allocation lies in the kernel's place; an earlier one
 *                there is refused.
 * Context      boot services
 * Rejected     AllocateAddress for the whole place: firmware may hold a page of it for its own
 *              boot services, which are gone when the kernel is moved there.
 */
#include "loader.h"

enum {
    PAGE = 4096,
    TAKEN_MAX = 64,
    MAP_SLACK = 4096, /* reading the map may lengthen it */
};

static struct taken {
    EFI_PHYSICAL_ADDRESS base;
    UINTN pages;
} taken[TAKEN_MAX];
static unsigned ntaken;

/* Code, not data: firmware may let only that be executed. */
static EFI_STATUS
allocate(EFI_ALLOCATE_TYPE how, EFI_PHYSICAL_ADDRESS *base, UINTN pages)
{
    EFI_STATUS status;

    if (ntaken == TAKEN_MAX) {
        return EFI_OUT_OF_RESOURCES;
    }
    status = BS->AllocatePages(how, EfiLoaderCode, pages, base);
    if (!EFI_ERROR(status)) {
        taken[ntaken++] = (struct taken){ *base, pages };
    }
    return status;
}

uint64_t
memory_pages(uint64_t count)
{
    EFI_PHYSICAL_ADDRESS base = BELOW_4_GIB - 1;

    if (EFI_ERROR(allocate(AllocateMaxAddress, &base, count))) {
        return 0;
    }
    ZeroMem((void *)base, count * PAGE);
    return base;
}

void
memory_give_back(void)
{
    while (ntaken > 0) {
        ntaken--;
        BS->FreePages(taken[ntaken].base, taken[ntaken].pages);
    }
}

struct map {
    uint8_t *at;
    UINTN size, each;
};

/* The map as it is now; at is from the pool. */
static EFI_STATUS
read_map(struct map *map)
{
    UINTN key;
    UINT32 version;
    EFI_STATUS status;

    map->at = NULL;
    map->size = 0;
    do {
        if (map->at) {
            BS->FreePool(map->at);
        }
        map->size += MAP_SLACK;
        status = BS->AllocatePool(EfiLoaderData, map->size, (void **)&map->at);
        if (EFI_ERROR(status)) {
            return status;
        }
        status = BS->GetMemoryMap(&map->size, (void *)map->at, &key, &map->each, &version);
    } while (status == EFI_BUFFER_TOO_SMALL);
    if (EFI_ERROR(status)) {
        BS->FreePool(map->at);
    }
    return status;
}

static const EFI_MEMORY_DESCRIPTOR *
find(const struct map *map, uint64_t address)
{
    for (UINTN at = 0; at + map->each <= map->size; at += map->each) {
        const EFI_MEMORY_DESCRIPTOR *d = (const void *)(map->at + at);

        if (address >= d->PhysicalStart && (address - d->PhysicalStart) / PAGE < d->NumberOfPages) {
            return d;
        }
    }
    return NULL;
}

static bool
claim_piece(uint32_t type, uint64_t base, uint64_t end)
{
    EFI_STATUS status;

    switch (type) {
    case EfiBootServicesCode:
    case EfiBootServicesData:
        return true;
    case EfiConventionalMemory:
        status = allocate(AllocateAddress, &base, (end - base) / PAGE);
        if (EFI_ERROR(status)) {
            return refuse(L"free memory at %lx..%lx is not to be had: %r", base, end, status);
        }
        return true;
    case EfiLoaderCode:
    case EfiLoaderData:
        return refuse(L"the loader itself lies where the kernel goes, at %lx", base);
    default:
        return refuse(L"the firmware keeps memory where the kernel goes: type %d at %lx..%lx", type,
                      base, end);
    }
}

static bool
claim_by(const struct map *map, uint64_t base, uint64_t end)
{
    while (base < end) {
        const EFI_MEMORY_DESCRIPTOR *d = find(map, base);
        uint64_t stop;

        if (!d) {
            return refuse(L"no memory where the kernel goes, at %lx", base);
        }
        stop = d->PhysicalStart + d->NumberOfPages * PAGE;
        stop = stop < end ? stop : end;
        if (!claim_piece(d->Type, base, stop)) {
            return false;
        }
        base = stop;
    }
    return true;
}

bool
memory_claim(uint64_t base, uint64_t end)
{
    struct map map;
    EFI_STATUS status = read_map(&map);

    if (EFI_ERROR(status)) {
        return refuse(L"the firmware does not tell its memory map: %r", status);
    }
    bool good = claim_by(&map, base, end);
    BS->FreePool(map.at);
    return good;
}
