/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: no goroutines \(main called goexit\) - deadlock!$"
   output="^last$" absent="^panic: |^still here" */
/* the goexit happens within a try, the panic in a deferred call of that try */
#include <gamp.h>
#include <stdio.h>

static void
panics(void *unused)
{
    (void)unused;
    panic("on the way out");
}

static void
leaves(void *unused)
{
    (void)unused;
    defer(panics, NULL);
    goexit();
}

static void
says_last(void *unused)
{
    (void)unused;
    puts("last");
}

int
main(void)
{
    defer(says_last, NULL);
    try(leaves, NULL, NULL);
    puts("still here");
}
