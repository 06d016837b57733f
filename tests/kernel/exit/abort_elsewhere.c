/* SPDX-License-Identifier: MIT */
/* expect: status=134 output="^flushed$" smp=1,4 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

static void
give_up(void *arg)
{
    (void)arg;
    printf("flushed");
    abort();
}

int
main(void)
{
    go(give_up, NULL);
    chan_recv(NULL, NULL);
}
