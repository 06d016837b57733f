/* SPDX-License-Identifier: MIT */
/*
 * guest.c -- a kernel for the UEFI loader that prints its multiboot 2 information and ends.
 *
 * It is linked where firmware has its boot services, so that the loader has to move it there, and
 * ends with the number of tags as status, through QEMU's ports as tools/run expects it.
 */
#include <stdbool.h>
#include <stdint.h>

enum { COM1 = 0x3f8, STATUS_PORT = 0xe9, EXIT_PORT = 0xf4, MAGIC = 0x36d76289 };

struct tag {
    uint32_t type, size;
};

struct efi_descriptor {
    uint32_t type, pad;
    uint64_t base, va, pages, attributes;
};

static volatile char cleared[3 << 20]; /* the loader has to zero it */

static void
out(uint16_t port, uint8_t byte)
{
    __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

static uint8_t
in(uint16_t port)
{
    uint8_t byte;

    __asm__ volatile("inb %1, %0" : "=a"(byte) : "Nd"(port));
    return byte;
}

static void
put(const char *text)
{
    for (; *text; text++) {
        while (!(in(COM1 + 5) & 0x20)) {
        }
        out(COM1, (uint8_t)*text);
    }
}

static void
put_number(uint64_t n)
{
    char text[24], *at = text + sizeof text;

    *--at = 0;
    do {
        *--at = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    put(at);
}

static void
say(const char *what, uint64_t n)
{
    put("guest: ");
    put(what);
    put(" ");
    put_number(n);
    put("\n");
}

static void
say_text(const char *what, const char *text)
{
    put("guest: ");
    put(what);
    put(" [");
    put(text);
    put("]\n");
}

static bool
all_clear(void)
{
    for (unsigned i = 0; i < sizeof cleared; i++) {
        if (cleared[i]) {
            return false;
        }
    }
    return true;
}

static void
show_map(const struct tag *tag)
{
    const uint32_t *head = (const void *)(tag + 1);
    const char *at = (const void *)(head + 2), *end = (const char *)tag + tag->size;
    uint64_t usable = 0;

    for (; at < end; at += head[0]) {
        const struct efi_descriptor *d = (const void *)at;

        usable += d->type >= 1 && d->type <= 7 && d->type != 5 && d->type != 6 ? d->pages : 0;
    }
    say(at == end ? "usable MiB" : "the memory map is cut off after MiB", usable >> 8);
}

static void
show(const struct tag *tag)
{
    const uint32_t *word = (const void *)(tag + 1);

    switch (tag->type) {
    case 1:
        say_text("words", (const char *)word);
        break;
    case 2:
        say_text("loader", (const char *)word);
        break;
    case 3:
        say_text("module", (const char *)(word + 2));
        say("module bytes", word[1] - word[0]);
        say_text("module content", (const char *)(uint64_t)word[0]);
        break;
    case 8:
        say("screen width", word[3]);
        say("screen bits", (uint8_t)word[5]);
        break;
    case 15:
        say("RSDP tag bytes", tag->size - 8);
        break;
    case 17:
        show_map(tag);
        break;
    }
}

void
_start(uint32_t magic, uint64_t info)
{
    uint64_t end = info + *(uint32_t *)info;
    unsigned tags = 0;

    say(magic == MAGIC ? "multiboot 2 information below 4 GiB:" : "magic is wrong:",
        info >> 32 == 0);
    say("cleared:", all_clear());
    for (uint64_t at = info + 8; at < end && ((struct tag *)at)->type != 0;
         at += (((struct tag *)at)->size + 7ull) & ~7ull) {
        show((const struct tag *)at);
        tags++;
    }
    out(STATUS_PORT, (uint8_t)('0' + tags));
    out(STATUS_PORT, '\n');
    for (;;) {
        __asm__ volatile("outl %0, %1" : : "a"(0), "Nd"((uint16_t)EXIT_PORT));
    }
}
