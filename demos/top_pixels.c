/* SPDX-License-Identifier: MIT */
/*
 * top_pixels.c -- the live view's timelines as strips of pixels, above the console.
 *
 * A column of pixels is a cell. Only columns that differ from what is shown are drawn, those of one
 * colour side by side as one rectangle.
 *
 * Rejected     Moving what is there one step to the left: reading a frame buffer is slow.
 */
#include "top.h"

#include <stdio.h>
#include <stdlib.h>

/* Given by the machine: kernel/screen.h, drivers/framebuffer.h; there are none in a process. */
extern bool screen_reserve(unsigned height) __attribute__((weak));
extern bool framebuffer_size(unsigned *width, unsigned *height) __attribute__((weak));
extern unsigned framebuffer_scale(void) __attribute__((weak));
extern void framebuffer_fill(unsigned x, unsigned y, unsigned w, unsigned h, uint32_t colour)
    __attribute__((weak));
extern unsigned framebuffer_text(unsigned x, unsigned y, const char *s, uint32_t fg, uint32_t bg)
    __attribute__((weak));

enum { LETTER_W = 8, LETTER_H = 16, MARGIN = 4, LABEL = 10, STRIP_MAX = 28, STRIP_MIN = 3 };
enum { PAPER = 0x101010, INK = 0xc8c8c8, EMPTY = 0x000000, NOT_KNOWN = 0x1000000 };

static struct {
    unsigned width, height, scale, step, strip, left;
    int cores, cells;
    uint32_t *shown; /* two a cell and core: the strip's colour, its mark's */
} px;

static uint32_t
colour_of(unsigned doing)
{
    static const uint32_t kinds[] = { 0x4caf50, 0x4a7fd8, 0xe0b030, 0xb060c0, 0x30b0b0, 0xd86050,
                                      0x90d060, 0x80b0ff, 0xf0e070, 0xe090e0, 0x80e0e0, 0xff9080 };
    static const uint32_t others[] = { 0xa0a0a0, 0x585858, 0x202428, 0x402020, EMPTY };

    return doing < TOP_KINDS ? kinds[doing % (sizeof kinds / sizeof *kinds)]
                             : others[doing - TOP_KINDS];
}

static uint32_t
mark_colour(struct top_cell c)
{
    return c.mark == 'p'   ? 0xff2020
           : c.mark == 's' ? 0xffff40
           : c.mark == 'w' ? 0xffffff
                           : colour_of(c.doing);
}

bool
top_pixels_begin(int cores)
{
    if (screen_reserve == NULL || framebuffer_size == NULL
        || !framebuffer_size(&px.width, &px.height)) {
        return false;
    }
    unsigned line, most;

    px.scale = framebuffer_scale();
    line = LETTER_H * px.scale;
    most = px.height > 26 * line ? px.height - 25 * line : 0; /* 24 lines of text stay */
    px.left = LABEL * LETTER_W * px.scale;
    px.cores = cores;
    px.step = most > line ? (most - line - MARGIN) / (unsigned)cores : 0;
    px.step = px.step < (STRIP_MAX + MARGIN) * px.scale ? px.step : (STRIP_MAX + MARGIN) * px.scale;
    px.strip = px.step - (px.step > 2 * MARGIN ? MARGIN : 1);
    px.cells = (int)(px.width - px.left - MARGIN);
    px.cells = px.cells < TOP_CELLS ? px.cells : TOP_CELLS;
    if (px.step < STRIP_MIN + 1 || px.width < px.left + 100) {
        return false;
    }
    size_t n = 2 * (size_t)cores * (size_t)px.cells;

    px.shown = malloc(n * sizeof *px.shown);
    px.height = px.step * (unsigned)cores + line + MARGIN;
    if (px.shown == NULL || !screen_reserve(px.height)) {
        free(px.shown);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        px.shown[i] = NOT_KNOWN;
    }
    framebuffer_fill(0, 0, px.width, px.height, PAPER);
    return true;
}

/* Draws one of a strip's two colours where it differs from what is shown. */
static void
draw_runs(const uint32_t *wish, uint32_t *shown, unsigned y, unsigned h)
{
    for (int from = 0, to; from < px.cells; from = to) {
        for (to = from + 1; to < px.cells && wish[to] == wish[from]
                            && (wish[to] == shown[to]) == (wish[from] == shown[from]);
             to++) {
        }
        if (wish[from] == shown[from]) {
            continue;
        }
        framebuffer_fill(px.left + (unsigned)from, y, (unsigned)(to - from), h, wish[from]);
        for (int i = from; i < to; i++) {
            shown[i] = wish[i];
        }
    }
}

static void
draw_lane(const struct top *t, int core)
{
    static uint32_t wish[TOP_CELLS], marks[TOP_CELLS];
    uint32_t *shown = px.shown + 2 * (size_t)core * (size_t)px.cells;
    const struct top_lane *l = &t->lanes[core];
    unsigned y = (unsigned)core * px.step, tick = px.strip / 4 + 1;
    int64_t last = (t->now - t->began) / t->cell_ns, took = t->now - t->from;
    int64_t rest = l->ns[TOP_IDLE] + l->ns[TOP_SCHED] + l->ns[TOP_UNSEEN];
    char label[40];

    for (int i = 0; i < px.cells; i++) {
        struct top_cell c = top_cells(t, core, last - px.cells + i, 1);

        wish[i] = colour_of(c.doing);
        marks[i] = mark_colour(c);
    }
    draw_runs(marks, shown, y, tick);
    draw_runs(wish, shown + px.cells, y + tick, px.strip - tick);
    if (px.step >= LETTER_H * px.scale) {
        snprintf(label, sizeof label, "%3d %3lld%% ", core,
                 (long long)(took > 0 ? (took - rest) * 100 / took : 0));
        framebuffer_text(0, y + (px.strip - LETTER_H * px.scale) / 2, label, INK, PAPER);
    }
}

void
top_pixels_draw(const struct top *t, const struct top_figures *f)
{
    unsigned kinds[8], n = top_kinds_by_time(t, kinds, 8);
    unsigned x = px.left, y = px.step * (unsigned)px.cores, w = LETTER_W * px.scale;

    for (int core = 0; core < px.cores; core++) {
        draw_lane(t, core);
    }
    for (unsigned i = 0; i < n && x + 20 * w < px.width; i++) {
        framebuffer_fill(x, y + MARGIN, w, LETTER_H * px.scale - 2 * MARGIN, colour_of(kinds[i]));
        framebuffer_fill(x + w, y, MARGIN, LETTER_H * px.scale, PAPER);
        x = framebuffer_text(x + w + MARGIN, y, f->symbol(t->kinds[kinds[i]].fn), INK, PAPER);
        x = framebuffer_text(x, y, " ", INK, PAPER);
    }
    framebuffer_fill(x, y, px.width - x, LETTER_H * px.scale, PAPER);
}

void
top_pixels_end(void)
{
    screen_reserve(0);
    free(px.shown);
}
