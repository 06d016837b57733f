/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: second$" output="^first$" absent="panic: first" */
#include <gamp.h>
#include <stdio.h>

static void
first(void *unused)
{
    (void)unused;
    panic("first");
}

int
main(void)
{
    struct panic_info info;
    if (!try(first, NULL, &info)) {
        puts(info.message);
    }
    panic("second");
}
