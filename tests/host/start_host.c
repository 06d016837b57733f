/* SPDX-License-Identifier: MIT */
/*
 * start_host.c -- from the process's start to goroutine 1.
 *
 * A constructor, so that the application's main is its own, as on the metal, and nothing has to be
 * said to the linker. It never returns: what starts a process waits for ever on core 0's stack.
 * Constructors of objects linked behind this one do not run.
 *
 * Environment  GAMP_CORES or SMP: cores (as many as the host has); KARGS: the words of the kernel's
 *              command line; ARGS: the application's, where the process itself was given none
 */
#define _GNU_SOURCE
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "cmdline.h"

#ifndef HOST_CORES
#define HOST_CORES 0
#endif

int main(int argc, char **argv);
void host_symbols_init(void);

static struct cmdline cmdline;

static void
complain(const char *word, const char *why)
{
    fprintf(stderr, "command line: %s: %s; ignored\n", word, why);
}

static int
wished_cores(void)
{
    const char *text = getenv("GAMP_CORES") != NULL ? getenv("GAMP_CORES") : getenv("SMP");
    long n = text != NULL ? atol(text) : HOST_CORES;
    n = n > 0 ? n : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > HOST_CORES_MAX ? HOST_CORES_MAX : (int)n;
}

static const char *
word(const char *name)
{
    const char *text = getenv(name);
    return text != NULL ? text : "";
}

/* A window's size is 256 KiB or four times that, and so on, as on the metal. */
static size_t
window(size_t wish)
{
    size_t size = 256 << 10;
    while (size < wish) {
        size *= 4;
    }
    return size;
}

__attribute__((constructor)) static void
host_start(int argc, char **argv)
{
    char text[CMDLINE_MAX];
    char *slash = strrchr(argv[0], '/');

    snprintf(text, sizeof(text), "%s -- %s", word("KARGS"), word("ARGS"));
    cmdline_parse(text, &cmdline, complain);
    host_terminal = isatty(STDIN_FILENO) || cmdline.tty;
    setvbuf(stdout, NULL, _IOLBF, 0);
    host_ncores = wished_cores();
    host_symbols_init();
    host_context_init();
    host_signals_init();
    sched_init(&(struct sched_config){
        .gomaxprocs = cmdline.gomaxprocs,
        .stack = window(cmdline.stack),
        .slice = cmdline.slice_ns,
        .schedtrace = cmdline.schedtrace_ms * 1000000,
        .seed = cmdline.seed,
        .trace = cmdline.trace,
        .quiet = cmdline.quiet,
    });
    if (argc < 2) {
        argc = cmdline.argc;
        argv = cmdline.argv;
    }
    argv[0] = slash != NULL ? slash + 1 : argv[0];
    sched_start(main, argc, argv);
}
