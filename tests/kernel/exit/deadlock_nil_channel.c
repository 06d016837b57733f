/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="chan send .nil chan." output="chan receive .nil chan." smp=1,4 */
#include <gamp.h>

static void
receive(void *arg)
{
    (void)arg;
    chan_recv(NULL, NULL);
}

int
main(void)
{
    go(receive, NULL);
    chan_send(NULL, "");
}
