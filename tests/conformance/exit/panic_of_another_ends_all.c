/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: not yours to catch$" absent="^main" */
/* nobody catches another goroutine's panic, not even who started it under try */
#include <gamp.h>
#include <stdio.h>

static void
panics(void *unused)
{
    (void)unused;
    panic("not yours to catch");
}

static void
starts(void *unused)
{
    (void)unused;
    go(panics, NULL);
    chan_recv(chan_make(1, 0), NULL);
}

int
main(void)
{
    try(starts, NULL, NULL);
    puts("main goes on");
}
