/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: close of closed channel$" smp=1 */
#include <gamp.h>

int
main(void)
{
    struct chan *c = chan_make(1, 1);

    chan_close(c);
    chan_close(c);
}
