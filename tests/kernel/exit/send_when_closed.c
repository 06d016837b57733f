/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: send on closed channel$" output=".running.: sender" smp=1,4 */
/* closed while a sender waits: the sender panics, not who closed */
#include <gamp.h>

static void
send(void *c)
{
    chan_send(c, "");
}

int
main(void)
{
    struct chan *c = chan_make(1, 0);

    go_with(&(struct go_attr){ .name = "sender" }, send, c);
    gosleep(10 * MILLISECOND);
    chan_close(c);
    chan_recv(NULL, NULL);
}
