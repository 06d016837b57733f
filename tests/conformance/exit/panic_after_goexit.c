/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: hello$" absent="^fatal error" */
#include <gamp.h>

static void
panics(void *unused)
{
    (void)unused;
    gosleep(5 * MILLISECOND);
    panic("hello");
}

int
main(void)
{
    go(panics, NULL);
    goexit();
}
