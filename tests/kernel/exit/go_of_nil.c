/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: go of nil func value$" smp=1 */
#include <gamp.h>

int
main(void)
{
    go(NULL, NULL);
}
