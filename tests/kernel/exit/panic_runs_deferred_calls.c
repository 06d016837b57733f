/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^deferred 2 1$" output="^panic: not caught$"
   output="panic_runs_deferred_calls|origin" smp=1,4 */
#include <gamp.h>
#include <stdio.h>

static void
print(void *word)
{
    printf("%s", (const char *)word);
}

__attribute__((noinline)) static void
origin(void)
{
    defer(print, " 1\n");
    defer(print, "deferred 2");
    panic("not caught");
}

int
main(void)
{
    origin();
}
