/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: first$" output="^[[:space:]]panic: second$" smp=1,4 */
#include <gamp.h>

static void
second(void *arg)
{
    (void)arg;
    panic("second");
}

int
main(void)
{
    defer(second, NULL);
    panic("first");
}
