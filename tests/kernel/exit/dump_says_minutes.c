/* SPDX-License-Identifier: MIT */
/* expect: status=0 icount=1 output="^goroutine [0-9]+ \[chan receive, 3 minutes\]: early$"
   output="^goroutine [0-9]+ \[chan receive\]: late$" */
/*
 * dump_says_minutes.c -- a dump says for how many minutes a goroutine has waited, from one on.
 */
#include <gamp.h>

static void
waits(void *c)
{
    chan_recv(c, NULL);
}

int
main(void)
{
    struct chan *c = chan_make(0, 0);
    go_with(&(struct go_attr){ .name = "early" }, waits, c);
    gosleep(3 * MINUTE);
    go_with(&(struct go_attr){ .name = "late" }, waits, c);
    gosleep(30 * SECOND);
    goroutine_dump();
}
