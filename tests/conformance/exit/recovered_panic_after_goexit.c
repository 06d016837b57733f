/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: no goroutines \(main called goexit\) - deadlock!$"
   absent="^panic: |^still here" */
/* on the way out a panic is caught: the goexit goes on */
#include <gamp.h>
#include <stdio.h>

static void
panics(void *unused)
{
    (void)unused;
    panic("caught");
}

static void
catches(void *unused)
{
    (void)unused;
    if (try(panics, NULL, NULL)) {
        puts("still here: it did not panic");
    }
}

int
main(void)
{
    defer(catches, NULL);
    goexit();
    puts("still here");
}
