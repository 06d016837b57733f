/* SPDX-License-Identifier: MIT */
/* expect: status=0 kargs="quiet" output="^only this$" smp=1,4 */
/* The runner sees that the line is there; that nothing else is, is seen by tests/run's greeting. */
#include <stdio.h>

int
main(void)
{
    printf("only this\n");
}
