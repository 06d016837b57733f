/* SPDX-License-Identifier: MIT */
/* expect: status=0 output="^sync: mutexes locked in a circle:$" output="^main goes on$"
   output="goroutine [0-9]+ \((one|two)\) waits for mutex .*, held by goroutine [0-9]+$"
   kargs="seed=1" smp=1,4 */
#include <gamp.h>
#include <stdio.h>

static struct mutex a, b;
static struct waitgroup both;

static void
one(void *arg)
{
    (void)arg;
    mutex_lock(&a);
    waitgroup_done(&both);
    waitgroup_wait(&both);
    mutex_lock(&b);
}

static void
two(void *arg)
{
    (void)arg;
    mutex_lock(&b);
    waitgroup_done(&both);
    waitgroup_wait(&both);
    mutex_lock(&a);
}

int
main(void)
{
    waitgroup_add(&both, 2);
    go(one, NULL);
    go(two, NULL);
    waitgroup_wait(&both);
    for (struct sched_stats s = { 0 }; s.waiting < 2; sched_stats(&s)) {
        gosleep(MILLISECOND);
    }
    puts("main goes on");
}
