/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^sync: mutexes locked in a circle:$"
   output="goroutine 1 \(main\) waits for mutex .*, held by goroutine 1$"
   output="^fatal error: all goroutines are asleep - deadlock!$" smp=1,4 */
#include <gamp.h>

int
main(void)
{
    struct mutex m = { 0 };
    mutex_lock(&m);
    mutex_lock(&m);
}
