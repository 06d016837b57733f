/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="goroutine stack exceeds 1048576-byte limit"
   output="^fatal error: stack overflow$" absent="^caught" */
/* of a window that was asked for; try does not catch it */
#include <gamp.h>
#include <stdio.h>

static __attribute__((noinline)) int
bottomless(volatile int *up)
{
    volatile int here = *up + 1;
    return bottomless(&here) + here;
}

static void
falls(void *unused)
{
    volatile int zero = 0;
    (void)unused;
    bottomless(&zero);
}

static void
tries(void *unused)
{
    (void)unused;
    try(falls, NULL, NULL);
    puts("caught");
}

int
main(void)
{
    go_with(&(struct go_attr){ .stack_max = 1 << 20 }, tries, NULL);
    chan_recv(NULL, NULL);
}
