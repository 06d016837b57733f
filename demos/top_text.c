/* SPDX-License-Identifier: MIT */
/*
 * top_text.c -- the live view as lines of text, and what a terminal must be sent when they change.
 *
 * A line may hold colours (ESC [ m), and nothing else that takes no room. Programs print below the
 * view, in rows that scroll by themselves; the cursor stays with them.
 */
#include "top.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD = 3,
    LEGEND = 1,
    LANES_MAX = 16,
    TABLE_MIN = 3,
    BESIDE = 31,
    LEFT = 48,
    NOW = 24,
    NAME = 14
};

void
top_text_init(struct top_text *x, unsigned cols, unsigned rows, unsigned output, int cores)
{
    memset(x, 0, sizeof *x);
    x->cols = cols < 60 ? 60 : cols < TOP_COLS ? cols : TOP_COLS;
    x->rows = rows < 10 ? 10 : rows < TOP_ROWS ? rows : TOP_ROWS;
    unsigned most = x->rows - HEAD - LEGEND - 2; /* two rows scroll, or none do */
    unsigned lanes = (unsigned)cores < LANES_MAX ? (unsigned)cores : LANES_MAX;

    output = output < 2 ? 2 : output;
    x->used = x->rows - (output + lanes < most ? output : 2);
    x->cells_a_letter = 1;
    x->colour = true;
}

char
top_letter(unsigned doing)
{
    static const char others[] = "*-.? ";

    return doing < TOP_KINDS ? (char)('A' + doing) : others[doing - TOP_KINDS];
}

/* ---- a line ---- */

struct line {
    char *text;
    size_t n;
    unsigned width, cols;
};

/* Plain ASCII; what is wider than the line is left out. */
static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *fmt, ...)
{
    char s[TOP_COLS + 1];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    for (const char *c = s; *c != '\0' && l->width < l->cols && l->n < TOP_LINE - 1; c++) {
        l->text[l->n++] = *c;
        l->width++;
    }
    l->text[l->n] = '\0';
}

static void
pad(struct line *l, unsigned to)
{
    while (l->width < to && l->width < l->cols) {
        add(l, " ");
    }
}

/* SGR 0: none. Kept short: these are most of what is sent. */
static void
colour(struct line *l, unsigned sgr)
{
    if (l->n + 16 < TOP_LINE) {
        l->n += (size_t)snprintf(l->text + l->n, 16, sgr != 0 ? "\033[30;%um" : "\033[m", sgr);
    }
}

static unsigned
colour_of(unsigned doing)
{
    static const uint8_t of[] = { 42, 44, 43, 45, 46, 41, 102, 104, 103, 105, 106, 101 };

    return doing < TOP_KINDS ? of[doing % sizeof of] : doing == TOP_OTHER ? 47 : 0;
}

static struct line
begin(struct top_text *x, unsigned row)
{
    x->line[row][0] = '\0';
    return (struct line){ .text = x->line[row], .cols = x->cols };
}

/* ---- what they say ---- */

/* Tenths of a percent. */
static unsigned
share(int64_t part, int64_t whole)
{
    return whole > 0 ? (unsigned)((part * 1000 + whole / 2) / whole) : 0;
}

static void
say_title(struct line *l, const struct top *t, const struct top_figures *f)
{
    int64_t took = t->now - t->from, own = top_g_ns(t, f->own), ms = (t->now - t->began) / 1000000;
    unsigned s = share(own, took);

    add(l, "gamp top  %lld.%lld s  %d core%s  every %lld ms  own cost %u.%u %% of a core (%lld us)",
        (long long)(ms / 1000), (long long)(ms / 100 % 10), t->cores, t->cores == 1 ? "" : "s",
        (long long)(took / 1000000), s / 10, s % 10, (long long)(own / 1000));
}

static void
say_states(struct line *l, const struct top_figures *f)
{
    uint32_t left[TOP_WAITS];

    memcpy(left, f->waits, sizeof left);
    add(l, "goroutines  %llu running  %llu runnable  %llu waiting",
        (unsigned long long)f->now.running, (unsigned long long)f->now.runnable,
        (unsigned long long)f->now.waiting);
    for (int shown = 0; shown < 3; shown++) {
        int most = 0;

        for (int i = 1; i < TOP_WAITS; i++) {
            most = left[i] > left[most] ? i : most;
        }
        if (left[most] == 0) {
            break;
        }
        add(l, "%s%u %s", shown == 0 ? ": " : ", ", left[most], f->wait_word(most));
        left[most] = 0;
    }
}

static void
say_events(struct line *l, const struct top *t, const struct top_figures *f)
{
    const struct sched_stats *a = &f->then, *b = &f->now;
    uint64_t lost = 0;

    for (int i = 0; i < t->cores; i++) {
        lost += t->lanes[i].lost;
    }
    add(l, "created %llu  ended %llu  switches %llu  steals %llu  wakes %llu  preempted %llu",
        (unsigned long long)(b->created - a->created),
        (unsigned long long)(b->finished - a->finished),
        (unsigned long long)(b->switches - a->switches),
        (unsigned long long)(b->steals - a->steals), (unsigned long long)(b->wakes - a->wakes),
        (unsigned long long)(b->preemptions - a->preemptions));
    if (lost > 0) {
        add(l, "  unseen %llu", (unsigned long long)lost);
    }
}

