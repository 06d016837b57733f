/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: sync: unlock of unlocked mutex$" output="^goroutine 1 .running" smp=2 */
#include <gamp.h>

int
main(void)
{
    struct mutex m = { 0 };
    struct cond c = { 0 };
    cond_wait(&c, &m);
}
