/* SPDX-License-Identifier: MIT */
/* expect: status=0 absent="." */
#include <gamp.h>
#include <stdlib.h>

static void
leaves(void *unused)
{
    (void)unused;
    gosleep(5 * MILLISECOND);
    exit(0);
}

int
main(void)
{
    go(leaves, NULL);
    goexit();
}
