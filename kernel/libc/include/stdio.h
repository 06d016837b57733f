/* SPDX-License-Identifier: MIT */
/* stdio.h -- formatted output to the console, lines from it; there are no files. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF (-1)
#define BUFSIZ 512
#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

typedef struct gamp_file FILE;

extern FILE *const gamp_stdin;
extern FILE *const gamp_stdout;
extern FILE *const gamp_stderr;
#define stdin gamp_stdin
#define stdout gamp_stdout
#define stderr gamp_stderr

#define GAMP_PRINTF(fmt, first) __attribute__((format(__printf__, fmt, first)))

/* One call's output is never interleaved with another's. All of these may park the goroutine. */
int printf(const char *restrict fmt, ...) GAMP_PRINTF(1, 2);
int vprintf(const char *restrict fmt, va_list ap) GAMP_PRINTF(1, 0);
int fprintf(FILE *restrict f, const char *restrict fmt, ...) GAMP_PRINTF(2, 3);
int vfprintf(FILE *restrict f, const char *restrict fmt, va_list ap) GAMP_PRINTF(2, 0);
int puts(const char *s);
int putchar(int c);
int fputs(const char *restrict s, FILE *restrict f);
int fputc(int c, FILE *f);
int putc(int c, FILE *f);
size_t fwrite(const void *restrict p, size_t size, size_t n, FILE *restrict f);
void perror(const char *s);

/* None of these parks. */
int sprintf(char *restrict buf, const char *restrict fmt, ...) GAMP_PRINTF(2, 3);
int vsprintf(char *restrict buf, const char *restrict fmt, va_list ap) GAMP_PRINTF(2, 0);
int snprintf(char *restrict buf, size_t n, const char *restrict fmt, ...) GAMP_PRINTF(3, 4);
int vsnprintf(char *restrict buf, size_t n, const char *restrict fmt, va_list ap)
    GAMP_PRINTF(3, 0);

/* These park until the console has a line. */
int getchar(void);
int getc(FILE *f);
int fgetc(FILE *f);
int ungetc(int c, FILE *f);
char *fgets(char *restrict buf, int n, FILE *restrict f);

/* Output is handed over at the end of each call: there is never anything to flush. */
int fflush(FILE *f);
int setvbuf(FILE *restrict f, char *restrict buf, int mode, size_t size);
void setbuf(FILE *restrict f, char *restrict buf);
int feof(FILE *f);
int ferror(FILE *f);
void clearerr(FILE *f);
