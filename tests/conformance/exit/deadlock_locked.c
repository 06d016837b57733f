/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="^goroutine 1 \[chan receive" */
#include <gamp.h>

int
main(void)
{
    lock_core();
    chan_recv(chan_make(1, 0), NULL);
}
