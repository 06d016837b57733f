/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: 5$" output="^[[:space:]]panic: 4$" output="^[[:space:]]panic: 3$"
   output="^[[:space:]]panic: 2$" output="^[[:space:]]panic: 1$" */
#include <gamp.h>
#include <stdint.h>

static void
panics(void *level)
{
    uintptr_t n = (uintptr_t)level;
    if (n > 1) {
        defer(panics, (void *)(n - 1));
    }
    panic("%d", (int)n);
}

int
main(void)
{
    panics((void *)5);
}
