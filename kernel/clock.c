/* SPDX-License-Identifier: MIT */
/*
 * clock.c -- time since boot, by the processor's time-stamp counter.
 *
 *     ns = (tsc - base) * mult >> 32
 *
 * Invariants   1. base, mult and the rates are constant before a second core runs; only
 *                 clock_check_done, with the other cores still waiting to be let go, may then
 *                 switch to the slow source.
 *              2. The slow source never goes backwards: slow_last only grows, by compare-and-swap.
 * Context      any; no lock.
 * Rejected     counting timer interrupts: they are dropped under load, and an idle core has none.
 */
#include "clock.h"

#include <stdatomic.h>
#include <stddef.h>

#include "acpi.h"
#include "calibrate.h"
#include "cpu.h"
#include "lapic.h"
#include "print.h"
#include "rtc.h"
#include "x86.h"

#define NS_PER_SECOND 1000000000ll

enum { STEP_ROUNDS = 200 };

static uint64_t base;
static uint64_t mult;         /* ns per tick, 32.32 */
static uint64_t ticks_per_ns; /* 32.32 */
static struct calibration cal;
static int64_t wall_base; /* time of day when the clock stood at 0 */

/* for machines whose TSCs disagree */
static const struct counter *slow; /* NULL: the TSC is the clock */
static uint64_t slow_mult;
static _Atomic uint64_t slow_last; /* ticks, extended to 64 bits */
static int64_t slow_offset;

static uint64_t boot_adjust;      /* the boot core's IA32_TSC_ADJUST */
static _Atomic unsigned adjusted; /* cores that had another */

static _Atomic uint64_t step_latest; /* the highest TSC that any core has shown */
static _Atomic uint64_t step_worst;  /* by how much another core has then been behind it */

static uint64_t
scale(uint64_t v, uint64_t factor)
{
    return (uint64_t)((unsigned __int128)v * factor >> 32);
}

void
clock_init(const struct acpi_info *acpi)
{
    boot_adjust = cpu_features.tsc_adjust ? rdmsr(MSR_TSC_ADJUST) : 0;
    calibrate(acpi, &cal);
    base = rdtsc();
    mult = ((uint64_t)NS_PER_SECOND << 32) / cal.tsc_hz;
    ticks_per_ns = (cal.tsc_hz << 30) / NS_PER_SECOND << 2; /* 17 GHz without overflow */
    lapic_timer_init(cal.lapic_hz, cal.tsc_hz);
    int64_t seconds = acpi->no_rtc ? -1 : rtc_read_unix(0); /* 0: this century */
    wall_base = seconds > 0 ? seconds * NS_PER_SECOND - clock_nanotime() : 0;
}

void
clock_print(void)
{
    kprintf("clock: tsc %lu.%03lu MHz by %s (+-%lu ppm), lapic timer %lu.%03lu MHz\n",
            cal.tsc_hz / 1000000, cal.tsc_hz / 1000 % 1000, cal.source, cal.error_ppm,
            cal.lapic_hz / 1000000, cal.lapic_hz / 1000 % 1000);
}

/* The counter is narrow: what has passed since the last look, modulo its width, is added. */
static int64_t
slow_nanotime(void)
{
    uint64_t last = atomic_load_explicit(&slow_last, memory_order_relaxed);
    for (;;) {
        uint64_t passed = (slow->read() - last) & slow->mask;
        if (passed > slow->mask / 2) {
            passed = 0; /* another core has looked later than this one */
        }
        if (atomic_compare_exchange_weak_explicit(&slow_last, &last, last + passed,
                                                  memory_order_relaxed, memory_order_relaxed)) {
            return (int64_t)scale(last + passed, slow_mult) + slow_offset;
        }
    }
}

int64_t
clock_nanotime(void)
{
    if (__builtin_expect(slow != NULL, 0)) {
        return slow_nanotime();
    }
    return (int64_t)scale(rdtsc() - base, mult);
}

int64_t
clock_walltime(void)
{
    return wall_base + clock_nanotime();
}

/* Relative to now: the two factors are rounded, and a deadline that came out a little before its
 * time, days after the boot, would be armed and found too early again and again. */
uint64_t
clock_ns_to_tsc(int64_t ns)
{
    const int64_t far = INT64_MAX / 16; /* 18 years */
    uint64_t now = rdtsc();
    int64_t delta = ns - (slow != NULL ? slow_nanotime() : (int64_t)scale(now - base, mult));
    if (delta <= 0) {
        return 0;
    }
    return now + scale((uint64_t)(delta < far ? delta : far), ticks_per_ns) + 1;
}

uint64_t
clock_tsc_hz(void)
{
    return cal.tsc_hz;
}

int64_t
clock_max_gap_ns(void)
{
    if (slow == NULL || slow->mask > UINT32_MAX) {
        return INT64_MAX;
    }
    return (int64_t)scale(slow->mask / 4, slow_mult);
}

void
clock_delay_us(unsigned us)
{
    uint64_t end = rdtsc() + scale((uint64_t)us * 1000, ticks_per_ns);
    while (rdtsc() < end) {
        cpu_relax();
    }
}

static void
raise_to(_Atomic uint64_t *max, uint64_t v)
{
    uint64_t seen = atomic_load_explicit(max, memory_order_relaxed);
    while (seen < v && !atomic_compare_exchange_weak(max, &seen, v)) {
    }
}

void
clock_join(void)
{
    if (cpu_features.tsc_adjust && rdmsr(MSR_TSC_ADJUST) != boot_adjust) {
        wrmsr(MSR_TSC_ADJUST, boot_adjust);
        atomic_fetch_add(&adjusted, 1);
    }
}

/* A value read here was read from another core's counter earlier in time, so it may not be higher
 * than this core's counter now. */
void
clock_check_step(void)
{
    for (int i = 0; i < STEP_ROUNDS; i++) {
        uint64_t latest = atomic_load(&step_latest);
        uint64_t now = rdtsc_ordered();
        if (now < latest) {
            raise_to(&step_worst, latest - now);
        } else {
            raise_to(&step_latest, now);
        }
        cpu_relax();
    }
}

static void
switch_to_slow(void)
{
    const struct counter *c = calibrate_fallback();
    if (c == NULL) {
        kprintf("clock: no other counter; times may step back\n");
        return;
    }
    int64_t now = clock_nanotime();
    slow_mult = ((uint64_t)NS_PER_SECOND << 32) / c->hz;
    atomic_store(&slow_last, c->read());
    slow_offset = now - (int64_t)scale(atomic_load(&slow_last), slow_mult);
    slow = c;
    kprintf("clock: using %s\n", c->name);
}

void
clock_check_done(void)
{
    uint64_t worst = atomic_load(&step_worst);
    if (atomic_load(&adjusted) > 0) {
        kprintf("clock: IA32_TSC_ADJUST of %u core%s was not the boot core's %#lx; now it is\n",
                atomic_load(&adjusted), atomic_load(&adjusted) == 1 ? "" : "s", boot_adjust);
    }
    if (worst > 0) {
        kprintf("clock: the cores' time-stamp counters differ by up to %lu ns\n",
                scale(worst, mult));
    }
    bool steady = cpu_features.invtsc || cpu_features.hypervised;
    if (worst > 0 || !steady) {
        switch_to_slow();
    }
}
