/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$" */
/* since Go 1.23: a timer and a ticker that nobody looks at hold nothing back */
#include <gamp.h>

int
main(void)
{
    timer_new(HOUR);
    ticker_new(MILLISECOND);
    chan_recv(chan_make(1, 0), NULL);
}
