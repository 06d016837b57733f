/* SPDX-License-Identifier: MIT */
/* expect: status=3 output="^leaving$" smp=1,4 */
#include <gamp.h>
#include <stdlib.h>
#include <stdio.h>

static void
wrong(void *arg)
{
    (void)arg;
    exit(1);
}

int
main(void)
{
    defer(wrong, NULL);
    puts("leaving");
    exit(3);
}
