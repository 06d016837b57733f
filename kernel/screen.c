/* SPDX-License-Identifier: MIT */
/*
 * screen.c -- the screen shows what the console is told.
 *
 * Text goes into the cells of a terminal at once. Drawing is another matter, since it is slow: it
 * goes by rows, compares each cell with the one shown and draws those that differ, so that a screen
 * full of lines that scrolls by costs what is seen of it and not what was written.
 *
 * Invariants   1. `shown` is what the adapter shows, but for rows that are lent.
 *              2. A row that differs from `shown` is dirty, or is being drawn; with `pending` set,
 *                 or somebody holds `drawing` and looks at it again (draw_rows).
 * Locks        `cells`, interrupts off, inside the console's: the terminal. `drawing`, only ever
 *              tried: the adapter, `shown`; may be held by a goroutine that has been preempted, and
 *              then the others leave the drawing to it. `cells` is taken within it, for one row.
 * Context      who draws: a writer that may be preempted, not sooner than FRAME_NS after the last
 *              frame, nor than SHARE times as long as that one took; an idle core, a
 *              row at a time, since it halts with interrupts off; a busy core's timer, TICK_ROWS
 *              rows.
 * Rejected     Drawing under the console's lock: at 1024 x 768 a line more means 3 MiB of pixels
 *              with interrupts off. A goroutine for it: the programs' own would be numbered
 *              otherwise, and a report of all that are asleep would have one more.
 */
#include "screen.h"

#include <stdatomic.h>

#include "bootinfo.h"
#include "clock.h"
#include "cpu.h"
#include "font.h"
#include "framebuffer.h"
#include "memlayout.h"
#include "pmm.h"
#include "spin.h"
#include "terminal.h"
#include "vga.h"
#include "x86.h"

enum {
    FRAME_NS = 16000000,
    SHARE = 8, /* of nine parts of the time, drawing has one at most */
    TICK_ROWS = 4,
    ALL_ROWS = TERMINAL_ROWS,
    DRAWING_LOOKS = 1000000,
};

#define NOTHING UINT32_MAX /* in shown: not known */

static bool present; /* constant after init */
static unsigned cell_width, cell_height;
static void (*draw_cell)(unsigned x, unsigned y, uint32_t cell);

static struct spin cells;
static struct terminal term; /* cells */

static struct spin drawing;
static uint32_t *shown;             /* drawing */
static uint32_t row[TERMINAL_COLS]; /* drawing */

static _Atomic(bool) pending;
static _Atomic(int64_t) next_frame;

/* ---- the two kinds of adapters ---- */

static const uint32_t palette[16] = {
    0x101010, 0xc03030, 0x30a030, 0xb08020, 0x3060c8, 0xa040a0, 0x20a0a0, 0xc8c8c8,
    0x707070, 0xff6060, 0x60e060, 0xf0d050, 0x70a0ff, 0xe080e0, 0x60e0e0, 0xffffff,
};

static void
draw_letter(unsigned x, unsigned y, uint32_t cell)
{
    framebuffer_letter(x * cell_width, y * cell_height, CELL_CODE(cell), palette[CELL_FG(cell)],
                       palette[CELL_BG(cell)]);
}

static unsigned
at_most(unsigned n, unsigned most)
{
    return n < most ? n : most;
}

/* Two cells for each place: what is to be seen, and what is. */
static bool
start(unsigned cols, unsigned rows)
{
    size_t n = (size_t)cols * rows, bytes = 2 * n * sizeof(uint32_t);
    unsigned order = 0;
    while (((size_t)PAGE_SIZE << order) < bytes) {
        order++;
    }
    uint64_t pa = cols > 0 && rows > 1 ? pmm_alloc(order) : 0;
    if (pa == 0) {
        return false;
    }
    terminal_init(&term, phys_to_virt(pa), cols, rows);
    shown = term.cells + n;
    for (size_t i = 0; i < n; i++) {
        shown[i] = NOTHING;
    }
    present = true;
    atomic_store(&pending, true);
    return true;
}

bool
screen_init(const struct framebuffer *fb)
{
    unsigned width, height;
    cell_width = cell_height = 1;
    if (framebuffer_init(fb) && framebuffer_size(&width, &height)) {
        cell_width = FONT_WIDTH * framebuffer_scale();
        cell_height = FONT_HEIGHT * framebuffer_scale();
        draw_cell = draw_letter;
        framebuffer_fill(0, 0, width, height, palette[0]);
        return start(at_most(width / cell_width, TERMINAL_COLS),
                     at_most(height / cell_height, TERMINAL_ROWS));
    }
    if ((fb->type == FRAMEBUFFER_TEXT || fb->type == FRAMEBUFFER_NONE)
        && vga_init(fb->type == FRAMEBUFFER_TEXT)) {
        draw_cell = vga_put;
        return start(VGA_COLS, VGA_ROWS);
    }
    return false;
}