/* The timeline: a letter is the kind that took most of its time, a small one what happened. */
static void
say_timeline(struct line *l, const struct top_text *x, const struct top *t, int core, int letters)
{
    int n = x->cells_a_letter;
    int64_t last = (t->now - t->began) / t->cell_ns / n;
    unsigned sgr = 0;

    for (int64_t i = last - letters; i < last; i++) {
        struct top_cell c = top_cells(t, core, i * n, n);
        unsigned wish = x->colour ? colour_of(c.doing) : 0;

        if (wish != sgr) {
            colour(l, sgr = wish);
        }
        add(l, "%c", c.mark != 0 ? c.mark : top_letter(c.doing));
    }
    if (sgr != 0) {
        colour(l, 0);
    }
}

static void
say_lane(struct line *l, const struct top_text *x, const struct top *t, int core,
         const struct top_figures *f)
{
    const struct top_lane *lane = &t->lanes[core];
    int64_t took = t->now - t->from;
    int64_t used = took - lane->ns[TOP_IDLE] - lane->ns[TOP_SCHED] - lane->ns[TOP_UNSEEN];

    add(l, "%3d ", core);
    say_timeline(l, x, t, core, (int)(x->cols - 4 - NOW));
    add(l, " %3u%% ", (share(used, took) + 5) / 10);
    if (lane->g != 0 && lane->doing < TOP_KINDS) {
        add(l, "%s %llu", f->symbol(t->kinds[lane->doing].fn), (unsigned long long)lane->g);
    } else {
        add(l, "%s", lane->doing == TOP_IDLE ? "idle" : lane->doing == TOP_SCHED ? "sched" : "?");
    }
}

/* Kinds on the left, goroutines on the right. */
static void
say_row(struct line *l, const struct top *t, const struct top_figures *f, const unsigned *kind,
        const unsigned *g)
{
    int64_t took = t->now - t->from;

    if (kind != NULL) {
        const struct top_kind *k = &t->kinds[*kind];
        unsigned s = share(k->ns, took);

        colour(l, colour_of(*kind));
        add(l, " %c ", top_letter(*kind));
        colour(l, 0);
        add(l, " %-*.*s %4u.%u %%%7u turns", NAME, NAME, f->symbol(k->fn), s / 10, s % 10,
            k->turns);
    }
    if (g != NULL) {
        const struct top_g *one = &t->gs[*g];
        unsigned s = share(one->ns, took);

        pad(l, l->cols > BESIDE + LEFT ? LEFT : l->cols - BESIDE);
        add(l, "%7llu %-*.*s %4u.%u %%", (unsigned long long)one->id, NAME, NAME,
            one->kind < TOP_KINDS ? f->symbol(t->kinds[one->kind].fn) : "*", s / 10, s % 10);
    }
}

void
top_text_lines(struct top_text *x, const struct top *t, const struct top_figures *f)
{
    unsigned kinds[TOP_ROWS], gs[TOP_ROWS], row = HEAD;
    unsigned room = x->used - HEAD - LEGEND - TABLE_MIN;
    int lanes = t->cores < LANES_MAX ? t->cores : LANES_MAX;
    struct line l = begin(x, 0);

    lanes = (unsigned)lanes < room ? lanes : (int)room;
    say_title(&l, t, f);
    l = begin(x, 1);
    say_states(&l, f);
    l = begin(x, 2);
    say_events(&l, t, f);
    for (int core = 0; core < lanes; core++) {
        l = begin(x, row++);
        say_lane(&l, x, t, core, f);
    }
    l = begin(x, row++);
    add(&l, "a letter: %lld ms  . idle  - scheduler  s stole  w woken  p preempted%s",
        (long long)(t->cell_ns * x->cells_a_letter / 1000000), f->demo_runs ? "" : "   a key ends");
    if (lanes < t->cores) {
        add(&l, "  (and %d cores more)", t->cores - lanes);
    }
    unsigned left = x->used - row, nkinds = top_kinds_by_time(t, kinds, left);
    unsigned ngs = top_gs_by_time(t, gs, left);

    for (unsigned i = 0; i < left; i++) {
        l = begin(x, row++);
        say_row(&l, t, f, i < nkinds ? &kinds[i] : NULL, i < ngs ? &gs[i] : NULL);
    }
}

size_t
top_text_changes(struct top_text *x, char *to, size_t n)
{
    size_t used = (size_t)snprintf(to, n, "\0337");

    for (unsigned row = 0; row < x->used; row++) {
        size_t size = strlen(x->line[row]) + 24;

        if (strcmp(x->line[row], x->shown[row]) == 0 || used + size > n) {
            continue;
        }
        used += (size_t)snprintf(to + used, n - used, "\033[%u;1H\033[m%s\033[K", row + 1,
                                 x->line[row]);
        strcpy(x->shown[row], x->line[row]);
    }
    if (used == 2 || used + 3 > n) {
        return used == 2 ? 0 : used;
    }
    return used + (size_t)snprintf(to + used, n - used, "\0338");
}
