/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: close of nil channel$" smp=1 */
#include <gamp.h>

int
main(void)
{
    chan_close(NULL);
}
