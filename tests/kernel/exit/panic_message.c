/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: lost 3 of 0x2a in here$"
   output="^goroutine [0-9]+ .running.: worker_name" output="^goroutine 1 " smp=1,4 */
/* a formatted message, the goroutine at fault by its name, then the others */
#include <gamp.h>

static void
worker(void *arg)
{
    panic("lost %d of %#x in %s", 3, 42, (const char *)arg);
}

int
main(void)
{
    go_with(&(struct go_attr){ .name = "worker_name" }, worker, "here");
    chan_recv(chan_make(1, 0), NULL);
}
