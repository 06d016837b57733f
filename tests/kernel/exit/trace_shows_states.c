/* SPDX-License-Identifier: MIT */
/* expect: status=4 output="^trace begin cores=" output="^trace [0-9]+ [0-9]+ start 1$"
   output="^trace [0-9]+ [0-9]+ create [0-9]+$" output="^trace [0-9]+ [0-9]+ block 1 chan receive$"
   output="^trace [0-9]+ [0-9]+ unblock 1$" output="^trace name 1 main$" output="^trace end$"
   kargs="trace" smp=1,4 */
#include <gamp.h>

/* Not before main waits. */
static void
answer(void *c)
{
    int v = 1;
    struct sched_stats s;
    do {
        gosched();
        sched_stats(&s);
    } while (s.waiting == 0);
    chan_send(c, &v);
}

int
main(void)
{
    struct chan *c = chan_make(sizeof(int), 0);
    go(answer, c);
    chan_recv(c, NULL);
    return 4;
}
