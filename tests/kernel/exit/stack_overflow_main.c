/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="goroutine stack exceeds 67108864-byte limit"
   output="goroutine 1 .main." output="^fatal error: stack overflow$" smp=1 */
#include <gamp.h>

static __attribute__((noinline)) int
bottomless(volatile int *up)
{
    volatile int here[64];

    here[0] = *up + 1;
    return bottomless(&here[0]) + here[0];
}

int
main(void)
{
    volatile int zero = 0;

    return bottomless(&zero);
}
