/* SPDX-License-Identifier: MIT */
/* stdlib.h -- memory, numbers, sorting, ending the program. */
#pragma once

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 0x7fffffff

typedef struct {
    int quot, rem;
} div_t;
typedef struct {
    long quot, rem;
} ldiv_t;
typedef struct {
    long long quot, rem;
} lldiv_t;

void *malloc(size_t size) __attribute__((__malloc__));
void *calloc(size_t n, size_t size) __attribute__((__malloc__));
void *realloc(void *p, size_t size);
void *aligned_alloc(size_t align, size_t size) __attribute__((__malloc__));
void free(void *p);

/* Every goroutine stops, no deferred call runs, the machine powers off with status modulo 256. */
_Noreturn void exit(int status);
/* As exit(134). */
_Noreturn void abort(void);
/* There is no environment: always NULL. */
char *getenv(const char *name);

int atoi(const char *s);
long atol(const char *s);
long long atoll(const char *s);
double atof(const char *s);
long strtol(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);
float strtof(const char *restrict s, char **restrict end);
double strtod(const char *restrict s, char **restrict end);

int abs(int n);
long labs(long n);
long long llabs(long long n);
div_t div(int num, int den);
ldiv_t ldiv(long num, long den);
lldiv_t lldiv(long long num, long long den);

/* One sequence shared by all goroutines; rand_r keeps the caller's own. */
int rand(void);
void srand(unsigned seed);
int rand_r(unsigned *seed);

void qsort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *));
void qsort_r(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *, void *),
             void *arg);
void *bsearch(const void *key, const void *base, size_t n, size_t size,
              int (*cmp)(const void *, const void *));
