/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: in the group$" smp=1,4 */
#include <gamp.h>

static int
panics(void *arg)
{
    (void)arg;
    panic("in the group");
}

int
main(void)
{
    struct errgroup eg = { 0 };

    errgroup_go(&eg, panics, NULL);
    errgroup_wait(&eg);
    return 0;
}
