/* SPDX-License-Identifier: MIT */
/*
 * screentext.c -- a picture of the screen in, its text out; for tests/boot/screen.
 *
 * Usage: screentext FILE [X Y [W H]]    FILE: a PPM (QEMU's screendump), or VGA's text memory
 *
 * Each cell of 8 x 16 pixels has one or two colours and must be a letter of the font, to the last
 * pixel; a # line says what is none. With X and Y it prints the colour of the pixel there, rrggbb;
 * with W and H, too, those of a rectangle, a line for each run of one colour in a row of pixels.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "font.h"

enum { PAPER = 0x101010, VGA_BYTES = 4000, FILE_MAX = 64 << 20 };

static unsigned width, height;
static const uint8_t *pixels;

static uint32_t
pixel(unsigned x, unsigned y)
{
    const uint8_t *p = pixels + 3 * ((size_t)y * width + x);
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static void
utf8(unsigned code)
{
    if (code < 0x80) {
        putchar((int)code);
    } else if (code < 0x800) {
        printf("%c%c", 0xc0 | code >> 6, 0x80 | (code & 63));
    } else {
        printf("%c%c%c", 0xe0 | code >> 12, 0x80 | (code >> 6 & 63), 0x80 | (code & 63));
    }
}

/* What is set in `rows` (ink) as a letter; 0: none. */
static unsigned
letter(const uint8_t *rows)
{
    for (unsigned i = 0; i < font_count; i++) {
        if (memcmp(font_glyphs[i].rows, rows, FONT_HEIGHT) == 0) {
            return font_glyphs[i].code;
        }
    }
    return 0;
}

/* False: no letter. A cell of one colour is blank if that is the paper's, else a full block. */
static bool
cell(unsigned left, unsigned top)
{
    uint8_t rows[FONT_HEIGHT] = { 0 };
    uint32_t first = pixel(left, top), second = first;
    for (unsigned y = 0; y < FONT_HEIGHT; y++) {
        for (unsigned x = 0; x < FONT_WIDTH; x++) {
            uint32_t p = pixel(left + x, top + y);
            if (p != first && second != first && p != second) {
                return false;
            }
            second = p != first ? p : second;
            rows[y] |= (uint8_t)((p != first) << (7 - x));
        }
    }
    unsigned code = letter(rows);
    if (second == first) {
        code = first == PAPER ? ' ' : 0x2588;
    } else if (code == 0 || second == PAPER) { /* the corner pixel was ink */
        for (unsigned y = 0; y < FONT_HEIGHT; y++) {
            rows[y] = (uint8_t)~rows[y];
        }
        code = letter(rows) != 0 ? letter(rows) : code;
    }
    if (code != 0) {
        utf8(code);
    }
    return code != 0;
}

static int
read_pixels(void)
{
    int bad = 0;
    for (unsigned y = 0; y + FONT_HEIGHT <= height; y += FONT_HEIGHT) {
        for (unsigned x = 0; x + FONT_WIDTH <= width; x += FONT_WIDTH) {
            if (!cell(x, y)) {
                bad++;
                printf("?");
            }
        }
        printf("\n");
    }
    if (bad > 0) {
        printf("# %d cells show no letter\n", bad);
    }
    return bad > 0;
}

/* What is outside is left out. */
static void
print_runs(unsigned left, unsigned top, unsigned w, unsigned h)
{
    for (unsigned y = top; y < top + h && y < height; y++) {
        for (unsigned x = left; x < left + w && x < width; x++) {
            if (x == left || pixel(x, y) != pixel(x - 1, y)) {
                printf("%06x\n", pixel(x, y));
            }
        }
    }
}

static int
read_vga(const uint8_t *bytes)
{
    for (int i = 0; i < VGA_BYTES; i += 2) {
        putchar(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : bytes[i] == 0xdb ? '#' : '.');
        if (i % 160 == 158) {
            printf("\n");
        }
    }
    return 0;
}

int
main(int argc, char **argv)
{
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
    static uint8_t bytes[FILE_MAX];
    size_t n = f != NULL ? fread(bytes, 1, FILE_MAX, f) : 0;
    int header = 0;
    if (n == VGA_BYTES) {
        return read_vga(bytes);
    }
    if (n == 0 || sscanf((char *)bytes, "P6 %u %u 255%n", &width, &height, &header) != 2
        || n < (size_t)header + 1 + 3 * (size_t)width * height) {
        fprintf(stderr, "screentext: no picture\n");
        return 2;
    }
    pixels = bytes + header + 1;
    if (argc > 3) {
        unsigned rectangle[4] = { 0, 0, 1, 1 };
        for (int i = 2; i < argc && i < 6; i++) {
            rectangle[i - 2] = (unsigned)atoi(argv[i]);
        }
        print_runs(rectangle[0], rectangle[1], rectangle[2], rectangle[3]);
        return 0;
    }
    printf("# %u x %u\n", width, height);
    return read_pixels();
}
