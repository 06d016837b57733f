/* SPDX-License-Identifier: MIT */
/*
 * switch.c -- gamp's bare switch, tests/host/machine.h's, without the scheduler.
 *
 * One operation is a switch one way, between two stacks. It keeps what a goroutine keeps: control
 * words and errno.
 */
#include "rival.h"

#include <errno.h>
#include <host.h>

_Thread_local struct host_core host_core __attribute__((tls_model("local-exec")));
int64_t host_errno_at;

static struct arch_g here, there;
static char stack[65536] __attribute__((aligned(16)));

static void
bounce(struct g *prev, struct g *self, uintptr_t after)
{
    for (;;) {
        prev = arch_context_switch(self, prev, after).prev;
    }
}

static void
switches(long n)
{
    uintptr_t *sp = (uintptr_t *)(stack + sizeof stack);
    char *self;
    __asm__("movq %%fs:0, %0" : "=r"(self));
    host_errno_at = (char *)&errno - self;
    *--sp = 0;
    *--sp = (uintptr_t)bounce;
    there.context.sp = (uintptr_t)sp;
    __asm__("stmxcsr %0\n\tfnstcw %1" : "=m"(there.context.mxcsr), "=m"(there.context.fcw));
    int64_t began = rival_now();
    for (long i = 0; i < n / 2; i++) {
        arch_context_switch((struct g *)&here, (struct g *)&there, 1);
    }
    rival_line("switch", n, rival_now() - began);
}

int
main(int argc, char **argv)
{
    static const struct rival_row rows[] = { { "switch", switches, 20000000, false } };
    return rival_main(argc, argv, rows, 1);
}
