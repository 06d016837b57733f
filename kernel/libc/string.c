/* SPDX-License-Identifier: MIT */
/*
 * string.c -- string.h but for the four block functions (memory.c) and strerror.
 *
 * Context      any goroutine; strtok alone keeps state between calls, shared by all
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *
memchr(const void *s, int c, size_t n)
{
    for (const unsigned char *p = s; n > 0; n--, p++) {
        if (*p == (unsigned char)c) {
            return (void *)p;
        }
    }
    return NULL;
}

void *
memrchr(const void *s, int c, size_t n)
{
    const unsigned char *p = s;

    while (n-- > 0) {
        if (p[n] == (unsigned char)c) {
            return (void *)(p + n);
        }
    }
    return NULL;
}

void *
mempcpy(void *restrict dst, const void *restrict src, size_t n)
{
    return (char *)memcpy(dst, src, n) + n;
}

int
bcmp(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n);
}

/* A zero byte somewhere in w: the borrow out of it sets its top bit, unless that was set. */
static inline bool
has_zero(uint64_t w)
{
    return ((w - 0x0101010101010101u) & ~w & 0x8080808080808080u) != 0;
}

struct word {
    uint64_t v;
} __attribute__((may_alias));

/* By aligned words, which never cross into another page; gcc must not make it a strlen call.
 * The words may reach past the array that holds the string, so the sanitizer is told to look
 * away. */
__attribute__((no_sanitize("address"))) size_t
strlen(const char *s)
{
    const char *p = s;

    for (; (uintptr_t)p % sizeof(struct word) != 0; p++) {
        if (*p == '\0') {
            return (size_t)(p - s);
        }
    }
    while (!has_zero(((const struct word *)(const void *)p)->v)) {
        p += sizeof(struct word);
    }
    while (*p != '\0') {
        p++;
        __asm__ volatile("" : "+r"(p));
    }
    return (size_t)(p - s);
}

size_t
strnlen(const char *s, size_t max)
{
    const char *end = memchr(s, '\0', max);
    return end != NULL ? (size_t)(end - s) : max;
}

char *
strcpy(char *restrict dst, const char *restrict src)
{
    return memcpy(dst, src, strlen(src) + 1);
}

char *
stpcpy(char *restrict dst, const char *restrict src)
{
    size_t len = strlen(src);
    return (char *)memcpy(dst, src, len + 1) + len;
}

char *
stpncpy(char *restrict dst, const char *restrict src, size_t n)
{
    size_t len = strnlen(src, n);

    memcpy(dst, src, len);
    return memset(dst + len, 0, n - len);
}

char *
strncpy(char *restrict dst, const char *restrict src, size_t n)
{
    stpncpy(dst, src, n);
    return dst;
}

char *
strcat(char *restrict dst, const char *restrict src)
{
    strcpy(dst + strlen(dst), src);
    return dst;
}

char *
strncat(char *restrict dst, const char *restrict src, size_t n)
{
    size_t len = strnlen(src, n);
    char *end = mempcpy(dst + strlen(dst), src, len);

    *end = '\0';
    return dst;
}

size_t
strlcpy(char *restrict dst, const char *restrict src, size_t size)
{
    size_t len = strlen(src);

    if (size > 0) {
        size_t n = len < size ? len : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}

size_t
strlcat(char *restrict dst, const char *restrict src, size_t size)
{
    size_t len = strnlen(dst, size);
    return len + strlcpy(dst + len, src, size - len);
}

int
strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++, b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int
strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0 && *a != '\0' && *a == *b; n--) {
        a++, b++;
    }
    return n == 0 ? 0 : (unsigned char)*a - (unsigned char)*b;
}

int
strncasecmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        int order = tolower((unsigned char)*a) - tolower((unsigned char)*b);
        if (order != 0 || *a == '\0') {
            return order;
        }
    }
    return 0;
}

int
strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, SIZE_MAX);
}

int
strcoll(const char *a, const char *b)
{
    return strcmp(a, b);
}

size_t
strxfrm(char *restrict dst, const char *restrict src, size_t n)
{
    return strlcpy(dst, src, n);
}

char *
strchrnul(const char *s, int c)
{
    while (*s != '\0' && *s != (char)c) {
        s++;
    }
    return (char *)s;
}

char *
strchr(const char *s, int c)
{
    char *p = strchrnul(s, c);
    return *p == (char)c ? p : NULL;
}

char *
strrchr(const char *s, int c)
{
    return memrchr(s, c, strlen(s) + 1);
}

struct byte_set {
    uint64_t bits[4];
};

static struct byte_set
set_of(const char *s)
{
    struct byte_set set = {{0}};

    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        set.bits[c / 64] |= (uint64_t)1 << c % 64;
    }
    return set;
}

static inline bool
set_has(const struct byte_set *set, char ch)
{
    unsigned char c = (unsigned char)ch;
    return (set->bits[c / 64] >> c % 64 & 1) != 0;
}

size_t
strspn(const char *s, const char *accept)
{
    struct byte_set set = set_of(accept);
    size_t n = 0;

    while (set_has(&set, s[n])) {
        n++;
    }
    return n;
}

size_t
strcspn(const char *s, const char *reject)
{
    struct byte_set set = set_of(reject);
    size_t n = 0;

    while (s[n] != '\0' && !set_has(&set, s[n])) {
        n++;
    }
    return n;
}

char *
strpbrk(const char *s, const char *accept)
{
    s += strcspn(s, accept);
    return *s != '\0' ? (char *)s : NULL;
}

/* Horspool: on a mismatch, moves the needle so that the byte under its last place is matched by
 * the last such byte in the needle. Shifts are capped at 255 to keep the table at 256 bytes. */
void *
memmem(const void *hay, size_t hay_len, const void *needle, size_t needle_len)
{
    const unsigned char *h = hay, *nd = needle;
    unsigned char shift[256];

    if (needle_len <= 1) {
        return needle_len == 0 ? (void *)hay : memchr(hay, *nd, hay_len);
    }
    size_t last = needle_len - 1;
    memset(shift, needle_len < 255 ? (int)needle_len : 255, sizeof shift);
    for (size_t i = last < 255 ? 0 : last - 254; i < last; i++) {
        shift[nd[i]] = (unsigned char)(last - i);
    }
    while (hay_len >= needle_len) {
        if (h[last] == nd[last] && memcmp(h, nd, last) == 0) {
            return (void *)h;
        }
        size_t step = shift[h[last]];
        hay_len -= step;
        h += step;
    }
    return NULL;
}

char *
strstr(const char *hay, const char *needle)
{
    return memmem(hay, strlen(hay), needle, strlen(needle));
}

char *
strtok_r(char *restrict s, const char *restrict delim, char **restrict save)
{
    s = s != NULL ? s : *save;
    s += strspn(s, delim);
    if (*s == '\0') {
        *save = s;
        return NULL;
    }
    char *end = s + strcspn(s, delim);
    *save = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return s;
}

char *
strtok(char *restrict s, const char *restrict delim)
{
    static char *save = (char *)"";
    return strtok_r(s, delim, &save);
}

char *
strsep(char **restrict s, const char *restrict delim)
{
    char *start = *s;

    if (start == NULL) {
        return NULL;
    }
    char *end = start + strcspn(start, delim);
    *s = *end != '\0' ? end + 1 : NULL;
    *end = '\0';
    return start;
}

char *
strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = malloc(len + 1);

    if (copy != NULL) {
        memcpy(copy, s, len);
        copy[len] = '\0';
    }
    return copy;
}

char *
strdup(const char *s)
{
    return strndup(s, SIZE_MAX);
}
