/* SPDX-License-Identifier: MIT */
/*
 * stdio.c -- printf and its family on the console, characters and lines from it.
 *
 * Invariants   1. one call's output is never interleaved with another's
 *              2. nothing stays in the output buffer between calls
 * Locks        output.mutex around each call that prints, input.mutex around each that reads;
 *              never both at once
 * Context      any goroutine. All but the s*printf calls may park, and must not be made by an
 *              interrupt
 */
#include <errno.h>
#include <gamp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "format.h"

struct gamp_file {
    int number;
};

static struct gamp_file file_stdin = {0}, file_stdout = {1}, file_stderr = {2};
FILE *const stdin = &file_stdin;
FILE *const stdout = &file_stdout;
FILE *const stderr = &file_stderr;

/* ---- output ---- */

static struct {
    struct mutex mutex;
    /* mutex */
    size_t used;
    char text[BUFSIZ];
} output;

static void
output_flush(void)
{
    if (output.used > 0) {
        console_write(output.text, output.used);
        output.used = 0;
    }
}

static void
output_put(void *ctx, const char *s, size_t n)
{
    (void)ctx;
    if (n > sizeof output.text - output.used) {
        output_flush();
    }
    if (n > sizeof output.text) {
        console_write(s, n);
        return;
    }
    memcpy(output.text + output.used, s, n);
    output.used += n;
}

/* Every printing call but the formatted ones. The second text may be empty. */
static int
output_write(FILE *f, const char *s, size_t n, const char *s2, size_t n2)
{
    if (f == stdin) {
        errno = EBADF;
        return EOF;
    }
    mutex_lock(&output.mutex);
    output_put(NULL, s, n);
    output_put(NULL, s2, n2);
    output_flush();
    mutex_unlock(&output.mutex);
    return 0;
}

int
vfprintf(FILE *restrict f, const char *restrict fmt, va_list ap)
{
    if (f == stdin) {
        errno = EBADF;
        return EOF;
    }
    mutex_lock(&output.mutex);
    int n = format_emit(output_put, NULL, fmt, ap);
    output_flush();
    mutex_unlock(&output.mutex);
    return n;
}

int
vprintf(const char *restrict fmt, va_list ap)
{
    return vfprintf(stdout, fmt, ap);
}

int
printf(const char *restrict fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vfprintf(stdout, fmt, ap);
    va_end(ap);
    return n;
}

int
fprintf(FILE *restrict f, const char *restrict fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vfprintf(f, fmt, ap);
    va_end(ap);
    return n;
}

int
puts(const char *s)
{
    return output_write(stdout, s, strlen(s), "\n", 1);
}

int
fputs(const char *restrict s, FILE *restrict f)
{
    return output_write(f, s, strlen(s), "", 0);
}

int
fputc(int c, FILE *f)
{
    char ch = (char)c;
    return output_write(f, &ch, 1, "", 0) == 0 ? (unsigned char)c : EOF;
}

int
putc(int c, FILE *f)
{
    return fputc(c, f);
}

int
putchar(int c)
{
    return fputc(c, stdout);
}

size_t
fwrite(const void *restrict p, size_t size, size_t n, FILE *restrict f)
{
    size_t bytes;

    if (__builtin_mul_overflow(size, n, &bytes)) {
        errno = EOVERFLOW;
        return 0;
    }
    return bytes > 0 && output_write(f, p, bytes, "", 0) == 0 ? n : 0;
}

void
perror(const char *s)
{
    int err = errno;

    if (s != NULL && *s != '\0') {
        fprintf(stderr, "%s: %s\n", s, strerror(err));
    } else {
        fprintf(stderr, "%s\n", strerror(err));
    }
}

int
fflush(FILE *f)
{
    (void)f;
    return 0;
}

int
setvbuf(FILE *restrict f, char *restrict buf, int mode, size_t size)
{
    (void)f, (void)buf, (void)mode, (void)size;
    return 0;
}

void
setbuf(FILE *restrict f, char *restrict buf)
{
    (void)f, (void)buf;
}

/* ---- into memory ---- */

