/* SPDX-License-Identifier: MIT */
/*
 * expect: status=2 smp=1,4
 *         output="^panic: errgroup: modify limit while 2 goroutines in the group are still active$"
 */
#include <gamp.h>

static int
receive(void *c)
{
    chan_recv(c, NULL);
    return 0;
}

int
main(void)
{
    struct errgroup eg = { 0 };
    struct chan *c = chan_make(0, 0);

    errgroup_set_limit(&eg, 2);
    errgroup_go(&eg, receive, c);
    errgroup_go(&eg, receive, c);
    errgroup_set_limit(&eg, 3);
}
