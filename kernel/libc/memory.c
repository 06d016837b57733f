/* SPDX-License-Identifier: MIT */
/*
 * memory.c -- memcpy, memmove, memset, memcmp, for everything: compiler, runtime, applications.
 *
 * Context      anywhere, interrupt and fault handlers included, hence -mgeneral-regs-only
 * Rejected     plain word loops without the asm barriers: the compiler turns them into calls of
 *              the very function they are in
 * Rejected     rep movs for every size: it costs some thirty cycles to start, so it begins at
 *              REP_BYTES
 */
#include <stdint.h>
#include <string.h>

enum { REP_BYTES = 512 };

/* Unaligned, aliasing views of memory. */
struct word {
    uint64_t v;
} __attribute__((packed, may_alias));
struct half {
    uint32_t v;
} __attribute__((packed, may_alias));

static inline uint64_t
load8(const void *p)
{
    return ((const struct word *)p)->v;
}

static inline void
store8(void *p, uint64_t v)
{
    ((struct word *)p)->v = v;
}

static inline uint32_t
load4(const void *p)
{
    return ((const struct half *)p)->v;
}

static inline void
store4(void *p, uint32_t v)
{
    ((struct half *)p)->v = v;
}

static inline void
barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

/* At most 16 bytes, overlapping in any way: everything is loaded before anything is stored. */
static inline void
copy_small(unsigned char *d, const unsigned char *s, size_t n)
{
    if (n >= 8) {
        uint64_t first = load8(s), last = load8(s + n - 8);
        store8(d, first);
        store8(d + n - 8, last);
    } else if (n >= 4) {
        uint32_t first = load4(s), last = load4(s + n - 4);
        store4(d, first);
        store4(d + n - 4, last);
    } else if (n > 0) {
        unsigned char first = s[0], middle = s[n / 2], last = s[n - 1];
        d[0] = first;
        d[n / 2] = middle;
        d[n - 1] = last;
    }
}

/* 17 to 32 bytes, likewise. */
static inline void
copy_medium(unsigned char *d, const unsigned char *s, size_t n)
{
    uint64_t w0 = load8(s), w1 = load8(s + 8), w2 = load8(s + n - 16), w3 = load8(s + n - 8);
    store8(d, w0);
    store8(d + 8, w1);
    store8(d + n - 16, w2);
    store8(d + n - 8, w3);
}

/* Also right where the blocks overlap and d < s. n > 16; the last word, which may end in the
 * middle of one already stored, is loaded first. Returns d, so that callers keep nothing. */
static __attribute__((noinline)) void *
copy_up(unsigned char *d, const unsigned char *s, size_t n)
{
    uint64_t last = load8(s + n - 8);
    unsigned char *dst = d, *d_last = d + n - 8;

    if (n >= REP_BYTES) {
        size_t words = n / 8;
        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
        store8(d_last, last);
        return dst;
    }
    for (; n >= 32; n -= 32, d += 32, s += 32) {
        uint64_t w0 = load8(s), w1 = load8(s + 8), w2 = load8(s + 16), w3 = load8(s + 24);
        store8(d, w0);
        store8(d + 8, w1);
        store8(d + 16, w2);
        store8(d + 24, w3);
        barrier();
    }
    for (; n >= 8; n -= 8, d += 8, s += 8) {
        store8(d, load8(s));
        barrier();
    }
    store8(d_last, last);
    return dst;
}

/* For overlapping blocks with d > s; n > 16. */
static inline void
copy_down(unsigned char *d, const unsigned char *s, size_t n)
{
    uint64_t first = load8(s);

    for (; n >= 32; n -= 32) {
        const unsigned char *from = s + n;
        unsigned char *to = d + n;
        uint64_t w0 = load8(from - 8), w1 = load8(from - 16);
        uint64_t w2 = load8(from - 24), w3 = load8(from - 32);
        store8(to - 8, w0);
        store8(to - 16, w1);
        store8(to - 24, w2);
        store8(to - 32, w3);
        barrier();
    }
    for (; n >= 8; n -= 8) {
        store8(d + n - 8, load8(s + n - 8));
        barrier();
    }
    store8(d, first);
}

void *
memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    if (n <= 16) {
        copy_small(dst, src, n);
    } else if (n <= 32) {
        copy_medium(dst, src, n);
    } else {
        return copy_up(dst, src, n);
    }
    return dst;
}

void *
memmove(void *dst, const void *src, size_t n)
{
    if (n <= 16) {
        copy_small(dst, src, n);
    } else if ((uintptr_t)dst - (uintptr_t)src >= n) {
        copy_up(dst, src, n);
    } else {
        copy_down(dst, src, n);
    }
    return dst;
}

void *
memset(void *dst, int c, size_t n)
{
    unsigned char *d = dst;
    uint64_t fill = (unsigned char)c * 0x0101010101010101u;

    if (n < 8) {
        if (n >= 4) {
            store4(d, (uint32_t)fill);
            store4(d + n - 4, (uint32_t)fill);
        } else if (n > 0) {
            d[0] = d[n / 2] = d[n - 1] = (unsigned char)c;
        }
        return dst;
    }
    store8(d + n - 8, fill);
    if (n >= REP_BYTES) {
        size_t words = n / 8;
        __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(fill) : "memory");
        return dst;
    }
    for (; n >= 32; n -= 32, d += 32) {
        store8(d, fill);
        store8(d + 8, fill);
        store8(d + 16, fill);
        store8(d + 24, fill);
        barrier();
    }
    for (; n >= 8; n -= 8, d += 8) {
        store8(d, fill);
        barrier();
    }
    return dst;
}

/* Little-endian words compare as their bytes do once swapped. */
static inline int
compare_words(uint64_t a, uint64_t b)
{
    return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;

    if (n >= 8) {
        const unsigned char *p_last = p + n - 8, *q_last = q + n - 8;
        for (; p < p_last; p += 8, q += 8) {
            uint64_t v = load8(p), w = load8(q);
            if (v != w) {
                return compare_words(v, w);
            }
        }
        uint64_t v = load8(p_last), w = load8(q_last);
        return v == w ? 0 : compare_words(v, w);
    }
    for (; n > 0; n--, p++, q++) {
        if (*p != *q) {
            return *p < *q ? -1 : 1;
        }
    }
    return 0;
}
