/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: no goroutines \(main called goexit\) - deadlock!$" smp=1,4 */
#include <gamp.h>

static void
leaves(void *arg)
{
    (void)arg;
    goexit();
}

int
main(void)
{
    defer(leaves, NULL);
    panic("forgotten");
}
