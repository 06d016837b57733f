/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: outer$" absent="panic: inner" */
/* a panic caught within a deferred call is no part of the story */
#include <gamp.h>

static void
inner(void *unused)
{
    (void)unused;
    panic("inner");
}

static void
catches(void *unused)
{
    (void)unused;
    try(inner, NULL, NULL);
}

int
main(void)
{
    defer(catches, NULL);
    panic("outer");
}
