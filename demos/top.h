/* SPDX-License-Identifier: MIT */
/*
 * top.h -- a live view of cores and goroutines: the shell's command `top`.
 *
 *     top.c        asks, waits, and drives the others        (the only part that is not pure)
 *     top_lanes.c  trace events in, times and timelines out
 *     top_text.c   these as lines, and what a terminal must be sent when they change
 *     top_pixels.c the timelines as strips of pixels
 */
#pragma once

#include <gamp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a core does at a moment: one of the kinds of goroutines (a kind: all that run the same
 * function), or one of these. */
enum { TOP_KINDS = 26, TOP_OTHER = TOP_KINDS, TOP_SCHED, TOP_IDLE, TOP_UNSEEN, TOP_DOINGS };

enum {
    TOP_CELLS = 1024, /* of a timeline that are kept */
    TOP_GS = 4096,    /* goroutines told apart in a refresh; a power of two */
    TOP_WAITS = 32,
};

/* As sched/trace.c has it. `what`: c created, s starts, b blocks, y yields, p preempted, u made
 * ready, e ends; of the core: h halts, r resumes, t has stolen. */
struct top_event {
    int64_t when;
    uint64_t g;
    uintptr_t fn;
    char what;
};

/* A stretch of a timeline: what took most of it; and the rarest that happened: p preemption,
 * s steal, w woken, or 0. */
struct top_cell {
    uint8_t doing;
    char mark;
};

struct top_lane {
    int64_t upto; /* all before has been seen */
    uint64_t g;   /* runs since; 0: none */
    uint8_t doing;
    int64_t ns[TOP_DOINGS];           /* in this refresh */
    unsigned steals, wakes, preempts; /* in this refresh */
    uint64_t lost;                    /* events, since the start */
    struct top_cell begun;            /* the cell at `upto`: mark only */
    int64_t part[TOP_DOINGS];         /* of that cell */
    struct top_cell cells[TOP_CELLS];
};

struct top_kind {
    uintptr_t fn;
    int64_t ns; /* these three: in this refresh */
    unsigned turns, born;
};

struct top_g {
    uint64_t id; /* 0: an empty place */
    int64_t ns;
    uint8_t kind;
};

struct top {
    int cores;
    int64_t began, from, now; /* the view; this refresh */
    int64_t cell_ns;
    unsigned nkinds, ngs;
    int64_t unnamed_ns; /* of goroutines that found no place in gs */
    struct top_kind kinds[TOP_KINDS];
    struct top_g gs[TOP_GS];
    struct top_lane lanes[];
};

/* NULL: no memory. */
struct top *top_new(int cores, int64_t now, int64_t cell_ns);

/* What was known of a core before its first event. */
void top_begin(struct top *t, int core, bool running);

void top_refresh(struct top *t); /* a new one begins at t->now */
void top_take(struct top *t, int core, const struct top_event *e);
void top_lose(struct top *t, int core, uint64_t events);
void top_advance(struct top *t, int64_t now); /* all lanes, as they are */

int64_t top_g_ns(const struct top *t, uint64_t id);
/* Indices of what took most time, most first; returns how many there are, n at most. */
unsigned top_kinds_by_time(const struct top *t, unsigned *to, unsigned n);
unsigned top_gs_by_time(const struct top *t, unsigned *to, unsigned n);
/* The n cells from `first` on as one, its mark only if few of them have one; TOP_DOINGS: before the
 * view began. */
struct top_cell top_cells(const struct top *t, int core, int64_t first, int n);

/* ---- text ---- */

struct top_figures {
    uint64_t own; /* the viewer's goroutine */
    int64_t period;
    bool demo_runs;
    struct sched_stats then, now;
    uint32_t waits[TOP_WAITS];
    const char *(*wait_word)(int reason);
    const char *(*symbol)(uintptr_t fn);
};

enum { TOP_ROWS = 64, TOP_COLS = 250, TOP_LINE = 2048 };

struct top_text {
    unsigned cols, rows, used; /* used: the view's; the rest scrolls */
    int cells_a_letter;
    bool colour;
    char line[TOP_ROWS][TOP_LINE], shown[TOP_ROWS][TOP_LINE];
};

/* At most TOP_COLS and TOP_ROWS, at least 60 and 10; `output`: rows left to what programs print. */
void top_text_init(struct top_text *x, unsigned cols, unsigned rows, unsigned output, int cores);
void top_text_lines(struct top_text *x, const struct top *t, const struct top_figures *f);
/* What makes a terminal show the lines: those that have changed. At most n bytes; the length. */
size_t top_text_changes(struct top_text *x, char *to, size_t n);
char top_letter(unsigned doing);

/* ---- pixels ---- */

/* False where there are none. */
bool top_pixels_begin(int cores);
void top_pixels_draw(const struct top *t, const struct top_figures *f);
void top_pixels_end(void);

/* ---- the command ---- */

int top_main(int argc, char **argv);
