/* SPDX-License-Identifier: MIT */
/*
 * kernel_stubs.c -- what the memory modules need of the kernel, in a process.
 */
#define _GNU_SOURCE
#include "kernel_stubs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cpu.h>
#include <machine.h>
#include <memlayout.h>
#include <port.h>
#include <print.h>

#define ALIGN     (1ull << 30) /* of DIRECT_BASE, so that virtual alignment is physical */
#define EXPECTED  42
#define TIMEOUT_S 60

uintptr_t stub_direct_base;

static struct cpu cpus[MAX_CPUS];
static const char *expected_words;

/* atomic: cores that are some thread's */
static uint8_t core_taken[MAX_CPUS];

/* one a thread */
static __thread unsigned core;
static __thread unsigned ncores;
static __thread bool migrates;
static __thread int preempt_depth;
static __thread bool on_core_stack;
static __thread unsigned core_calls;
static __thread unsigned seed;

void
stub_ram(uint64_t span)
{
    char *p =
        mmap(NULL, span + ALIGN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        perror("# mmap");
        _exit(1);
    }
    stub_direct_base = ((uintptr_t)p + ALIGN - 1) & -ALIGN;
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        cpus[i].id = i;
    }
}

void
stub_ram_add(uint64_t pa, uint64_t len)
{
    if (mprotect(phys_to_virt(pa), len, PROT_READ | PROT_WRITE) != 0) {
        perror("# mprotect");
        _exit(1);
    }
}

static int
run_child(void (*fn)(void), const unsigned *failed_checks)
{
    pid_t pid;
    int status = 0;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        unsigned before = failed_checks ? *failed_checks : 0;

        alarm(TIMEOUT_S);
        fn();
        fflush(stdout);
        _exit(failed_checks && *failed_checks != before ? 1 : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("# fork");
        return -1;
    }
    if (WIFSIGNALED(status)) {
        printf("# ended by signal %d\n", WTERMSIG(status));
        return -1;
    }
    return WEXITSTATUS(status);
}

bool
stub_run(void (*fn)(void), const unsigned *failed_checks)
{
    return run_child(fn, failed_checks) == 0;
}

bool
stub_throws(void (*fn)(void), const char *words)
{
    int status;

    expected_words = words;
    status = run_child(fn, NULL);
    expected_words = NULL;
    if (status != EXPECTED) {
        printf("# no throw with \"%s\": status %d\n", words, status);
    }
    return status == EXPECTED;
}

static void
core_take(unsigned n)
{
    uint8_t none = 0;

    do {
        none = 0;
        core = (unsigned)rand_r(&seed) % n;
    } while (!__atomic_compare_exchange_n(&core_taken[core], &none, 1, false, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
}

void
stub_core_enter(unsigned n, bool migrate)
{
    seed = (unsigned)(uintptr_t)&seed;
    core_take(n);
    ncores = n;
    migrates = migrate;
}

void
stub_core_leave(void)
{
    migrates = false;
    __atomic_store_n(&core_taken[core], 0, __ATOMIC_RELEASE);
    core = 0;
}

unsigned
stub_core_calls(void)
{
    return core_calls;
}

__attribute__((noinline)) struct cpu *
this_cpu(void)
{
    return &cpus[core];
}

void
arch_preempt_off(void)
{
    preempt_depth++;
}

void
arch_preempt_on(void)
{
    if (--preempt_depth < 0) {
        panic_throw("arch_preempt_on: depth %d", preempt_depth);
    }
    if (preempt_depth == 0 && migrates && rand_r(&seed) % 64 == 0) {
        __atomic_store_n(&core_taken[core], 0, __ATOMIC_RELEASE);
        core_take(ncores);
    }
}

void *
call_on_core_stack(void *(*fn)(void *), void *arg)
{
    void *result;

    if (on_core_stack) {
        panic_throw("call_on_core_stack: within itself");
    }
    core_calls++;
    arch_preempt_off();
    on_core_stack = true;
    result = fn(arg);
    on_core_stack = false;
    arch_preempt_on();
    return result;
}

void
kprintf(const char *fmt, ...)
{
    va_list ap;

    printf("# ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}

void
panic_throw(const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (expected_words && strstr(text, expected_words)) {
        _exit(EXPECTED);
    }
    printf("# throw: %s\n", text);
    fflush(stdout);
    abort();
}

/* kernel/spin.h: nothing is reported here. */
bool
spin_for_ever(void)
{
    return false;
}
