/* SPDX-License-Identifier: MIT */
/* expect: status=5 output="^body, then its deferred call$" smp=1,4 */
#include <gamp.h>
#include <stdio.h>

static void
print(void *word)
{
    puts(word);
}

int
main(void)
{
    defer(print, "then its deferred call");
    printf("body, ");
    return 5;
}
