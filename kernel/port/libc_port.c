/* SPDX-License-Identifier: MIT */
/*
 * libc_port.c -- the part of the C library that needs the scheduler: the console's input, and ends.
 *
 * Invariants   one goroutine at a time waits for the console: readers queue on `reading`
 * Protocol     the serial interrupt completes a line, then says so; the reader looks for a line,
 *              then waits: what was said in between is kept.
 */
#include <stdlib.h>

#include <gamp.h>

#include "arch.h"
#include "console.h"
#include "port.h"

static struct mutex reading;
static struct poll input;

static void
wake_reader(void)
{
    poll_ready(&input);
}

void
port_console_init(void)
{
    console_input_ready = wake_reader;
}

ssize_t
readline(char *buf, size_t n)
{
    ssize_t got;
    if (n == 0) {
        return 0;
    }
    mutex_lock(&reading);
    while ((got = console_try_readline(buf, n - 1)) == CONSOLE_NOTHING) {
        poll_wait(&input);
    }
    mutex_unlock(&reading);
    if (got > 0 && buf[got - 1] == '\n') {
        got--;
    }
    buf[got > 0 ? got : 0] = '\0';
    return got;
}

bool
console_interactive(void)
{
    return console_echo;
}

void
exit(int status)
{
    trace_stop();
    arch_exit(status & 255);
}

void
abort(void)
{
    arch_exit(134);
}
