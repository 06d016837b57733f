/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: invalid memory address or nil pointer dereference$"
   output="addr=0x0 .*write_there" smp=1,4 */
#include <gamp.h>

static volatile int *volatile nowhere;

static void
write_there(void *arg)
{
    (void)arg;
    *nowhere = 1;
}

int
main(void)
{
    go(write_there, NULL);
    chan_recv(NULL, NULL);
}
