/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: sync: Unlock of unlocked RWMutex$" smp=1 */
#include <gamp.h>

int
main(void)
{
    struct rwmutex m = { 0 };

    rwmutex_rlock(&m);
    rwmutex_unlock(&m);
}
