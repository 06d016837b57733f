/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="^goroutine 1 \[chan send" output="^goroutine [0-9]+ \[select \(no cases\)" */
#include <gamp.h>

static void
waits_locked(void *unused)
{
    (void)unused;
    lock_core();
    chan_select(NULL, 0);
}

int
main(void)
{
    go(waits_locked, NULL);
    gosleep(MILLISECOND);
    lock_core();
    chan_send(chan_make(1, 0), "x");
}
