/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="goroutine stack exceeds 262144-byte limit"
   output="goroutine [0-9]+ .bottomless." output="^fatal error: stack overflow$" smp=1,4 */
#include <gamp.h>

static __attribute__((noinline)) int
bottomless(volatile int *up)
{
    volatile int here = *up + 1;

    return bottomless(&here) + here;
}

static void
start(void *arg)
{
    volatile int zero = 0;

    (void)arg;
    bottomless(&zero);
}

int
main(void)
{
    go_with(&(struct go_attr){ .name = "bottomless" }, start, NULL);
    chan_recv(NULL, NULL);
}
