/* SPDX-License-Identifier: MIT */
/*
 * calibrate.c -- measures the time-stamp counter and the local APIC's timer.
 *
 * What the processor or the hypervisor states is believed; otherwise a counter of known rate is
 * watched for a few milliseconds. Both ends of the window are edges: the moment the counter was
 * seen to change, known to lie between two reads of the TSC. The narrowest of several edges is
 * taken, and windows grow until the two widths are small beside one, so a host that stops this
 * processor in the middle of a reading costs a little time and no accuracy.
 *
 * Invariants   1. Every loop has a bound that does not depend on the hardware working.
 *              2. Every rate is between MIN_HZ and MAX_HZ; others are not believed.
 * Rejected     the base frequency of CPUID 16h where anything can be measured: it is a round
 *              number from the catalogue, off by up to 3000 ppm.
 */
#include "calibrate.h"

#include <stdbool.h>
#include <stddef.h>

#include "acpi.h"
#include "cpu.h"
#include "hpet.h"
#include "lapic.h"
#include "pit.h"
#include "pmtimer.h"
#include "print.h"
#include <x86.h>

#define MIN_HZ 1000000ull
#define MAX_HZ 16000000000ull

enum {
    EDGES = 8,              /* tries for a narrow edge */
    EDGE_LOOKS = 20000,     /* until the counter changes: at least 1 ms */
    WINDOW_LOOKS = 4000000, /* until the window has passed */
    FIRST_WINDOW_MS = 2,
    LAST_WINDOW_MS = 16, /* the narrowest counter wraps after 55 */
    ATTEMPTS = 6,
    LAST_ATTEMPTS = 40, /* while nothing could be believed */
    GOOD_PPM = 200, /* the middle of the edges is about ten times as good as this bound */
};

struct edge {
    uint64_t counter;
    uint64_t tsc;
    uint64_t width; /* the TSC moved by this much around the edge */
};

/* a counter being looked at, and the longest time that nobody looked */
struct watch {
    const struct counter *c;
    uint64_t last_look;
    uint64_t widest_gap;
};

static struct counter fallback;

static bool
believable(uint64_t hz)
{
    return hz >= MIN_HZ && hz <= MAX_HZ;
}

/* CPUID 15h: crystal frequency and ratio. Where the crystal is not given there is only 16h. */
static uint64_t
stated_by_cpu(void)
{
    if (cpu_features.max_leaf < 0x15) {
        return 0;
    }
    struct cpuid_regs r = cpuid(0x15);
    return r.eax != 0 && r.ebx != 0 && r.ecx != 0 ? (uint64_t)r.ecx * r.ebx / r.eax : 0;
}

/* The timing leaf that VMware began: kHz of the TSC and of the local APIC's timer. */
static uint64_t
stated_by_hypervisor(void)
{
    if (!cpu_features.hypervised || cpuid(0x40000000).eax < 0x40000010
        || cpuid(0x40000000).eax > 0x400000ff) {
        return 0;
    }
    return cpuid(0x40000010).eax * 1000ull;
}

static uint64_t
stated_by_catalogue(void)
{
    return cpu_features.max_leaf >= 0x16 ? (cpuid(0x16).eax & 0xffff) * 1000000ull : 0;
}

static uint64_t
look(struct watch *w)
{
    uint64_t now = rdtsc();
    if (w->last_look != 0 && now - w->last_look > w->widest_gap) {
        w->widest_gap = now - w->last_look;
    }
    w->last_look = now;
    return w->c->read();
}

/* One change of the counter, between the start of the look before it and the end of the look that
 * saw it. Where it moved by several, the last of them was at most one tick before that look.
 * False when it does not change. */
static bool
find_edge(struct watch *w, struct edge *e)
{
    uint64_t old = look(w);
    uint64_t before = w->last_look;
    for (int i = 0; i < EDGE_LOOKS; i++) {
        uint64_t now = look(w);
        if (now != old) {
            uint64_t end = rdtsc();
            uint64_t moved = (now - old) & w->c->mask;
            if (moved > 1) {
                before = w->last_look - (end - before) / moved;
            }
            *e = (struct edge){ now, before + (end - before) / 2, end - before };
            return true;
        }
        before = w->last_look;
    }
    return false;
}

static bool
find_narrow_edge(struct watch *w, struct edge *best)
{
    best->width = UINT64_MAX;
    for (int i = 0; i < EDGES; i++) {
        struct edge e;
        if (!find_edge(w, &e)) {
            return false;
        }
        if (e.width < best->width) {
            *best = e;
        }
    }
    return true;
}

