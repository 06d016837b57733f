/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: sync: unlock of unlocked mutex$" smp=1 */
#include <gamp.h>

int
main(void)
{
    struct mutex m = { 0 };

    mutex_lock(&m);
    mutex_unlock(&m);
    mutex_unlock(&m);
}
