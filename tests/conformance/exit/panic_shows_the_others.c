/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: look around$" output="^goroutine 1 \[running\]: main$"
   output="^goroutine [0-9]+ \[chan receive\]: waits" */
#include <gamp.h>

static struct sched_stats stats;

static void
waits(void *c)
{
    chan_recv(c, NULL);
}

int
main(void)
{
    go(waits, chan_make(1, 0));
    do {
        gosched();
        sched_stats(&stats);
    } while (stats.waiting == 0);
    panic("look around");
}
