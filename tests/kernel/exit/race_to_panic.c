/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: me first, [0-9]+$" smp=4 */
/* all at once: one reports, once */
#include <gamp.h>
#include <stdatomic.h>

static atomic_int ready;

static void
rush(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < 16) {
        gosched();
    }
    panic("me first, %llu", (unsigned long long)goid());
}

int
main(void)
{
    for (int i = 0; i < 16; i++) {
        go(rush, NULL);
    }
    chan_recv(NULL, NULL);
}
