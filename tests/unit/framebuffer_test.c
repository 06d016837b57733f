/* SPDX-License-Identifier: MIT */
/*
 * framebuffer_test.c -- pixels of every size, in memory that ends where the screen does; links
 * drivers/framebuffer.c.
 */
#include <stdlib.h>
#include <string.h>

#include "bootinfo.h"
#include "font.h"
#include "framebuffer.h"
#include "tap.h"
#include "vm.h"

enum { HEIGHT = 40, PAD = 12, HOLE = 0xee };

const struct glyph font_glyphs[] = {
    { ' ', { 0 } },
    { 'A', { 0x81, 0x42 } },
    { 0xfffd, { 0xff } },
};
const unsigned font_count = 3;

static uint8_t *memory; /* exactly the screen: the sanitizer watches its ends */
static struct framebuffer info;

void *
vm_map_phys(uint64_t pa, size_t len, unsigned flags)
{
    (void)pa;
    free(memory);
    memory = malloc(len);
    memset(memory, HOLE, len);
    return flags == VM_WC ? memory : NULL;
}

static bool
begin(unsigned width, unsigned bpp)
{
    unsigned bytes = (bpp + 7) / 8;

    info = (struct framebuffer){ .addr = 0xfd000000, .pitch = width * bytes + PAD, .width = width,
                                 .height = HEIGHT, .bpp = (uint8_t)bpp, .type = FRAMEBUFFER_RGB,
                                 .red_pos = 16, .red_size = 8, .green_pos = 8, .green_size = 8,
                                 .blue_size = 8 };
    if (bpp == 16) {
        info.red_pos = 11;
        info.red_size = info.blue_size = 5;
        info.green_pos = 5;
        info.green_size = 6;
    }
    return framebuffer_init(&info);
}

static uint32_t
pixel(unsigned x, unsigned y)
{
    uint32_t v = 0;

    memcpy(&v, memory + (size_t)y * info.pitch + x * ((info.bpp + 7) / 8), (info.bpp + 7) / 8);
    return v;
}

/* What lies between the rows belongs to nobody. */
static void
check_padding(void)
{
    for (unsigned y = 0; y < HEIGHT; y++) {
        for (unsigned i = 1; i <= PAD; i++) {
            CHECK_EQ(memory[(size_t)(y + 1) * info.pitch - i], HOLE);
        }
    }
}

TEST(framebuffer_fills_rectangles)
{
    static const unsigned sizes[] = { 32, 24, 16 };
    static const uint32_t wanted[] = { 0x123456, 0x123456, 0x11aa };

    for (unsigned i = 0; i < 3; i++) {
        CHECK(begin(203, sizes[i]));
        framebuffer_fill(0, 0, 9999, 9999, 0);
        framebuffer_fill(3, 5, 150, 2, 0x123456);
        framebuffer_fill(202, 39, 99, 99, 0x123456);
        framebuffer_fill(203, 0, 1, 1, 0xffffff);
        framebuffer_fill(0, 40, 1, 1, 0xffffff);
        for (unsigned y = 0; y < HEIGHT; y++) {
            for (unsigned x = 0; x < 203; x++) {
                bool in = (x >= 3 && x < 153 && y >= 5 && y < 7) || (x == 202 && y == 39);

                CHECK_EQ(pixel(x, y), in ? wanted[i] : 0);
            }
        }
        check_padding();
    }
}

TEST(framebuffer_draws_letters)
{
    for (unsigned bpp = 24; bpp <= 32; bpp += 8) {
        CHECK(begin(64, bpp));
        CHECK_EQ(framebuffer_text(8, 16, "A\xe2\x82\xac\xff", 0xff0000, 0x0000ff), 32);
        CHECK_EQ(pixel(8, 16), 0xff0000);
        CHECK_EQ(pixel(9, 16), 0x0000ff);
        CHECK_EQ(pixel(9, 17), 0xff0000);
        CHECK_EQ(pixel(15, 31), 0x0000ff);
        CHECK_EQ(pixel(16, 16), 0xff0000); /* U+FFFD for the euro that this font has not */
        CHECK_EQ(pixel(24, 16), 0xff0000); /* and for what is no UTF-8 */
        CHECK_EQ(memory[16 * info.pitch + 7 * ((bpp + 7) / 8)], HOLE);
        framebuffer_letter(57, 0, 'A', 1, 2); /* would go over the edges */
        framebuffer_letter(0, 25, 'A', 1, 2);
        CHECK_EQ(memory[57 * ((bpp + 7) / 8)], HOLE);
        CHECK_EQ(memory[25 * info.pitch], HOLE);
        check_padding();
    }
}

TEST(framebuffer_doubles_letters_on_large_screens)
{
    CHECK(begin(2560, 32));
    CHECK_EQ(framebuffer_scale(), 2);
    CHECK_EQ(framebuffer_text(0, 0, "A", 1, 2), 16);
    CHECK_EQ(pixel(0, 0), 1);
    CHECK_EQ(pixel(1, 1), 1);
    CHECK_EQ(pixel(2, 1), 2);
    CHECK_EQ(pixel(2, 2), 1);
    CHECK_EQ(pixel(15, 31), 2);
    check_padding();
}

TEST(framebuffer_refuses_what_it_cannot_draw_on)
{
    info = (struct framebuffer){ .type = FRAMEBUFFER_INDEXED, .bpp = 8 };
    CHECK(!framebuffer_init(&info));
    info = (struct framebuffer){ .type = FRAMEBUFFER_RGB, .bpp = 64 };
    CHECK(!framebuffer_init(&info));
    info = (struct framebuffer){ .type = FRAMEBUFFER_NONE };
    CHECK(!framebuffer_init(&info));
}

static const struct test tests[] = {
    TEST_ENTRY(framebuffer_fills_rectangles),
    TEST_ENTRY(framebuffer_draws_letters),
    TEST_ENTRY(framebuffer_doubles_letters_on_large_screens),
    TEST_ENTRY(framebuffer_refuses_what_it_cannot_draw_on),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
