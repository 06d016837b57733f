/* SPDX-License-Identifier: MIT */
/*
 * cmdline.h -- what the kernel command line says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CMDLINE_MAX  1024
#define CMDLINE_ARGS 64

struct cmdline {
    int gomaxprocs;        /* 0: one for each core */
    size_t stack;          /* window of a goroutine's stack, bytes */
    int64_t slice_ns;      /* time slice */
    int64_t schedtrace_ms; /* 0: off */
    uint64_t seed;
    bool trace;
    bool quiet;
    bool tty;            /* the console is a terminal: echo, and stay for the shell */
    int columns;         /* its width */
    bool screen, serial; /* where the console is; true unless they say off */
    char demo[32];       /* "": none */
    int argc;            /* argv[0] is demo, or "gamp"; argv[argc] is NULL */
    char *argv[CMDLINE_ARGS];
    char words[CMDLINE_MAX]; /* what argv points into */
};

/* Called once for each word that is ignored; why is a static text. */
typedef void (*cmdline_complain_fn)(const char *word, const char *why);

/*
 * Fills cl from text, which is not kept. Never fails: a word that is unknown or has a bad value
 * goes to complain (may be NULL) and leaves the default. Words are parted by blanks; "..." joins,
 * and a backslash takes a following quote, blank or backslash as it is (GRUB escapes so).
 */
void cmdline_parse(const char *text, struct cmdline *cl, cmdline_complain_fn complain);

/* Whole-text conversions, also for the shell: false and *out untouched if text is malformed. */
bool cmdline_parse_u64(const char *text, uint64_t *out);      /* 12, 0x1f */
bool cmdline_parse_size(const char *text, uint64_t *out);     /* 4096, 256K, 1M, 1G */
bool cmdline_parse_duration(const char *text, uint64_t *out); /* 10ms, 300us, 5ns, 2s; in ns */
