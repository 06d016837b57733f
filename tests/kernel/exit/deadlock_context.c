/* SPDX-License-Identifier: MIT */
/*
 * expect: status=2 output="^a deadline holds it back$"
 *         output="^fatal error: all goroutines are asleep - deadlock!$" smp=1,4
 */
#include <gamp.h>
#include <stdio.h>

int
main(void)
{
    struct context *timed = context_with_timeout(context_background(), 20 * MILLISECOND);

    chan_recv(context_done(timed), NULL);
    context_free(timed);
    puts("a deadline holds it back");
    chan_recv(context_done(context_with_cancel(context_background())), NULL);
}
