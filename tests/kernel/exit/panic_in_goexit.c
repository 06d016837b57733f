/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: on the way out$" smp=1,4 */
#include <gamp.h>

static void
fails(void *arg)
{
    (void)arg;
    panic("on the way out");
}

static void
leaves(void *arg)
{
    (void)arg;
    defer(fails, NULL);
    goexit();
}

int
main(void)
{
    go(leaves, NULL);
    chan_recv(NULL, NULL);
}
