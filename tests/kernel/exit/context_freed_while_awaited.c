/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: free of channel in use$" smp=1,4 */
#include <gamp.h>

static void
receive(void *done)
{
    chan_recv(done, NULL);
}

int
main(void)
{
    struct context *c = context_with_cancel(context_background());

    go(receive, context_done(c));
    gosleep(10 * MILLISECOND);
    context_unref(c);
}
