/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: free of channel in use$" smp=1,4 */
#include <gamp.h>

static void
receive(void *c)
{
    chan_recv(c, NULL);
}

int
main(void)
{
    struct chan *c = chan_make(1, 0);

    go(receive, c);
    gosleep(10 * MILLISECOND);
    chan_free(c);
}
