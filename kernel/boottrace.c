/* SPDX-License-Identifier: MIT */
/*
 * boottrace.c -- where the time from the loader's jump to main went, phase by phase.
 *
 * Times are of the boot core's time-stamp counter, which runs before all else; what a tick is
 * worth is known much later.
 *
 * Context      the boot core, from kmain to the first goroutine
 */
#include "boottrace.h"

#include <stdint.h>

#include "clock.h"
#include "memlayout.h"
#include "print.h"
#include "x86.h"

enum { PHASES = 16 };

extern const uint8_t boot_tsc[]; /* longmode.S's, where the image was loaded */

static struct {
    const char *name;
    uint64_t end;
} phases[PHASES];
static unsigned n;

void
boottrace_end(const char *name)
{
    if (n == PHASES) {
        throw("boottrace_end: no place for %s", name);
    }
    phases[n].name = name;
    phases[n++].end = rdtsc();
}

/* Since the entry, rounded down: so the differences of these add up to the last. */
static uint64_t
us_at(unsigned phase)
{
    const uint64_t *entry = (const uint64_t *)((uintptr_t)boot_tsc + KERNEL_BASE);
    return (phases[phase].end - *entry) / (clock_tsc_hz() / 1000000);
}

void
boottrace_print(void)
{
    uint64_t before = 0;
    kprintf("gamp: main after %lu us\nboot:", us_at(n - 1));
    for (unsigned i = 0; i < n; i++) {
        kprintf(" %s %lu%s", phases[i].name, us_at(i) - before, i + 1 < n ? "," : " us\n");
        before = us_at(i);
    }
}
