/* SPDX-License-Identifier: MIT */
/*
 * framebuffer.c -- pixels in memory: rectangles and letters in any colour.
 *
 * Invariants   Nothing is ever read from the screen: that is hundreds of times slower than RAM.
 * Context      framebuffer_init: boot core; the rest: any, an NMI included.
 * Rejected     A copy of the pixels in RAM: who draws text knows what each cell shows
 *              (kernel/screen.c), and that takes a hundredth of the room.
 */
#include "framebuffer.h"

#include <stddef.h>

#include "bootinfo.h"
#include "font.h"
#include "vm.h"

enum { WIDE = 2560, SCALE_MAX = 2, UNKNOWN = 0xfffd };

static struct {
    uint8_t *base; /* NULL: none */
    uint32_t pitch, width, height;
    unsigned bytes; /* a pixel */
    struct framebuffer info;
} fb;

bool
framebuffer_init(const struct framebuffer *info)
{
    unsigned bytes = (info->bpp + 7u) / 8;
    if (info->type != FRAMEBUFFER_RGB || bytes < 2 || bytes > 4) {
        return false;
    }
    fb.info = *info;
    fb.pitch = info->pitch;
    fb.width = info->width;
    fb.height = info->height;
    fb.bytes = bytes;
    fb.base = vm_map_phys(info->addr, (size_t)info->pitch * info->height, VM_WC);
    return fb.base != NULL;
}

bool
framebuffer_size(unsigned *width, unsigned *height)
{
    *width = fb.width;
    *height = fb.height;
    return fb.base != NULL;
}

unsigned
framebuffer_scale(void)
{
    return fb.width >= WIDE ? 2 : 1;
}

/* ---- pixels ---- */

static uint32_t
part(uint32_t colour, unsigned shift, uint8_t pos, uint8_t size)
{
    uint32_t v = colour >> shift & 0xff;
    return (size >= 8 ? v << (size - 8) : v >> (8 - size)) << pos;
}

static uint32_t
native(uint32_t colour)
{
    const struct framebuffer *i = &fb.info;
    return part(colour, 16, i->red_pos, i->red_size) | part(colour, 8, i->green_pos, i->green_size)
           | part(colour, 0, i->blue_pos, i->blue_size);
}

static void
put(uint8_t *to, uint32_t pixel)
{
    for (unsigned i = 0; i < fb.bytes; i++) {
        to[i] = (uint8_t)(pixel >> 8 * i);
    }
}

struct word {
    uint64_t v;
} __attribute__((packed, may_alias)); /* at any address */

/* Eight bytes a store: string instructions are slow for so little, and slower still emulated. */
static void
copy(uint8_t *to, const uint8_t *from, size_t n)
{
    for (; n >= 8; n -= 8, to += 8, from += 8) {
        uint64_t v;
        __builtin_memcpy(&v, from, 8);
        ((volatile struct word *)(void *)to)->v = v;
    }
    for (; n > 0; n--) {
        *(volatile uint8_t *)to++ = *from++;
    }
}

void
framebuffer_fill(unsigned x, unsigned y, unsigned w, unsigned h, uint32_t colour)
{
    if (fb.base == NULL || x >= fb.width || y >= fb.height) {
        return;
    }
    enum { PIECE = 64 };
    uint8_t piece[PIECE * 4];
    uint32_t pixel = native(colour);
    w = w < fb.width - x ? w : fb.width - x;
    h = h < fb.height - y ? h : fb.height - y;
    for (unsigned i = 0; i < PIECE; i++) {
        put(piece + i * fb.bytes, pixel);
    }
    for (unsigned row = y; row < y + h; row++) {
        uint8_t *to = fb.base + (size_t)row * fb.pitch + (size_t)x * fb.bytes;
        for (unsigned left = w; left > 0;) {
            unsigned n = left < PIECE ? left : PIECE;
            copy(to, piece, (size_t)n * fb.bytes);
            to += n * fb.bytes;
            left -= n;
        }
    }
}

/* ---- letters ---- */

static const struct glyph *
find(uint32_t code)
{
    unsigned lo = 0, hi = font_count;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (font_glyphs[mid].code < code) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo < font_count && font_glyphs[lo].code == code) {
        return &font_glyphs[lo];
    }
    return code != UNKNOWN ? find(UNKNOWN) : &font_glyphs[0];
}

void
framebuffer_letter(unsigned x, unsigned y, uint32_t code, uint32_t fg, uint32_t bg)
{
    unsigned scale = framebuffer_scale(), width = FONT_WIDTH * scale;
    if (fb.base == NULL || x + width > fb.width || y + FONT_HEIGHT * scale > fb.height) {
        return;
    }
    const struct glyph *g = find(code == 0xa0 ? ' ' : code);
    uint32_t ink = native(fg), paper = native(bg);
    uint8_t *to = fb.base + (size_t)y * fb.pitch + (size_t)x * fb.bytes;
    for (unsigned row = 0; row < FONT_HEIGHT; row++) {
        uint8_t line[FONT_WIDTH * SCALE_MAX * 4];
        for (unsigned i = 0; i < width; i++) {
            put(line + i * fb.bytes, g->rows[row] << i / scale & 0x80 ? ink : paper);
        }
        for (unsigned again = 0; again < scale; again++) {
            copy(to, line, (size_t)width * fb.bytes);
            to += fb.pitch;
        }
    }
}

/* The next character of a string; what is no UTF-8 is U+FFFD. */
static uint32_t
next(const char **s)
{
    uint8_t first = (uint8_t)*(*s)++;
    unsigned more = first < 0x80 ? 0 : first < 0xc2 ? 9 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? first : first & (0x3fu >> more);
    if (more == 9) {
        return UNKNOWN;
    }
    for (; more > 0; more--) {
        if (((uint8_t)**s & 0xc0) != 0x80) {
            return UNKNOWN;
        }
        code = code << 6 | ((uint8_t)*(*s)++ & 0x3f);
    }
    return code;
}

unsigned
framebuffer_text(unsigned x, unsigned y, const char *s, uint32_t fg, uint32_t bg)
{
    while (*s != '\0') {
        framebuffer_letter(x, y, next(&s), fg, bg);
        x += FONT_WIDTH * framebuffer_scale();
    }
    return x;
}
