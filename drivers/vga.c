/* SPDX-License-Identifier: MIT */
/*
 * vga.c -- the text mode of PC graphics adapters: 80 x 25 characters of code page 437.
 *
 * Locks        none; kernel/screen.c calls everything here under its own.
 * Context      any.
 */
#include "vga.h"

#include <stddef.h>

#include "terminal.h"
#include "vm.h"
#include "x86.h"

/* IBM VGA: miscellaneous output, graphics controller, CRT controller in colour modes */
enum {
    MISC_READ = 0x3cc,
    GRAPHICS = 0x3ce,
    CRTC = 0x3d4,
    GRAPHICS_MISC = 6,
    GRAPHICS_MISC_MASK = 0x0d, /* memory map, and graphics mode */
    GRAPHICS_MISC_TEXT = 0x0c, /* 32 KiB at b8000h, text */
    CRTC_CURSOR_START = 0x0a,
    CURSOR_OFF = 0x20,
    TEXT = 0xb8000,
    PATTERN = 0x0755,
};

/* Bytes 80h to feh as they were put into IBM's read-only memory. */
static const uint16_t page437[] = {
    0xc7, 0xfc, 0xe9, 0xe2, 0xe4, 0xe0, 0xe5, 0xe7, 0xea, 0xeb, 0xe8, 0xef, 0xee, 0xec, 0xc4, 0xc5,
    0xc9, 0xe6, 0xc6, 0xf4, 0xf6, 0xf2, 0xfb, 0xf9, 0xff, 0xd6, 0xdc, 0xa2, 0xa3, 0xa5, 0, 0x192,
    0xe1, 0xed, 0xf3, 0xfa, 0xf1, 0xd1, 0xaa, 0xba, 0xbf, 0x2310, 0xac, 0xbd, 0xbc, 0xa1, 0xab,
    0xbb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551,
    0x2557, 0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e,
    0x255f, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565,
    0x2559, 0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590,
    0x2580, 0x3b1, 0xdf, 0x393, 0x3c0, 0x3a3, 0x3c3, 0xb5, 0x3c4, 0x3a6, 0x398, 0x3a9, 0x3b4,
    0x221e, 0x3c6, 0x3b5, 0x2229, 0x2261, 0xb1, 0x2265, 0x2264, 0x2320, 0x2321, 0xf7, 0x2248, 0xb0,
    0x2219, 0xb7, 0x221a, 0x207f, 0xb2, 0x25a0,
};
_Static_assert(sizeof(page437) == 127 * 2, "80h to feh");

static volatile uint16_t *text;

static bool
shows_text(void)
{
    if (inb(MISC_READ) == 0xff) {
        return false;
    }
    outb(GRAPHICS, GRAPHICS_MISC);
    return (inb(GRAPHICS + 1) & GRAPHICS_MISC_MASK) == GRAPHICS_MISC_TEXT;
}

bool
vga_init(bool told)
{
    if (!told && !shows_text()) {
        return false;
    }
    text = vm_map_phys(TEXT, VGA_COLS * VGA_ROWS * 2, VM_UC);
    if (text == NULL) {
        return false;
    }
    text[0] = PATTERN;
    if (text[0] != PATTERN) {
        text = NULL;
        return false;
    }
    outb(CRTC, CRTC_CURSOR_START);
    outb(CRTC + 1, CURSOR_OFF);
    return true;
}

/* Lines that the page has not are shown by light ones of the same form. */
static uint8_t
character(uint32_t code)
{
    if (code >= ' ' && code < 0x7f) {
        return (uint8_t)code;
    }
    for (unsigned i = 0; i < sizeof(page437) / sizeof(page437[0]); i++) {
        if (page437[i] == code) {
            return (uint8_t)(0x80 + i);
        }
    }
    switch (code) {
    case 0xa0:
        return ' ';
    case 0x2501:
        return 0xc4;
    case 0x2503:
        return 0xb3;
    case 0x25aa:
    case 0x2022:
        return 0xfe;
    default:
        return '?';
    }
}

/* ANSI's lowest bit of a colour is red, the adapter's blue. */
static unsigned
swap(unsigned colour)
{
    return (colour & 10) | (colour & 1) << 2 | (colour >> 2 & 1);
}

void
vga_put(unsigned x, unsigned y, uint32_t cell)
{
    unsigned attribute = swap(CELL_FG(cell)) | (swap(CELL_BG(cell)) & 7) << 4;
    text[y * VGA_COLS + x] = (uint16_t)(character(CELL_CODE(cell)) | attribute << 8);
}
