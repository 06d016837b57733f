/* SPDX-License-Identifier: MIT */
/*
 * signal_host.c -- a core's interrupts and faults, as signals of its thread.
 *
 * Every handler runs on the thread's own signal stack, as every vector on the metal has its own:
 * a goroutine's stack may have no room left.
 *
 * Protocol     preempting a goroutine (as kernel/port/port.c)
 *              1 the handler asks sched_interrupt(): should it go?
 *              2 preemption is on, and the program counter in the program's own text: it is made to
 *                call host_async_preempt on its own stack, below its red zone, with preemption
 *                off once; the signal returns there
 *                preemption is off: arch_preempt_on will see the wish
 *                elsewhere, that is, in the C library, which may hold a lock or a thread's own
 *                data: the wish stays, and the timer asks again soon
 *              Under a sanitizer: see arch_host.c.
 * Rejected     Calling sched_preempt from within the handler: the signal's frame, and the mask the
 *              kernel restores, belong to a thread that the goroutine may have left by then.
 *              glibc's sigaction: ThreadSanitizer takes it over and delays each signal.
 */
#define _GNU_SOURCE
#include "host.h"

#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "arch.h"

enum { SIGNAL_STACK = 64 << 10, SAVE_ROOM = 8192, SA_RESTORER_ = 0x04000000, IRQ = 34 + 5 };
#define RETRY_NS 100000 /* until a goroutine caught in the C library is asked again */

