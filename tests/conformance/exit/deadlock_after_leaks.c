/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: all goroutines are asleep - deadlock!$"
   output="^goroutine [0-9]+ \[chan receive \(nil chan\)"
   output="^goroutine [0-9]+ \[sync.Cond.Wait"
   output="^goroutine [0-9]+ \[chan send" output="^goroutine 1 \[sync.WaitGroup.Wait" */
/* leaked one by one, noticed when the last to run joins them */
#include <gamp.h>

static struct waitgroup all;
static struct mutex mutex;
static struct cond cond;

static void
on_nil(void *unused)
{
    (void)unused;
    chan_recv(NULL, NULL);
}

static void
without_a_taker(void *unused)
{
    (void)unused;
    chan_send(chan_make(1, 0), "x");
}

static void
without_a_signal(void *unused)
{
    (void)unused;
    mutex_lock(&mutex);
    cond_wait(&cond, &mutex);
}

int
main(void)
{
    waitgroup_go(&all, on_nil, NULL);
    waitgroup_go(&all, without_a_taker, NULL);
    waitgroup_go(&all, without_a_signal, NULL);
    gosleep(5 * MILLISECOND);
    waitgroup_wait(&all);
}
