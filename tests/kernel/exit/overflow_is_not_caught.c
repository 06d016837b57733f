/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: stack overflow$" smp=1,4 */
#include <gamp.h>
#include <stdlib.h>

static volatile int depth;

__attribute__((noinline)) static void
deeper(void *arg)
{
    volatile char frame[4096];
    frame[0] = (char)depth++;
    deeper(arg);
    depth -= frame[0];
}

static void
run(void *arg)
{
    if (!try(deeper, arg, NULL)) {
        exit(1);
    }
}

int
main(void)
{
    go(run, NULL);
    chan_recv(NULL, NULL);
}
