/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: send on closed channel$" smp=1,4 */
#include <gamp.h>

int
main(void)
{
    struct chan *c = chan_make(1, 1);

    chan_close(c);
    chan_send(c, "");
}
