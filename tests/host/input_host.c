/* SPDX-License-Identifier: MIT */
/*
 * input_host.c -- lines from standard input, without holding up a core.
 *
 * Invariants   one goroutine at a time is in here: readers queue on `reading`
 * Protocol     reader                               the helper, a thread that is no core
 *              1 want = 1, wake it                  1 waits for want
 *              2 have? go on                        2 read(0)
 *              3 poll_wait; again from 2            3 have = 1  (release: the text is written)
 *                                                   4 host_input_ready, a signal to core 0,
 *                                                     whose handler says so
 *              It reads when asked to and not before: the application may use stdin itself.
 */
#define _GNU_SOURCE
#include "host.h"

#include <gamp.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"

_Atomic(bool) host_input_ready;
bool host_terminal;

static struct mutex reading;
static struct poll input;

/* reader, between have and want; helper, between want and have */
static struct {
    char text[4096];
    size_t at;
    ssize_t n;
    bool started;
} chunk;
static _Atomic(uint32_t) want, have;

bool console_interactive(void);
bool
console_interactive(void)
{
    return host_terminal;
}

void
host_input_wakeup(void)
{
    poll_ready(&input);
}

static void *
helper(void *unused)
{
    for (;;) {
        while (atomic_exchange(&want, 0) == 0) {
            syscall(SYS_futex, &want, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
        }
        chunk.n = read(STDIN_FILENO, chunk.text, sizeof(chunk.text));
        atomic_store(&have, 1);
        atomic_store(&host_input_ready, true);
        host_poke(&host_cells[0]);
    }
    return unused;
}

/* Its thread takes no signals: they are for cores. */
static void
start_helper(void)
{
    pthread_t thread;
    sigset_t all, was;
    arch_preempt_off();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    int err = pthread_create(&thread, NULL, helper, NULL);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    if (err != 0) {
        arch_throw("readline: pthread_create: error %d", err);
    }
    arch_preempt_on();
    chunk.started = true;
}

/* Makes chunk hold something. False: the input has ended. */
static bool
fill(void)
{
    if (!chunk.started) {
        start_helper();
    }
    if (chunk.at < (size_t)chunk.n) {
        return true;
    }
    chunk.at = 0;
    atomic_store(&have, 0);
    atomic_store(&want, 1);
    syscall(SYS_futex, &want, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    while (!atomic_load(&have)) {
        poll_wait(&input);
    }
    chunk.n = chunk.n < 0 ? 0 : chunk.n;
    return chunk.n > 0;
}

ssize_t
readline(char *buf, size_t n)
{
    ssize_t got = 0;
    char c = 0;
    if (n == 0) {
        return 0;
    }
    mutex_lock(&reading);
    while (got < (ssize_t)n - 1 && c != '\n' && (got >= 0 && fill())) {
        c = chunk.text[chunk.at++];
        if (c != '\n') {
            buf[got++] = c;
        }
    }
    if (got == 0 && c != '\n' && n > 1) {
        got = -1;
    }
    mutex_unlock(&reading);
    buf[got > 0 ? got : 0] = '\0';
    return got;
}