/* Spins until the counter has moved by `ticks`. */
static bool
pass_window(struct watch *w, uint64_t from, uint64_t ticks)
{
    for (int i = 0; i < WINDOW_LOOKS; i++) {
        if (((look(w) - from) & w->c->mask) >= ticks) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

/* False when the counter does not count. The others wrap after seconds, but 16 bits go round in
 * 55 ms, and a busy host may stop this processor longer: such a window's error is UINT64_MAX. */
static bool
measure_window(const struct counter *c, unsigned ms, struct calibration *out)
{
    struct watch w = { .c = c };
    struct edge a, b;
    if (!find_narrow_edge(&w, &a) || !pass_window(&w, a.counter, c->hz * ms / 1000)
        || !find_narrow_edge(&w, &b)) {
        return false;
    }
    uint64_t passed = b.tsc - a.tsc;
    uint64_t ticks = (b.counter - a.counter) & c->mask;
    if (passed == 0 || ticks == 0) {
        return false;
    }
    out->tsc_hz = passed * c->hz / ticks;
    bool wrapped = c->mask <= UINT16_MAX && w.widest_gap > passed / 4; /* may have, unseen */
    out->error_ppm = wrapped ? UINT64_MAX : (a.width + b.width) / 2 * 1000000 / passed;
    out->source = c->name;
    return true;
}

static bool
measure(const struct counter *c, struct calibration *out)
{
    unsigned ms = FIRST_WINDOW_MS;
    struct calibration best = { .error_ppm = UINT64_MAX };
    for (int i = 0; i < LAST_ATTEMPTS && best.error_ppm > GOOD_PPM; i++) {
        if (i >= ATTEMPTS && best.error_ppm != UINT64_MAX) {
            break;
        }
        struct calibration now;
        if (!measure_window(c, ms, &now)) {
            return false;
        }
        if (now.error_ppm < best.error_ppm) {
            best = now;
        }
        ms = ms < LAST_WINDOW_MS ? ms * 2 : ms;
    }
    *out = best;
    return best.error_ppm != UINT64_MAX && believable(best.tsc_hz);
}

static uint64_t
lapic_read(void)
{
    return UINT32_MAX - lapic_timer_count();
}

/* QEMU's emulation without a hypervisor gives the local APIC's timer 1 ns ticks everywhere. */
static bool
is_tcg(void)
{
    return __builtin_memcmp(cpu_features.hypervisor, "TCGTCGTCGTCG", 12) == 0;
}

static bool
measure_by_pit(struct calibration *out)
{
    static const struct counter pit = { "pit", pit_read, PIT_HZ, PIT_MASK };
    bool measured = pit_start() && measure(&pit, out);
    pit_stop();
    return measured;
}

/* Tries each counter; one that keeps time for ever is remembered as the fallback. */
static bool
measure_by_any(const struct acpi_info *acpi, struct calibration *out)
{
    if (hpet_init(acpi->hpet_addr)) {
        struct counter low_half = { "hpet", hpet_read_low, hpet_hz(), UINT32_MAX };
        if (measure(&low_half, out)) {
            fallback = (struct counter){ "hpet", hpet_read, hpet_hz(), hpet_mask() };
            return true;
        }
    }
    uint16_t port = acpi->pm_timer.space == ACPI_IO ? (uint16_t)acpi->pm_timer.addr : 0;
    if (pmtimer_init(port, acpi->pm_timer_bits == 32)) {
        struct counter pm = { "pm-timer", pmtimer_read, PMTIMER_HZ, pmtimer_mask() };
        if (measure(&pm, out)) {
            fallback = pm;
            return true;
        }
    }
    static const struct counter tcg_lapic = { "lapic", lapic_read, 1000000000, UINT32_MAX };
    return (!acpi->hw_reduced && measure_by_pit(out)) || (is_tcg() && measure(&tcg_lapic, out));
}

static bool
take_stated(struct calibration *out, uint64_t hz, const char *source)
{
    if (!believable(hz)) {
        return false;
    }
    *out = (struct calibration){ .tsc_hz = hz, .source = source };
    return true;
}

struct lapic_sample {
    uint64_t tsc;
    uint32_t count;
};

static struct lapic_sample
sample_lapic(void)
{
    struct lapic_sample best = { 0, 0 };
    uint64_t narrowest = UINT64_MAX;
    for (int i = 0; i < EDGES; i++) {
        uint64_t start = rdtsc();
        uint32_t count = lapic_timer_count();
        uint64_t width = rdtsc() - start;
        if (width < narrowest) {
            narrowest = width;
            best = (struct lapic_sample){ start + width / 2, count };
        }
    }
    return best;
}

/* The count-down has run since `from` was taken; by now the TSC's rate is known. */
static uint64_t
rate_of_lapic(struct lapic_sample from, uint64_t tsc_hz)
{
    uint64_t enough = tsc_hz / 1000 * FIRST_WINDOW_MS;
    for (int i = 0; i < WINDOW_LOOKS && rdtsc() - from.tsc < enough; i++) {
        cpu_relax();
    }
    struct lapic_sample to = sample_lapic();
    uint64_t counted = from.count - to.count;
    uint64_t passed = to.tsc - from.tsc;
    if (to.count == 0 || counted == 0 || passed == 0) {
        return 0;
    }
    return counted * (tsc_hz >> 4) / passed << 4; /* fits for the 4 s that the timer can count */
}

void
calibrate(const struct acpi_info *acpi, struct calibration *out)
{
    lapic_timer_start_count();
    struct lapic_sample start = sample_lapic();
    if (!take_stated(out, stated_by_cpu(), "cpuid 15h")
        && !take_stated(out, stated_by_hypervisor(), "the hypervisor") && !measure_by_any(acpi, out)
        && !take_stated(out, stated_by_catalogue(), "cpuid 16h")
        && !(acpi->hw_reduced && measure_by_pit(out))) { /* need not be there: the last resort */
        kprintf("calibrate: nothing to measure the time-stamp counter by; 1 GHz assumed\n");
        take_stated(out, 1000000000, "assumption");
    }
    out->lapic_hz = rate_of_lapic(start, out->tsc_hz);
    lapic_timer_off();
}

const struct counter *
calibrate_fallback(void)
{
    return fallback.read != NULL ? &fallback : NULL;
}
