/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="chan receive" smp=1,2,4,8 */
#include <gamp.h>

int
main(void)
{
    char c;

    chan_recv(chan_make(1, 0), &c);
}
