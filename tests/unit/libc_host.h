/* SPDX-License-Identifier: MIT */
/*
 * libc_host.h -- kernel/libc beside the host's C library, for differential tests.
 *
 * The library's files are compiled with their own headers and other names:
 *     -include tests/unit/libc_rename.h -ffreestanding -nostdinc
 *     -isystem <the compiler's include> -Ikernel/libc/include -Isched/include -Ikernel
 * a test with the host's (-fno-builtin -Itests/unit), and both are linked with -lm -pthread.
 * Included by one file a program: what the library calls is defined here.
 */
#pragma once

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "tap.h"

/* Declares gamp_x with the type of the host's x. */
#define OURS(name) extern __typeof__(name) gamp_##name

/* ---- a console ---- */

static struct {
    char text[1 << 20];
    size_t len;
    unsigned writes;
    const char *input; /* lines still to be read */
} console;

void console_write(const char *s, size_t n);
ssize_t readline(char *buf, size_t n);

/* Called under the library's output mutex, or this is not safe among threads: which is tested. */
void
console_write(const char *s, size_t n)
{
    if (n <= sizeof console.text - console.len) {
        memcpy(console.text + console.len, s, n);
        console.len += n;
    }
    console.writes++;
}

ssize_t
readline(char *buf, size_t n)
{
    size_t len = console.input != NULL ? strcspn(console.input, "\n") : 0;

    if (console.input == NULL || *console.input == '\0') {
        return -1;
    }
    if (len > n - 1) {
        len = n - 1;
    }
    memcpy(buf, console.input, len);
    buf[len] = '\0';
    console.input += len;
    /* A line that fills buf may have more to come, or only its newline: the next call's. */
    if (len < n - 1 && *console.input == '\n') {
        console.input++;
    }
    return (ssize_t)len;
}

/* ---- a mutex, errno, memory ---- */

static pthread_mutex_t host_mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread int host_errno;

struct mutex;
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
int *gamp_errno(void);
void *gamp_malloc(size_t n);
void gamp_abort(void);

void
mutex_lock(struct mutex *m)
{
    (void)m;
    pthread_mutex_lock(&host_mutex);
}

void
mutex_unlock(struct mutex *m)
{
    (void)m;
    pthread_mutex_unlock(&host_mutex);
}

int *
gamp_errno(void)
{
    return &host_errno;
}

void *
gamp_malloc(size_t n)
{
    return malloc(n);
}

void
gamp_abort(void)
{
    abort();
}

/* ---- random numbers: the same in every run ---- */

static uint64_t random_state = 20240229;

static inline uint64_t
random_u64(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline unsigned
random_below(unsigned n)
{
    return (unsigned)(random_u64() % n);
}

/* Any bits, a number of everyday size, or one with few digits: errors differ among them. */
static inline double
random_double(void)
{
    uint64_t bits = random_u64();
    double x;

    switch (random_below(4)) {
    case 0:
        memcpy(&x, &bits, sizeof x);
        return x;
    case 1:
        return (double)(int64_t)bits / 0x1p50;
    case 2:
        return (double)(int)(bits % 2000001 - 1000000) / 1000;
    default:
        bits = (bits & ~((uint64_t)0x7ff << 52)) | (uint64_t)(1023 - 40 + random_below(80)) << 52;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
}
