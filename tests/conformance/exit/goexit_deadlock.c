/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^fatal error: no goroutines \(main called goexit\) - deadlock!$" */
#include <gamp.h>

static void
counts(void *unused)
{
    (void)unused;
    for (volatile int i = 0; i < 10; i++) {
    }
}

int
main(void)
{
    go(counts, NULL);
    go(counts, NULL);
    goexit();
}
