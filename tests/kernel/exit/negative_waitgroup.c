/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: sync: negative WaitGroup counter$" smp=1 */
#include <gamp.h>

int
main(void)
{
    struct waitgroup wg = { 0 };

    waitgroup_add(&wg, 1);
    waitgroup_done(&wg);
    waitgroup_done(&wg);
}
