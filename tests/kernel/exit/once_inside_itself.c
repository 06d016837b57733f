/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^sync: mutexes locked in a circle:$"
   output="goroutine 1 \(main\) waits for mutex .*, held by goroutine 1$"
   output="^fatal error: all goroutines are asleep - deadlock!$" smp=1,4 kargs="seed=1" */
#include <gamp.h>

static struct once once;

static void
again(void *arg)
{
    once_do(&once, again, arg);
}

int
main(void)
{
    again(NULL);
}
