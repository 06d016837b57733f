/* SPDX-License-Identifier: MIT */
/*
 * elf.c -- which parts of a kernel file go where.
 *
 * Invariants   1 Nothing in the file is trusted: each offset is checked against its length before
 *                it is followed.
 *              2 Where elf_read answers true, the segments lie below 4 GiB and inside
 *                [base, end), and one of them holds the entry point.
 */
#include "loader.h"

enum {
    PAGE = 4096,
    CLASS_64 = 2,
    LITTLE_ENDIAN_DATA = 1,
    TYPE_EXEC = 2,
    MACHINE_X86_64 = 62,
    SEGMENT_LOAD = 1,
};

/* System V ABI, chapter 4 */
struct elf_header {
    uint8_t magic[4], class, data, version0, pad[9];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF64 header");

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf_segment) == 56, "ELF64 program header");

static bool
header_good(const CHAR16 *name, struct blob file, const struct elf_header *h)
{
    if (file.len < sizeof *h || h->magic[0] != 0x7f || h->magic[1] != 'E' || h->magic[2] != 'L'
        || h->magic[3] != 'F') {
        return refuse(L"%s: not an ELF file", name);
    }
    if (h->class != CLASS_64 || h->data != LITTLE_ENDIAN_DATA || h->machine != MACHINE_X86_64
        || h->type != TYPE_EXEC) {
        return refuse(L"%s: not an x86-64 kernel (ELF class %d, machine %d, type %d)", name,
                      h->class, h->machine, h->type);
    }
    if (h->phentsize < sizeof(struct elf_segment) || h->phoff > file.len
        || (uint64_t)h->phnum * h->phentsize > file.len - h->phoff) {
        return refuse(L"%s: cut off or damaged: %d segments of %d bytes at %lx", name, h->phnum,
                      h->phentsize, h->phoff);
    }
    return true;
}

static bool
add_segment(const CHAR16 *name, struct blob file, const struct elf_segment *s, struct kernel *k)
{
    uint64_t end = s->paddr + s->memsz;

    if (s->offset > file.len || s->filesz > file.len - s->offset || s->filesz > s->memsz) {
        return refuse(L"%s: cut off or damaged: a segment has %ld bytes at %lx", name, s->filesz,
                      s->offset);
    }
    if (s->paddr >= BELOW_4_GIB || s->memsz >= BELOW_4_GIB || end > BELOW_4_GIB) {
        return refuse(L"%s: wants to lie above 4 GiB (%lx)", name, s->paddr);
    }
    if (k->nsegments == SEGMENTS_MAX) {
        return refuse(L"%s: more than %d segments", name, SEGMENTS_MAX);
    }
    k->segments[k->nsegments++] =
        (struct segment){ s->paddr, file.base + s->offset, s->filesz, s->memsz };
    k->base = s->paddr < k->base ? s->paddr & -(uint64_t)PAGE : k->base;
    k->end = end > k->end ? (end + PAGE - 1) & -(uint64_t)PAGE : k->end;
    return true;
}

static bool
entry_good(const CHAR16 *name, const struct kernel *k)
{
    for (unsigned i = 0; i < k->nsegments; i++) {
        const struct segment *s = &k->segments[i];

        if (k->entry >= s->to && k->entry - s->to < s->filesz) {
            return true;
        }
    }
    return refuse(L"%s: the entry point %lx is in no segment", name, k->entry);
}

bool
elf_read(const CHAR16 *name, struct blob file, struct kernel *kernel)
{
    const struct elf_header *h = (const void *)file.base;

    if (!header_good(name, file, h)) {
        return false;
    }
    *kernel = (struct kernel){ .entry = h->entry, .base = UINT64_MAX };
    for (unsigned i = 0; i < h->phnum; i++) {
        uint64_t at = file.base + h->phoff + (uint64_t)i * h->phentsize;
        struct elf_segment s;

        CopyMem(&s, (const void *)at, sizeof s);
        if (s.type == SEGMENT_LOAD && s.memsz != 0 && !add_segment(name, file, &s, kernel)) {
            return false;
        }
    }
    return entry_good(name, kernel);
}
