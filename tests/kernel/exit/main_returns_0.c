/* SPDX-License-Identifier: MIT */
/* expect: status=0 smp=1,4 */
#include <gamp.h>

static void
never_heard_of_again(void *arg)
{
    (void)arg;
    for (;;) {
        gosched();
    }
}

int
main(void)
{
    go(never_heard_of_again, NULL);
}
