/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="^goroutine [0-9]+ \[select \(no cases\)" */
#include <gamp.h>

static void
waits(void *unused)
{
    (void)unused;
    chan_select(NULL, 0);
}

int
main(void)
{
    go(waits, NULL);
    goexit();
}
