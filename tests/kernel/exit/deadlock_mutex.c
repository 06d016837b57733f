/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="sync.Mutex.Lock" smp=1,4 */
#include <gamp.h>

static struct mutex m;

static void
lock_too(void *arg)
{
    (void)arg;
    mutex_lock(&m);
}

int
main(void)
{
    mutex_lock(&m);
    for (int i = 0; i < 20; i++) {
        go(lock_too, NULL);
    }
    gosleep(MILLISECOND);
    mutex_lock(&m);
}
