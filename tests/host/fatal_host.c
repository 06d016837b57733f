/* SPDX-License-Identifier: MIT */
/*
 * fatal_host.c -- words for people, and how a process ends.
 *
 * Protocol     stopping the others
 *              1 host_stopping = true             1 a signal, or a look at its own next stop
 *              2 a signal to each, until it has   2 in the program's own text: stop for ever
 *                stopped, half a second at most     in the C library: go on, it may hold the lock
 *                                                   of stdout that the last flush needs
 */
#define _GNU_SOURCE
#include <gamp.h>

#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"

enum { STOP_MS = HOST_POLL ? 50 : 500, FRAMES_MAX = 24, LINE = 1024, TSAN_STATUS = 66 };

_Atomic(bool) host_stopping;
static _Atomic(int) stopper; /* core + 1 */
static _Atomic(unsigned) races;

/* ---- words ---- */

static int
my_id(void)
{
    return host_core.cell != NULL ? host_core.cell->id : HOST_CORES_MAX;
}

/* What is in stdout's buffer comes first, unless a core was stopped that holds its lock. */
static void
flush(void)
{
    for (int i = 0; i < 100; i++) {
        if (ftrylockfile(stdout) == 0) {
            fflush(stdout);
            funlockfile(stdout);
            return;
        }
        if (!atomic_load(&host_stopping)) {
            return;
        }
        usleep(1000);
    }
}

void
arch_print(const char *fmt, ...)
{
    char line[LINE];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    arch_preempt_off();
    flush();
    size_t len = n < 0 ? 0 : n < LINE ? (size_t)n : LINE - 1;
    for (size_t at = 0; at < len;) {
        ssize_t wrote = write(STDOUT_FILENO, line + at, len - at);
        if (wrote <= 0) {
            break;
        }
        at += (size_t)wrote;
    }
    arch_preempt_on();
}

void
arch_format(char *buf, size_t n, const char *fmt, va_list ap)
{
    vsnprintf(buf, n, fmt, ap);
}

static void
print_address(uintptr_t pc)
{
    size_t offset = 0;
    const char *name = arch_symbol(pc, &offset);
    arch_print("\t%016lx %s+0x%zx\n", pc, name != NULL ? name : "?", offset);
}

UNINSTRUMENTED static void
print_frames(uintptr_t frame, uintptr_t lo, uintptr_t hi)
{
    for (int n = 0; frame >= lo && frame + 16 <= hi && frame % 8 == 0; n++) {
        const uintptr_t *f = (const uintptr_t *)frame;
        if (f[1] == 0) {
            return;
        }
        if (n == FRAMES_MAX) {
            arch_print("\t...more frames\n");
            return;
        }
        print_address(f[1] - 1); /* within the call, not after it */
        if (f[0] <= frame) {
            return;
        }
        frame = f[0];
    }
}

/* Of a g that does not run. A new one has no frame to follow. */
#if HOST_POLL
UNINSTRUMENTED static void
print_parked(const struct arch_g *g) /* switch_host.S has the picture */
{
    const uintptr_t *sp = (const uintptr_t *)g->context.sp;
    if (sp[0] == (uintptr_t)host_first) {
        print_address(sp[1]);
    } else {
        print_address(sp[7] - 1);
        print_frames(sp[6], g->stack.lo, g->stack.hi);
    }
}
#else
static void
print_parked(const struct arch_g *g)
{
    const uintptr_t *sp = (const uintptr_t *)g->context.sp; /* machine.h has the picture */
    print_address(sp[0]);
    print_frames(sp[1], g->stack.lo, g->stack.hi);
}
#endif

UNINSTRUMENTED void
arch_backtrace(const struct g *gp)
{
    const struct arch_g *g = (const struct arch_g *)gp;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (gp == this_g() && !(here >= g->stack.lo && here < g->stack.hi)) {
        arch_print("\ton a signal stack\n");
    } else if (gp == this_g()) {
        print_frames(here, g->stack.lo, g->stack.hi);
    } else {
        print_parked(g);
    }
}

/* ---- ends ---- */

static void
stop_for_ever(void)
{
    if (host_core.cell != NULL) {
        atomic_store(&host_core.cell->stopped, true);
    }
    for (;;) {
        pause();
    }
}

void
host_stop_if_asked(struct host_core *c)
{
    if (atomic_load_explicit(&host_stopping, memory_order_relaxed)
        && atomic_load(&stopper) != c->cell->id + 1) {
        stop_for_ever();
    }
}

void
arch_stop_others(void)
{
    int me = my_id() + 1, none = 0;
    if (!atomic_compare_exchange_strong(&stopper, &none, me)) {
        if (none != me) {
            stop_for_ever();
        }
        return;
    }
    atomic_store(&host_stopping, true);
    for (int tries = 0, running = 1; running != 0 && tries < STOP_MS * 5; tries++) {
        running = 0;
        for (int i = 0; i < host_ncores; i++) {
            struct host_cell *cell = &host_cells[i];
            if (i + 1 != me && atomic_load(&cell->up) && !atomic_load(&cell->stopped)) {
                running++;
                host_poke(cell);
            }
        }
        if (running != 0) {
            usleep(200);
        }
    }
}

void
arch_exit(int status)
{
    arch_preempt_off();
    arch_stop_others();
    flush();
    _exit(atomic_load(&races) > 0 ? TSAN_STATUS : status & 255);
}

/* A debugger or a core dump shows them better. */
void
arch_print_registers(const void *registers)
{
    (void)registers;
}

void
arch_throw(const char *fmt, ...)
{
    static _Atomic(int) depth;
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    arch_preempt_off();
    if (atomic_fetch_add(&depth, 1) > 0) {
        arch_print("\nfatal error: gamp: %s, while reporting another failure\n", text);
        _exit(2);
    }
    arch_stop_others();
    arch_print("\nfatal error: gamp: %s\n", text);
    arch_print("core %d, goroutine %p:\n", my_id(), (void *)this_g());
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    print_frames(here, here, here + (16 << 10));
    arch_exit(2);
}

/* What the application calls; the C library's would run while the other cores go on. */
void
exit(int status)
{
    trace_stop();
    arch_exit(status & 255);
}

/* ThreadSanitizer's: its own way to a status is an exit handler, which never runs here. */
void __tsan_on_report(void *report);
UNINSTRUMENTED void
__tsan_on_report(void *report)
{
    (void)report;
    *(volatile unsigned *)&races = 1;
}

const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0"; /* what only a parked goroutine holds looks lost */
}
