/* SPDX-License-Identifier: MIT */
/*
 * top.c -- the shell's `top`: a lane a core, goroutines by state and by time, until a key.
 *
 * An ordinary goroutine: it sleeps, reads the trace that the cores keep, draws, and finds itself in
 * that trace, which is how it knows what it costs. It sleeps twenty times as long as it has
 * worked, at least: it takes a twentieth of one core at most, and misses events rather than more.
 */
#include "top.h"
#include "tour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Given by the scheduler: sched/trace.c, sched/dump.c. */
extern bool trace_follow(bool on);
extern bool trace_next(int core, uint64_t *at, struct top_event *to);
extern const char *wait_reason_word(int reason);
extern void sched_count_waits(uint32_t *by_reason, size_t n);
extern const char *sched_symbol(uintptr_t pc);

/* Given by the machine: kernel/console.h; a process has its terminal's lines, so a key is Enter. */
extern void console_set_raw(bool raw) __attribute__((weak));

enum { OUTPUT_ROWS = 8, CHANGES = 16384, REST = 20, READS = 5, LETTER_CELLS = 8 };

struct options {
    int ms, cols, rows, cell_us;
};

struct beside {
    const struct demo *demo;
    int argc;
    char **argv;
    struct chan *done;
};

static struct view {
    struct top *top;
    struct top_text *text;
    struct top_figures figures;
    uint64_t *at; /* in each core's trace */
    char *changes;
    bool pixels;
} v;

/* ---- a refresh ---- */

/* What has happened on a core before `now`. */
static void
read_core(int core, int64_t now)
{
    for (;;) {
        struct top_event e;
        uint64_t before = v.at[core], at = before;

        if (!trace_next(core, &at, &e)) {
            v.at[core] = at;
            return;
        }
        if (e.when > now) {
            return;
        }
        if (at > before + 1) {
            top_lose(v.top, core, at - before - 1);
        }
        v.at[core] = at;
        top_take(v.top, core, &e);
    }
}

/* Between two refreshes, so that fewer events are written over before they are seen. */
static void
read_all(void)
{
    int64_t now = nanotime();

    for (int core = 0; core < v.top->cores; core++) {
        read_core(core, now);
    }
    top_advance(v.top, now);
}

static void
refresh(bool demo_runs)
{
    struct top_figures *f = &v.figures;

    f->then = f->now;
    sched_stats(&f->now);
    memset(f->waits, 0, sizeof f->waits);
    sched_count_waits(f->waits, TOP_WAITS);
    f->own = goid();
    f->demo_runs = demo_runs;
    top_text_lines(v.text, v.top, f);
    if (v.pixels) {
        top_pixels_draw(v.top, f);
    }
    fwrite(v.changes, 1, top_text_changes(v.text, v.changes, CHANGES), stdout);
    top_refresh(v.top);
}

/* One turn of work; returns how long to sleep then. */
static int64_t
turn(int64_t period, bool demo_runs)
{
    int64_t began = nanotime(), least;

    read_all();
    if (v.top->now - v.top->from >= period - period / (2 * READS)) {
        refresh(demo_runs);
    }
    least = REST * (nanotime() - began);
    return least > period / READS ? least : period / READS;
}

/* ---- the view's beginning and end ---- */

static void
view_free(void)
{
    free(v.top);
    free(v.text);
    free(v.at);
    free(v.changes);
    v = (struct view){ 0 };
}

