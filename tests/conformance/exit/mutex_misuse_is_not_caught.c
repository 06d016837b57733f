/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: sync: unlock of unlocked mutex$" absent="^caught" */
#include <gamp.h>
#include <stdio.h>

static void
unlocks(void *m)
{
    mutex_lock(m);
    mutex_unlock(m);
    mutex_unlock(m);
}

int
main(void)
{
    struct mutex m = { 0 };
    try(unlocks, &m, NULL);
    puts("caught");
}
