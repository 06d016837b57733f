/* SPDX-License-Identifier: MIT */
/*
 * symbols_host.c -- which function an address is in, from the program's own ELF file.
 *
 * Rejected     dladdr: it does not know static functions, which most of a program is.
 */
#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch.h"

static struct {
    const Elf64_Sym *symbols;
    size_t           n;
    const char      *names;
    uintptr_t        bias;
} table;

void host_symbols_init(void);
void
host_symbols_init(void)
{
    struct stat st;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return;
    }
    const char *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED) {
        return;
    }
    const Elf64_Ehdr *head = (const void *)file;
    const Elf64_Shdr *section = (const void *)(file + head->e_shoff);
    for (int i = 0; i < head->e_shnum; i++) {
        if (section[i].sh_type == SHT_SYMTAB) {
            table.symbols = (const void *)(file + section[i].sh_offset);
            table.n = section[i].sh_size / sizeof(Elf64_Sym);
            table.names = file + section[section[i].sh_link].sh_offset;
            table.bias = head->e_type == ET_DYN ? (uintptr_t)__executable_start : 0;
        }
    }
}

const char *
arch_symbol(uintptr_t pc, size_t *offset)
{
    Dl_info info;
    for (size_t i = 0; i < table.n; i++) {
        const Elf64_Sym *s = &table.symbols[i];
        uintptr_t at = s->st_value + table.bias;
        if (ELF64_ST_TYPE(s->st_info) == STT_FUNC && pc >= at && pc < at + s->st_size) {
            *offset = pc - at;
            return table.names + s->st_name;
        }
    }
    if (dladdr((void *)pc, &info) != 0 && info.dli_sname != NULL) {
        *offset = pc - (uintptr_t)info.dli_saddr;
        return info.dli_sname;
    }
    return NULL;
}
