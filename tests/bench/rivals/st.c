/* SPDX-License-Identifier: MIT */
/*
 * st.c -- State Threads: the benchmarks in its own words.
 *
 * It has no yield: a sleep of nothing comes nearest, and goes by its clock. Nothing preempts, so a
 * condition needs no mutex.
 */
#include <st.h>

typedef st_cond_t cond_t;
typedef st_mutex_t mutex_t;
typedef st_thread_t thread_t;

#define cond_init(c)          (*(c) = st_cond_new())
#define cond_wait(c, m)       ((void)(m), st_cond_wait(*(c)))
#define cond_signal(c)        st_cond_signal(*(c))
#define enter(m)              ((void)(m))
#define leave(m)              ((void)(m))
#define mutex_init(m)         (*(m) = st_mutex_new())
#define mutex_lock(m)         st_mutex_lock(*(m))
#define mutex_unlock(m)       st_mutex_unlock(*(m))
#define thread_start(fn, arg) st_thread_create(fn, arg, 1, 0)
#define thread_join(t)        st_thread_join(t, NULL)
#define thread_yield()        st_usleep(0)

#include "threads.h"

int
main(int argc, char **argv)
{
    if (st_init() != 0) {
        perror("bench: st_init");
        return 1;
    }
    return threads_main(argc, argv, 1);
}
