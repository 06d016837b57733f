/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^sync: mutexes locked in a circle:$"
   output="goroutine [0-9]+ \(philosopher\) waits for mutex .*, held by goroutine [0-9]+$"
   output="^fatal error: all goroutines are asleep - deadlock!$" smp=1,4 */
#include <gamp.h>
#include <stdio.h>

static struct mutex fork_[3];
static struct waitgroup seated;

static void
philosopher(void *arg)
{
    long i = (long)arg;
    mutex_lock(&fork_[i]);
    waitgroup_done(&seated);
    waitgroup_wait(&seated);
    mutex_lock(&fork_[(i + 1) % 3]);
    puts("never");
}

int
main(void)
{
    waitgroup_add(&seated, 3);
    for (long i = 0; i < 3; i++) {
        go(philosopher, (void *)i);
    }
    chan_recv(NULL, NULL);
}