struct kernel_sigaction {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

uint64_t host_xsave_size;
uint32_t host_xsave_mask;

/* ---- interrupts ---- */

static bool
in_own_text(uintptr_t pc)
{
    return pc >= (uintptr_t)__executable_start && pc < (uintptr_t)etext;
}

static void
push(mcontext_t *at, uintptr_t value)
{
    at->gregs[REG_RSP] -= 8;
    *(uintptr_t *)at->gregs[REG_RSP] = value;
}

static bool
preemptible(const struct host_core *c, const mcontext_t *at)
{
    uintptr_t sp = (uintptr_t)at->gregs[REG_RSP];
    return (c->preempt & ~PREEMPT_NONE) == 0 && host_on_stack(c, sp)
           && sp - SAVE_ROOM > ((const struct arch_g *)c->g)->stack.lo + GUARD
           && in_own_text((uintptr_t)at->gregs[REG_RIP]);
}

static void
serve(struct host_core *c, mcontext_t *at)
{
    if (atomic_load(&host_stopping) && !in_own_text((uintptr_t)at->gregs[REG_RIP])) {
        return;
    }
    if (!(c->preempt & PREEMPT_NONE)) {
        c->poked = true; /* an old wish */
    }
    if (!host_interrupt(c)) {
        return;
    }
    if (preemptible(c, at)) {
        at->gregs[REG_RSP] -= RED_ZONE;
        push(at, (uintptr_t)at->gregs[REG_RIP]);
        at->gregs[REG_RIP] = (long long)(uintptr_t)host_async_preempt;
        c->preempt = PREEMPT_NONE | 1;
        return;
    }
    c->preempt &= ~PREEMPT_NONE;
    if ((c->preempt & ~PREEMPT_NONE) == 0) {
        int64_t wanted = c->wanted, soon = arch_nanotime() + RETRY_NS;
        arch_timer_set(soon < wanted ? soon : wanted);
        c->wanted = wanted;
    }
}

/* Polling, this touches the core's own words and nothing else. */
UNINSTRUMENTED static void
on_interrupt(int number, siginfo_t *info, void *context)
{
    struct host_core *c = &host_core;
    (void)number;
    if (c->cell == NULL) {
        return;
    }
    if (info->si_code == SI_TIMER) {
        if (c->wanted == INT64_MAX && (c->preempt & PREEMPT_NONE)) {
            c->armed = INT64_MAX;
            return;
        }
        c->fired = true;
    } else {
        c->poked = true;
    }
    if (c->irq_off) {
        *(volatile uint32_t *)&c->cell->doorbell = 1;
    } else if (HOST_POLL) {
        __asm__ volatile("andl %1, %0" : "+m"(c->preempt) : "i"(~PREEMPT_NONE) : "cc");
    } else {
        int err = errno;
        serve(c, &((ucontext_t *)context)->uc_mcontext);
        errno = err;
    }
}

/* A core that is not up yet looks at everything when it is. */
void
host_poke(struct host_cell *cell)
{
    if (atomic_load(&cell->up)) {
        syscall(SYS_tgkill, getpid(), cell->tid, IRQ);
    }
}

/* ---- faults ---- */

static const char *
fault_words(int number, const siginfo_t *info)
{
    switch (number) {
    case SIGFPE:
        return info->si_code == FPE_INTDIV ? "integer divide by zero" : "floating point exception";
    case SIGILL:
        return "illegal instruction";
    default:
        return "invalid memory address or nil pointer dereference";
    }
}

static void
inject_fault(mcontext_t *at, uintptr_t address, const char *what)
{
    uintptr_t pc = (uintptr_t)at->gregs[REG_RIP];
    at->gregs[REG_RSP] = (long long)(((uintptr_t)at->gregs[REG_RSP] - RED_ZONE) & ~15ul);
    push(at, pc);
    at->gregs[REG_RDI] = (long long)address;
    at->gregs[REG_RSI] = (long long)pc;
    at->gregs[REG_RDX] = (long long)(uintptr_t)what;
    at->gregs[REG_RCX] = 0;
    at->gregs[REG_EFL] &= ~0x400ll; /* DF */
    if (at->fpregs != NULL) {       /* the x87 registers are empty */
        at->fpregs->swd = 0;
        at->fpregs->ftw = 0;
    }
    at->gregs[REG_RIP] = (long long)(uintptr_t)sched_fault;
}

static void
on_fault(int number, siginfo_t *info, void *context)
{
    struct host_core *c = &host_core;
    mcontext_t *at = &((ucontext_t *)context)->uc_mcontext;
    uintptr_t sp = (uintptr_t)at->gregs[REG_RSP], address = (uintptr_t)info->si_addr;
    const char *what = fault_words(number, info);

    if (c->m != NULL && sched_in_goroutine()) {
        uintptr_t lo = ((struct arch_g *)c->g)->stack.lo;
        if (address >= lo && address < lo + GUARD) {
            c->irq_off = 1;
            sched_stack_overflow(sp);
        }
        if ((c->preempt & ~PREEMPT_NONE) == 0 && host_on_stack(c, sp - RED_ZONE - 64)) {
            inject_fault(at, address, what);
            return;
        }
    }
    arch_throw("signal %d: %s (address %p, pc %p, sp %p)", number, what, info->si_addr,
               (void *)at->gregs[REG_RIP], (void *)sp);
}

static void
on_abort(int number, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    arch_exit(128 + number);
}

/* ---- setting up ---- */

static void
handle(int number, void (*fn)(int, siginfo_t *, void *))
{
    struct kernel_sigaction how = {
        fn,
        SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESTORER_,
        host_sigreturn,
        1ull << (IRQ - 1),
    };
    if (syscall(SYS_rt_sigaction, number, &how, NULL, sizeof(how.mask)) != 0) {
        arch_throw("rt_sigaction %d: error %d", number, errno);
    }
}

/* Room for x87, SSE, AVX and AVX-512 state, in the standard layout (1, 13.4). */
static void
measure_xsave(void)
{
    uint32_t a, b, c, d, wide = 0xe7;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) {
        return; /* no OSXSAVE */
    }
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    host_xsave_mask = a & wide;
    host_xsave_size = 512 + 64;
    for (uint32_t i = 2; i < 8; i++) {
        if (host_xsave_mask >> i & 1) {
            __get_cpuid_count(0xd, i, &a, &b, &c, &d);
            host_xsave_size = a + b > host_xsave_size ? a + b : host_xsave_size;
        }
    }
}

void
host_signals_init(void)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    measure_xsave();
    handle(IRQ, on_interrupt);
    handle(SIGABRT, on_abort);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        handle(faults[i], on_fault);
    }
}

/* On the thread itself. */
void
host_core_signals(struct host_cell *cell)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = IRQ };
    void *at = mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = { .ss_sp = at, .ss_size = SIGNAL_STACK };
    event._sigev_un._tid = cell->tid;
    if (at == MAP_FAILED || sigaltstack(&stack, NULL) != 0
        || timer_create(CLOCK_MONOTONIC, &event, &cell->timer) != 0) {
        arch_throw("core %d: no signal stack or no timer: error %d", cell->id, errno);
    }
}