unsigned
screen_columns(void)
{
    return term.cols;
}

/* ---- text ---- */

/* In an NMI or a panic the holder may be this core's own interrupted code. */
static bool
lock_within(struct spin *l, int looks)
{
    while (!spin_trylock(l)) {
        if (looks-- == 0) {
            return false;
        }
        cpu_relax();
    }
    return true;
}

void
screen_write(const char *s, size_t n, int looks)
{
    if (!present || !lock_within(&cells, looks)) {
        return;
    }
    terminal_write(&term, s, n);
    spin_unlock(&cells);
    atomic_store(&pending, true);
}

/* ---- drawing ---- */

/* Takes a dirty row's cells into `row`; false when it is clean, or lent. */
static bool
take_row(unsigned y, bool sure)
{
    uint64_t flags = irq_save();
    bool held = lock_within(&cells, sure ? DRAWING_LOOKS : INT32_MAX);
    bool take = term.dirty[y] && y >= term.top;
    if (take) {
        __builtin_memcpy(row, &term.cells[y * term.cols], term.cols * sizeof(*row));
        if (term.y == y && term.x < term.cols && !term.cursor_hidden) {
            uint32_t c = row[term.x];
            row[term.x] = CELL(CELL_CODE(c), CELL_BG(c), CELL_FG(c));
        }
    }
    term.dirty[y] = false;
    if (held) {
        spin_unlock(&cells);
    }
    irq_restore(flags);
    return take;
}

static void
draw_row(unsigned y)
{
    for (unsigned x = 0; x < term.cols; x++) {
        uint32_t *was = &shown[y * term.cols + x];
        if (*was != row[x]) {
            *was = row[x];
            draw_cell(x, y, row[x]);
        }
    }
}

/* With `drawing` in hand: up to `most` rows. What becomes dirty behind its back sets `pending`
 * after it was cleared here. */
static void
draw_rows(unsigned most, bool sure)
{
    atomic_store(&pending, false);
    for (unsigned y = 0; y < term.rows; y++) {
        if (!take_row(y, sure)) {
            continue;
        }
        draw_row(y);
        if (--most == 0) {
            atomic_store(&pending, true);
            return;
        }
    }
}

/* False where there is nothing to draw, or somebody else is at it. */
static bool
draw(unsigned most)
{
    if (!present || !atomic_load(&pending) || !spin_trylock(&drawing)) {
        return false;
    }
    draw_rows(most, false);
    spin_unlock(&drawing);
    return true;
}

/* Where drawing is slow, whoever writes much must not wait for it most of the time. */
static void
draw_frame(unsigned most)
{
    int64_t began = clock_nanotime();
    if (began < atomic_load(&next_frame) || !draw(most)) {
        return;
    }
    int64_t now = clock_nanotime(), rest = (now - began) * SHARE;
    atomic_store(&next_frame, now + (rest > FRAME_NS ? rest : FRAME_NS));
}

void
screen_refresh(void)
{
    if (!present || !atomic_load(&pending)) {
        return;
    }
    const struct cpu *c = this_cpu();
    if (c->m == NULL) {
        draw(ALL_ROWS); /* still booting: nobody waits */
    } else if (irq_enabled() && (c->preempt & ~PREEMPT_NO_RESCHED) == 0) {
        draw_frame(ALL_ROWS);
    }
}

bool
screen_draw_some(void)
{
    return draw(1);
}

void
screen_tick(void)
{
    if (present && atomic_load(&pending)) {
        draw_frame(TICK_ROWS);
    }
}

static void
lend(unsigned rows)
{
    unsigned before = term.top;
    uint64_t flags = irq_save();
    bool held = lock_within(&cells, DRAWING_LOOKS);
    terminal_reserve(&term, rows);
    if (held) {
        spin_unlock(&cells);
    }
    irq_restore(flags);
    for (size_t i = 0; i < (size_t)before * term.cols; i++) {
        shown[i] = NOTHING;
    }
    atomic_store(&pending, true);
}

void
screen_draw_all(void)
{
    if (!present) {
        return;
    }
    bool held = lock_within(&drawing, DRAWING_LOOKS);
    if (term.top > 0) {
        lend(0);
    }
    draw_rows(ALL_ROWS, true);
    if (held) {
        spin_unlock(&drawing);
    }
}

bool
screen_reserve(unsigned height)
{
    unsigned w, h;
    if (!present || !framebuffer_size(&w, &h)) {
        return false;
    }
    while (!spin_trylock(&drawing)) { /* its holder gets its turn: this may be preempted */
        cpu_relax();
    }
    lend((height + cell_height - 1) / cell_height);
    spin_unlock(&drawing);
    screen_refresh();
    return true;
}
