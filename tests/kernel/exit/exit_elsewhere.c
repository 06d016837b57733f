/* SPDX-License-Identifier: MIT */
/* expect: status=3 output="^flushed$" smp=1,4 */
/* exit from another goroutine, while main waits for ever; what was printed is flushed */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

static void
leave(void *arg)
{
    (void)arg;
    printf("flushed");
    exit(3);
}

int
main(void)
{
    go(leave, NULL);
    chan_recv(NULL, NULL);
}
