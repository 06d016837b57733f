/* SPDX-License-Identifier: MIT */
/*
 * shell.c -- the default application: the tour, then a prompt where somebody is there to type.
 *
 * Arguments    demo=NAME and its words: only that, a demo or a command, and then the end
 *              demo=shell: the prompt at once, whether anybody seems to be there or not
 *              shell: the same without a greeting; ^C ends what runs by running this image once
 *              more with that
 */

#include "top.h"
#include "tour.h"

#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 256, WORDS = 16 };

/* Given by the machine: true where standard input is a terminal. */
extern bool console_interactive(void);

/* Given by the machine: kernel/interrupt_key.h; in a process ^C is a signal. */
enum interrupt_key { INTERRUPT_ENDS, INTERRUPT_RESTARTS, INTERRUPT_CLEARS };
extern void interrupt_key_set(enum interrupt_key what) __attribute__((weak));

struct command {
    const char *name, *usage, *about;
    int (*run)(int argc, char **argv);
};

static int
list(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < ndemos; i++) {
        printf("  %-14s %s\n", demos[i].name, demos[i].about);
    }
    return 0;
}

static int
run_named(int argc, char **argv)
{
    const struct demo *d = demo_find(argv[0]);

    if (d == NULL) {
        printf("%s: no such demo or command; `list` and `help` name them all\n", argv[0]);
        return 1;
    }
    return demo_run(d, argc, argv);
}

static int
run(int argc, char **argv)
{
    if (argc < 2) {
        printf("usage: run NAME [ARGUMENTS]\n");
        return 1;
    }
    return run_named(argc - 1, argv + 1);
}

static int
show_tour(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return tour();
}

static int
show_goroutines(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    goroutine_dump();
    return 0;
}

static int
show_totals(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    tour_print_totals();
    return 0;
}

static int
show_cores(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    tour_print_cores();
    return 0;
}

static int
halt(int argc, char **argv)
{
    exit(argc > 1 ? atoi(argv[1]) : 0);
}

static int help(int argc, char **argv);

static const struct command commands[] = {
    { "help", "", "this list", help },
    { "list", "", "the demos", list },
    { "run", "NAME [ARGS]", "run a demo; its name alone does it too", run },
    { "tour", "", "run them all", show_tour },
    { "top", "[DEMO]", "cores and goroutines live, beside a demo; until a key", top_main },
    { "ps", "", "every goroutine and where it waits", show_goroutines },
    { "stats", "", "what the scheduler did since boot", show_totals },
    { "cores", "", "the same for each core", show_cores },
    { "halt", "[STATUS]", "power off", halt },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int
help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (int i = 0; i < COMMANDS; i++) {
        const struct command *c = &commands[i];

        printf("  %-5s %-12s %s\n", c->name, c->usage, c->about);
    }
    printf("keys: Left Right ^B ^F, Ctrl-Left Ctrl-Right (words), Home End ^A ^E move; Up Down\n"
           "      ^P ^N recall lines; Backspace Delete ^D, ^W (word) ^U ^K delete, ^Y puts back,\n"
           "      ^T swaps; ^C stops what runs, ^D on an empty line ends, Ctrl-Alt-Del reboots\n");
    return 0;
}

/* Cuts the line at blanks, in place; returns the words found, argv ended by NULL. */
static int
split(char *line, char **argv)
{
    int argc = 0;

    for (;;) {
        while (*line == ' ' || *line == '\t' || *line == '\r') {
            *line++ = '\0';
        }
        if (*line == '\0' || argc == WORDS) {
            break;
        }
        argv[argc++] = line;
        while (*line != '\0' && *line != ' ' && *line != '\t' && *line != '\r') {
            line++;
        }
    }
    argv[argc] = NULL;
    return argc;
}

static int
obey(int argc, char **argv)
{
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, argv[0]) == 0) {
            return commands[i].run(argc, argv);
        }
    }
    return run_named(argc, argv);
}

static void
on_interrupt(enum interrupt_key what)
{
    if (interrupt_key_set != NULL) {
        interrupt_key_set(what);
    }
}

/* Reads commands until the input ends. */
static void
prompt(void)
{
    char line[LINE];
    char *argv[WORDS + 1];

    printf("\nType a demo's name, `list`, `help` or `halt`; ^C stops what runs.\n");
    for (;;) {
        printf("gamp> ");
        fflush(stdout);
        on_interrupt(INTERRUPT_CLEARS);
        if (readline(line, sizeof line) < 0) {
            printf("\n");
            return;
        }
        int argc = split(line, argv);

        on_interrupt(INTERRUPT_RESTARTS);
        if (argc > 0) {
            obey(argc, argv);
        }
    }
}

static void
banner(void)
{
    struct sched_stats s;

    sched_stats(&s);
    printf("\n   ▄▀▀ ▄▀▄ █▄ ▄█ █▀▄   goroutines on the bare machine: G, M and P in C\n");
    printf("   ▀▄█ █▀█ █ ▀ █ █▀    %d core%s, %llu MiB of memory free, %zu demos\n", num_cpu(),
           num_cpu() == 1 ? "" : "s", (unsigned long long)(s.free_bytes >> 20), ndemos);
}

int
main(int argc, char **argv)
{
    int failed = 0;

    bool again = argc > 1 && strcmp(argv[1], "shell") == 0; /* after ^C, or asked for */

    if (again || (argc > 1 && strcmp(argv[1], "demo=shell") == 0)) {
        if (!again) {
            banner();
        }
        on_interrupt(INTERRUPT_RESTARTS);
        prompt();
        return 0;
    }
    if (argc > 1 && strncmp(argv[1], "demo=", 5) == 0) {
        argv[1] += 5;
        return obey(argc - 1, argv + 1);
    }
    on_interrupt(INTERRUPT_RESTARTS);
    banner();
    failed = tour();
    if (console_interactive()) {
        prompt();
    }
    return failed != 0 ? 1 : 0;
}
