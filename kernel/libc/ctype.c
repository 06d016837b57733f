/* SPDX-License-Identifier: MIT */
/* ctype.c -- character classes of the C locale: ASCII only, every other int is in no class. */
#include <ctype.h>
#include <stdbool.h>

static inline bool
in_range(int c, int first, int last)
{
    return (unsigned)c - (unsigned)first <= (unsigned)(last - first);
}

int
isdigit(int c)
{
    return in_range(c, '0', '9');
}

int
isupper(int c)
{
    return in_range(c, 'A', 'Z');
}

int
islower(int c)
{
    return in_range(c, 'a', 'z');
}

int
isalpha(int c)
{
    return isupper(c) || islower(c);
}

int
isalnum(int c)
{
    return isalpha(c) || isdigit(c);
}

int
isxdigit(int c)
{
    return isdigit(c) || in_range(c, 'a', 'f') || in_range(c, 'A', 'F');
}

int
isascii(int c)
{
    return in_range(c, 0, 0x7f);
}

int
isblank(int c)
{
    return c == ' ' || c == '\t';
}

int
isspace(int c)
{
    return c == ' ' || in_range(c, '\t', '\r');
}

int
iscntrl(int c)
{
    return in_range(c, 0, 0x1f) || c == 0x7f;
}

int
isprint(int c)
{
    return in_range(c, ' ', '~');
}

int
isgraph(int c)
{
    return in_range(c, '!', '~');
}

int
ispunct(int c)
{
    return isgraph(c) && !isalnum(c);
}

int
tolower(int c)
{
    return isupper(c) ? c - 'A' + 'a' : c;
}

int
toupper(int c)
{
    return islower(c) ? c - 'a' + 'A' : c;
}
