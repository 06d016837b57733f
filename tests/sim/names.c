/* SPDX-License-Identifier: MIT */
/*
 * names.c -- what an address is: a function or a variable by the program's own symbol table, a
 * field by the tables here.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chan.h"
#include "cost.h"

struct field {
    const char *name;
    size_t at;
};

#define FIELD(type, name)                                                                          \
    {                                                                                              \
#name, offsetof(struct type, name)                                                         \
    }
static const struct field sched_fields[] = {
    FIELD(sched, ncores),  FIELD(sched, slice),     FIELD(sched, tracing), FIELD(sched, nspinning),
    FIELD(sched, nidle),   FIELD(sched, idle),      FIELD(sched, wakes),   FIELD(sched, gomaxprocs),
    FIELD(sched, next_id), FIELD(sched, external),  FIELD(sched, dying),   FIELD(sched, lock),
    FIELD(sched, global),  FIELD(sched, global_n),  FIELD(sched, gfree),   FIELD(sched, gfree_big),
    FIELD(sched, chunks),  FIELD(sched, free_lock), { NULL, 0 },
};
static const struct field m_fields[] = {
    FIELD(m, g0),
    FIELD(m, id),
    FIELD(m, commit),
    FIELD(m, spinning),
    FIELD(m, rand),
    FIELD(m, pinned),
    FIELD(m, gfree),
    FIELD(m, id_next),
    FIELD(m, slice_seen_at),
    FIELD(m, timer_armed),
    FIELD(m, seen),
    FIELD(m, schedtick),
    FIELD(m, created),
    FIELD(m, finished),
    FIELD(m, switches),
    FIELD(m, yields),
    FIELD(m, steals),
    FIELD(m, idle_ns),
    FIELD(m, sched_ns),
    FIELD(m, running),
    FIELD(m, inbox),
    FIELD(m, attention),
    FIELD(m, off),
    FIELD(m, timers.lock),
    FIELD(m, timers.n),
    FIELD(m, timers.heap),
    FIELD(m, timers.first),
    FIELD(m, timers.strong),
    FIELD(m, timers.spoken_for),
    FIELD(m, runq.head),
    FIELD(m, runq.tail),
    FIELD(m, runq.next),
    FIELD(m, runq.ring),
    { NULL, 0 },
};
static const struct field g_fields[] = {
    FIELD(g, context),  FIELD(g, stack), FIELD(g, status),     FIELD(g, wait_reason),
    FIELD(g, pin),      FIELD(g, next),  FIELD(g, id),         FIELD(g, mark),
    FIELD(g, fn),       FIELD(g, arg),   FIELD(g, err),        FIELD(g, wait_seq),
    FIELD(g, waits_on), FIELD(g, class), FIELD(g, wait_since), { NULL, 0 },
};
static const struct field chan_fields[] = {
    FIELD(chan, elem_size), FIELD(chan, cap),   FIELD(chan, owner), FIELD(chan, lock),
    FIELD(chan, closed),    FIELD(chan, count), FIELD(chan, head),  FIELD(chan, recvq),
    FIELD(chan, sendq),     FIELD(chan, buf),   { NULL, 0 },
};

/* ---- symbols ---- */

static const Elf64_Sym *symbol;
static size_t nsymbols;
static const char *strings;

static void
symbols_load(void)
{
    struct stat st;
    int fd = open("/proc/self/exe", O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return;
    }
    const char *image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (image == MAP_FAILED) {
        return;
    }
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)image;
    const Elf64_Shdr *section = (const Elf64_Shdr *)(image + head->e_shoff);
    for (int i = 0; i < head->e_shnum; i++) {
        if (section[i].sh_type == SHT_SYMTAB) {
            symbol = (const Elf64_Sym *)(image + section[i].sh_offset);
            nsymbols = section[i].sh_size / sizeof(*symbol);
            strings = image + section[section[i].sh_link].sh_offset;
        }
    }
}

/* Its name, and how far in it is, or NULL. */
static const char *
name_of(uintptr_t at, size_t *in)
{
    if (symbol == NULL) {
        symbols_load();
    }
    for (size_t i = 0; i < nsymbols; i++) {
        const Elf64_Sym *s = &symbol[i];
        if (ELF64_ST_TYPE(s->st_info) <= STT_FUNC && at >= s->st_value
            && at < s->st_value + s->st_size) {
            *in = at - s->st_value;
            return strings + s->st_name;
        }
    }
    return NULL;
}

/* ---- fields ---- */

static void
field_print(const char *type, const struct field *fields, size_t at)
{
    const struct field *best = fields;
    for (const struct field *f = fields; f->name != NULL; f++) {
        best = f->at <= at && f->at >= best->at ? f : best;
    }
    printf("%s.%s", type, best->name);
}

void
names_print_code(uintptr_t pc)
{
    size_t in;
    const char *name = name_of(pc, &in);
    printf("%s", name != NULL ? name : "?");
}

void
names_print_data(uintptr_t at)
{
    size_t in;
    const char *name = name_of(at, &in);
    if (name != NULL && strcmp(name, "sched") == 0) {
        field_print("sched", sched_fields, in);
    } else {
        printf("%s", name != NULL ? name : "?");
        if (in >= 8 && name != NULL) {
            printf("+%zu", in);
        }
    }
}

void
names_print_block(uintptr_t maker, size_t at)
{
    size_t in;
    const char *name = name_of(maker, &in);
    name = name != NULL ? name : "?";
    if (strcmp(name, "m_new") == 0 || strcmp(name, "sched_init") == 0) {
        field_print("m", m_fields, at);
    } else if (strcmp(name, "g_alloc") == 0 || strcmp(name, "gfree_get") == 0) {
        size_t head = offsetof(struct g_chunk, g);
        field_print("g", g_fields, at < head ? 0 : (at - head) % sizeof(struct g));
    } else if (strncmp(name, "chan_make", 9) == 0) {
        field_print("chan", chan_fields, at);
    } else {
        printf("block of %s+%zu", name, at);
    }
}
