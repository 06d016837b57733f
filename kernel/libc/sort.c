/* SPDX-License-Identifier: MIT */
/*
 * sort.c -- qsort, qsort_r, bsearch.
 *
 * Invariants   1. n log n comparisons at worst: quicksort that splits badly becomes heapsort
 *              2. stack: one small frame a level, and only the smaller part is recursed into,
 *                 so log2(n) levels at most
 *              3. no access outside the array, even where cmp contradicts itself
 * Rejected     merge sort: it would have to allocate, and could then fail
 */
#include <stdint.h>
#include <stdlib.h>

enum { INSERTION_MAX = 12 };

struct sorter {
    size_t size;
    int (*cmp)(const void *, const void *, void *);
    void *arg;
};

static inline int
compare(const struct sorter *s, const char *a, const char *b)
{
    return s->cmp(a, b, s->arg);
}

static void
swap(const struct sorter *s, char *a, char *b)
{
    uint64_t x, y;
    size_t n = s->size;

    /* The builtin is a load or a store; in freestanding C, memcpy would be called. */
    for (; n >= sizeof x; n -= sizeof x, a += sizeof x, b += sizeof x) {
        __builtin_memcpy(&x, a, sizeof x);
        __builtin_memcpy(&y, b, sizeof y);
        __builtin_memcpy(a, &y, sizeof y);
        __builtin_memcpy(b, &x, sizeof x);
    }
    for (; n > 0; n--, a++, b++) {
        char c = *a;
        *a = *b;
        *b = c;
    }
}

static void
sort_insertion(const struct sorter *s, char *base, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (char *p = base + i * s->size; p > base; p -= s->size) {
            if (compare(s, p - s->size, p) <= 0) {
                break;
            }
            swap(s, p - s->size, p);
        }
    }
}

static void
heap_sink(const struct sorter *s, char *base, size_t root, size_t n)
{
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        char *c = base + child * s->size;
        if (child + 1 < n && compare(s, c, c + s->size) < 0) {
            child++;
            c += s->size;
        }
        if (compare(s, base + root * s->size, c) >= 0) {
            return;
        }
        swap(s, base + root * s->size, c);
    }
}

static void
sort_heap(const struct sorter *s, char *base, size_t n)
{
    for (size_t root = n / 2; root-- > 0;) {
        heap_sink(s, base, root, n);
    }
    while (--n > 0) {
        swap(s, base, base + n * s->size);
        heap_sink(s, base, 0, n);
    }
}

/* Brings the median of first, middle and last to the front: it becomes the pivot. */
static void
choose_pivot(const struct sorter *s, char *base, size_t n)
{
    char *mid = base + n / 2 * s->size, *last = base + (n - 1) * s->size;

    if (compare(s, mid, last) > 0) {
        swap(s, mid, last);
    }
    if (compare(s, mid, base) > 0) {
        swap(s, base, mid);
    } else if (compare(s, base, last) > 0) {
        swap(s, base, last);
    }
}

/* The pivot's final index. Both scans stop at equal elements, so equal keys split evenly. */
static size_t
partition(const struct sorter *s, char *base, size_t n)
{
    char *i = base, *j = base + n * s->size, *last = j - s->size;

    choose_pivot(s, base, n);
    for (;;) {
        do {
            i += s->size;
        } while (i < last && compare(s, i, base) < 0);
        do {
            j -= s->size;
        } while (j > base && compare(s, base, j) < 0);
        if (i >= j) {
            break;
        }
        swap(s, i, j);
    }
    swap(s, base, j);
    return (size_t)(j - base) / s->size;
}

static void
sort_quick(const struct sorter *s, char *base, size_t n, int depth)
{
    while (n > INSERTION_MAX) {
        if (depth-- == 0) {
            sort_heap(s, base, n);
            return;
        }
        size_t mid = partition(s, base, n);
        char *right = base + (mid + 1) * s->size;
        size_t right_n = n - mid - 1;
        if (mid < right_n) {
            sort_quick(s, base, mid, depth);
            base = right;
            n = right_n;
        } else {
            sort_quick(s, right, right_n, depth);
            n = mid;
        }
    }
    sort_insertion(s, base, n);
}

void
qsort_r(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *, void *),
        void *arg)
{
    struct sorter s = {size, cmp, arg};

    if (n < 2 || size == 0) {
        return;
    }
    sort_quick(&s, base, n, 2 * (64 - __builtin_clzl(n)));
}

typedef int (*compare_fn)(const void *, const void *);

static int
compare_plain(const void *a, const void *b, void *arg)
{
    return (*(compare_fn *)arg)(a, b);
}

void
qsort(void *base, size_t n, size_t size, compare_fn cmp)
{
    qsort_r(base, n, size, compare_plain, &cmp);
}

void *
bsearch(const void *key, const void *base, size_t n, size_t size, compare_fn cmp)
{
    const char *low = base;

    while (n > 0) {
        const char *mid = low + n / 2 * size;
        int order = cmp(key, mid);
        if (order == 0) {
            return (void *)mid;
        }
        if (order > 0) {
            low = mid + size;
            n--;
        }
        n /= 2;
    }
    return NULL;
}
