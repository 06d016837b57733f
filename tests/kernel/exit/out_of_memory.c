/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: out of memory$" smp=1,4 */
/* go cannot say that it failed */
#include <gamp.h>
#include <stdlib.h>

static void
stay(void *arg)
{
    chan_recv(NULL, arg);
}

int
main(void)
{
    while (malloc(1 << 20) != NULL) {
    }
    for (;;) {
        go(stay, NULL);
    }
}
