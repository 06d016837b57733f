/* SPDX-License-Identifier: MIT */
/*
 * pth.c -- GNU Pth: the benchmarks in its own words.
 *
 * It reads the clock and sets signal masks at each switch, and looks at every waiting thread when
 * none is ready. Nothing preempts, but its conditions want a mutex.
 */
#include <pth.h>
#include <stddef.h>

typedef pth_cond_t cond_t;
typedef pth_mutex_t mutex_t;
typedef pth_t thread_t;

#define cond_init(c)          pth_cond_init(c)
#define cond_wait(c, m)       pth_cond_await(c, m, NULL)
#define cond_signal(c)        pth_cond_notify(c, FALSE)
#define enter(m)              pth_mutex_acquire(m, FALSE, NULL)
#define leave(m)              pth_mutex_release(m)
#define mutex_init(m)         pth_mutex_init(m)
#define mutex_lock(m)         pth_mutex_acquire(m, FALSE, NULL)
#define mutex_unlock(m)       pth_mutex_release(m)
#define thread_start(fn, arg) pth_spawn(PTH_ATTR_DEFAULT, fn, arg)
#define thread_join(t)        pth_join(t, NULL)
#define thread_yield()        pth_yield(NULL)

#include "threads.h"

int
main(int argc, char **argv)
{
    if (!pth_init()) {
        perror("bench: pth_init");
        return 1;
    }
    return threads_main(argc, argv, 50);
}
