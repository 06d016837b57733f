/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^the others finish$"
   output="^fatal error: no goroutines .main called goexit. - deadlock!$" smp=1,4 */
#include <gamp.h>
#include <stdio.h>

static void
outlive_main(void *arg)
{
    (void)arg;
    gosleep(20 * MILLISECOND);
    printf("the others finish\n");
}

int
main(void)
{
    go(outlive_main, NULL);
    goexit();
}
