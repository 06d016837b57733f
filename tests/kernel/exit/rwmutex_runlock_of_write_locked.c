/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: sync: RUnlock of unlocked RWMutex$" smp=1 */
#include <gamp.h>

int
main(void)
{
    struct rwmutex m = { 0 };

    rwmutex_lock(&m);
    rwmutex_runlock(&m);
}