static bool
view_begin(const struct options *o, bool demo)
{
    int cores = num_cpu();

    v.top = top_new(cores, nanotime(), o->cell_us * MICROSECOND);
    v.text = malloc(sizeof *v.text);
    v.at = calloc((size_t)cores, sizeof *v.at);
    v.changes = malloc(CHANGES);
    if (v.top == NULL || v.text == NULL || v.at == NULL || v.changes == NULL
        || !trace_follow(true)) {
        printf("top: no memory\n");
        view_free();
        return false;
    }
    for (int core = 0; core < cores; core++) {
        struct sched_stats one;

        sched_stats_core(core, &one);
        top_begin(v.top, core, one.running != 0);
    }
    v.figures.symbol = sched_symbol;
    v.figures.wait_word = wait_reason_word;
    sched_stats(&v.figures.now);
    top_text_init(v.text, (unsigned)o->cols, (unsigned)o->rows, demo ? OUTPUT_ROWS : 2, cores);
    v.text->cells_a_letter = LETTER_CELLS;
    v.pixels = top_pixels_begin(cores);
    printf("\033[2J\033[%u;%ur\033[%u;1H", v.text->used + 1, v.text->rows, v.text->used + 1);
    return true;
}

static void
view_end(void)
{
    trace_follow(false);
    if (v.pixels) {
        top_pixels_end();
    }
    printf("\033[r\033[%u;1H\n", v.text->rows);
    view_free();
}

/* ---- beside it ---- */

static void
wait_for_key(void *chan)
{
    char key[2];

    readline(key, sizeof key);
    chan_close(chan);
}

static void
run_beside(void *arg)
{
    struct beside *b = arg;

    demo_run(b->demo, b->argc, b->argv);
    chan_close(b->done);
}

/* Until a key, and the demo's end. What is closed is looked at no more. */
static void
watch(const struct options *o, struct chan *key, struct chan *done)
{
    int64_t period = o->ms * MILLISECOND;

    int64_t pause = 0;

    for (bool typed = false; !typed || done != NULL;) {
        struct timer *t = timer_new(pause);
        struct select_case cases[] = { SELECT_RECV(typed ? NULL : key, NULL),
                                       SELECT_RECV(done, NULL), SELECT_RECV(timer_chan(t), NULL) };
        int which = chan_select(cases, 3);

        timer_free(t);
        typed = typed || which == 0;
        done = which == 1 ? NULL : done;
        if (which != 0) {
            pause = turn(period, done != NULL);
        }
    }
}

static bool
option(const char *word, struct options *o)
{
    static const struct {
        const char *name;
        int least, most;
    } known[] = { { "ms=", 20, 60000 },
                  { "cols=", 60, TOP_COLS },
                  { "rows=", 10, TOP_ROWS },
                  { "cell=", 10, 1000000 } };
    int *to[] = { &o->ms, &o->cols, &o->rows, &o->cell_us };

    for (int i = 0; i < 4; i++) {
        size_t n = strlen(known[i].name);

        if (strncmp(word, known[i].name, n) == 0) {
            int value = atoi(word + n);

            *to[i] = value < known[i].least  ? known[i].least
                     : value > known[i].most ? known[i].most
                                             : value;
            return true;
        }
    }
    return false;
}

int
top_main(int argc, char **argv)
{
    struct options o = { .ms = 500, .cols = 80, .rows = 24, .cell_us = 2000 };
    struct beside b = { 0 };
    int i = 1;

    while (i < argc && option(argv[i], &o)) {
        i++;
    }
    if (i < argc && (b.demo = demo_find(argv[i])) == NULL) {
        printf("usage: top [ms=500] [cols=80] [rows=24] [cell=2000 us] [DEMO [ARGUMENTS]]\n");
        return 1;
    }
    b.argc = argc - i;
    b.argv = argv + i;
    struct chan *key = chan_make(0, 0);

    b.done = b.demo != NULL ? chan_make(0, 0) : NULL;
    if (key == NULL || (b.demo != NULL && b.done == NULL) || !view_begin(&o, b.demo != NULL)) {
        chan_free(key);
        chan_free(b.done);
        return 1;
    }
    if (console_set_raw != NULL) {
        console_set_raw(true);
    }
    go(wait_for_key, key);
    if (b.demo != NULL) {
        go(run_beside, &b);
    }
    lock_core(); /* who stays on a core has every other turn there: no long queue before it */
    watch(&o, key, b.done);
    unlock_core();
    if (console_set_raw != NULL) {
        console_set_raw(false);
    }
    view_end();
    chan_free(key);
    chan_free(b.done);
    return 0;
}
