/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$" smp=4 */
/* after work on all cores, and with some of them switched off */
#include <gamp.h>

static struct waitgroup all, never;

static void
work(void *arg)
{
    (void)arg;
    gosched();
    waitgroup_done(&all);
}

int
main(void)
{
    waitgroup_add(&all, 1000);
    for (int i = 0; i < 1000; i++) {
        go(work, NULL);
    }
    waitgroup_wait(&all);
    gomaxprocs(2);
    waitgroup_add(&never, 1);
    waitgroup_wait(&never);
}