struct target {
    char *at;
    size_t room; /* the terminating NUL not counted */
};

static void
target_put(void *ctx, const char *s, size_t n)
{
    struct target *t = ctx;

    n = n < t->room ? n : t->room;
    memcpy(t->at, s, n);
    t->at += n;
    t->room -= n;
}

int
vsnprintf(char *restrict buf, size_t n, const char *restrict fmt, va_list ap)
{
    char nothing[1];
    struct target t = n > 0 ? (struct target){buf, n - 1} : (struct target){nothing, 0};

    int len = format_emit(target_put, &t, fmt, ap);
    *t.at = '\0';
    return len;
}

int
snprintf(char *restrict buf, size_t n, const char *restrict fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int len = vsnprintf(buf, n, fmt, ap);
    va_end(ap);
    return len;
}

int
vsprintf(char *restrict buf, const char *restrict fmt, va_list ap)
{
    return vsnprintf(buf, INT_MAX, fmt, ap);
}

int
sprintf(char *restrict buf, const char *restrict fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int len = vsnprintf(buf, INT_MAX, fmt, ap);
    va_end(ap);
    return len;
}

/* ---- input ---- */

static struct {
    struct mutex mutex;
    /* mutex */
    bool ended;
    int pushed_back; /* a character, plus one; 0: none */
    size_t next, len;
    char line[BUFSIZ];
} input;

/* False at end of input. A line that fills the buffer goes on in the next one, which may be
 * empty: only a shorter one has had its newline. */
static bool
input_fill(void)
{
    /* One byte stays free for the newline that readline has removed. */
    const size_t size = sizeof input.line - 1;
    ssize_t n = input.ended ? -1 : readline(input.line, size);

    input.next = input.len = 0;
    if (n < 0) {
        input.ended = true;
        return false;
    }
    input.len = (size_t)n;
    if (input.len < size - 1) {
        input.line[input.len++] = '\n';
    }
    return true;
}

static int
input_get(void)
{
    if (input.pushed_back != 0) {
        int c = input.pushed_back - 1;
        input.pushed_back = 0;
        return c;
    }
    while (input.next == input.len) {
        if (!input_fill()) {
            return EOF;
        }
    }
    return (unsigned char)input.line[input.next++];
}

int
fgetc(FILE *f)
{
    if (f != stdin) {
        errno = EBADF;
        return EOF;
    }
    mutex_lock(&input.mutex);
    int c = input_get();
    mutex_unlock(&input.mutex);
    return c;
}

int
getc(FILE *f)
{
    return fgetc(f);
}

int
getchar(void)
{
    return fgetc(stdin);
}

int
ungetc(int c, FILE *f)
{
    if (c == EOF || f != stdin) {
        return EOF;
    }
    mutex_lock(&input.mutex);
    bool room = input.pushed_back == 0;
    if (room) {
        input.pushed_back = (unsigned char)c + 1;
    }
    mutex_unlock(&input.mutex);
    return room ? (unsigned char)c : EOF;
}

char *
fgets(char *restrict buf, int n, FILE *restrict f)
{
    int len = 0, c = 0;

    if (f != stdin || n <= 0) {
        errno = f != stdin ? EBADF : EINVAL;
        return NULL;
    }
    mutex_lock(&input.mutex);
    while (len < n - 1 && c != '\n' && (c = input_get()) != EOF) {
        buf[len++] = (char)c;
    }
    mutex_unlock(&input.mutex);
    buf[len] = '\0';
    return len > 0 || n == 1 ? buf : NULL;
}

int
feof(FILE *f)
{
    if (f != stdin) {
        return 0;
    }
    mutex_lock(&input.mutex);
    bool ended = input.ended && input.next == input.len && input.pushed_back == 0;
    mutex_unlock(&input.mutex);
    return ended;
}

int
ferror(FILE *f)
{
    (void)f;
    return 0;
}

void
clearerr(FILE *f)
{
    (void)f;
    mutex_lock(&input.mutex);
    input.ended = false;
    mutex_unlock(&input.mutex);
}
