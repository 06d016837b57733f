/* SPDX-License-Identifier: MIT */
/* assert.c -- what a failed assert does: one line on the console, then status 134. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void
assert_fail(const char *expr, const char *file, int line, const char *func)
{
    fprintf(stderr, "Assertion failed: %s (%s:%d, %s)\n", expr, file, line, func);
    abort();
}
