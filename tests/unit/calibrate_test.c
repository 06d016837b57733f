/* SPDX-License-Identifier: MIT */
/*
 * calibrate_test.c -- the rate of the TSC, measured while firmware steals time; links
 * kernel/calibrate.c.
 *
 * All clocks show one simulated time. Each look at one of them takes some of it, and now and then,
 * at any point, system management mode takes far more, unseen.
 */
#include <acpi.h>
#include <calibrate.h>
#include <cpu.h>
#include <hpet.h>
#include <lapic.h>
#include <pit.h>
#include <pmtimer.h>
#include <stdlib.h>
#include <string.h>
#include <x86.h>

#include "tap.h"

enum { TSC_MHZ = 2500, LAPIC_MHZ = 100, HPET_HZ = 14318180 };

struct cpu_features cpu_features;

static struct {
    uint64_t ns, next_theft, every, most; /* about every `every` ns up to `most` are stolen */
    bool hpet, pm_timer, pit;
    unsigned thefts, pit_starts;
    uint32_t random;
    uint64_t lapic_start;
} sim;

static uint32_t
next_random(void)
{
    sim.random ^= sim.random << 13;
    sim.random ^= sim.random >> 17;
    sim.random ^= sim.random << 5;
    return sim.random;
}

static void
pass(uint64_t ns)
{
    sim.ns += ns;
    if (sim.every > 0 && sim.ns >= sim.next_theft) {
        sim.ns += next_random() % sim.most;
        sim.next_theft = sim.ns + next_random() % (2 * sim.every);
        sim.thefts++;
    }
}

static uint64_t
count(uint64_t hz)
{
    return (uint64_t)((unsigned __int128)sim.ns * hz / 1000000000);
}

uint64_t
rdtsc(void)
{
    pass(10);
    return sim.ns * TSC_MHZ / 1000;
}

struct cpuid_regs
cpuid(uint32_t leaf)
{
    return leaf == 0x16 ? (struct cpuid_regs){ .eax = 3000 } : (struct cpuid_regs){ 0 };
}

/* The value is that of a moment within the look. */
static uint64_t
look(uint64_t cost, uint64_t hz, uint64_t mask)
{
    pass(cost / 2);
    uint64_t value = count(hz) & mask;
    pass(cost / 2);
    return value;
}

bool
hpet_init(uint64_t pa)
{
    (void)pa;
    return sim.hpet;
}

uint64_t
hpet_read(void)
{
    return look(500, HPET_HZ, UINT64_MAX);
}

uint64_t
hpet_read_low(void)
{
    return look(500, HPET_HZ, UINT32_MAX);
}

uint64_t
hpet_hz(void)
{
    return HPET_HZ;
}

uint64_t
hpet_mask(void)
{
    return UINT64_MAX;
}

bool
pmtimer_init(uint16_t port, bool wide)
{
    (void)wide;
    return port != 0 && sim.pm_timer;
}

uint64_t
pmtimer_read(void)
{
    return look(1000, PMTIMER_HZ, 0xffffff);
}

uint64_t
pmtimer_mask(void)
{
    return 0xffffff;
}

bool
pit_start(void)
{
    sim.pit_starts++;
    return sim.pit;
}

uint64_t
pit_read(void)
{
    return look(3000, PIT_HZ, PIT_MASK);
}

void
pit_stop(void)
{
}

void
lapic_timer_start_count(void)
{
    sim.lapic_start = sim.ns;
}

uint32_t
lapic_timer_count(void)
{
    pass(50);
    return UINT32_MAX - (uint32_t)((sim.ns - sim.lapic_start) * LAPIC_MHZ / 1000);
}

void
lapic_timer_off(void)
{
}

void
kprintf(const char *format, ...)
{
    (void)format;
}

static void
begin(uint32_t seed)
{
    memset(&sim, 0, sizeof sim);
    memset(&cpu_features, 0, sizeof cpu_features);
    sim.random = seed;
    sim.ns = 1000000000 + seed * 12345;
}

/* How far a is from b, in millionths. */
static uint64_t
ppm(uint64_t a, uint64_t b)
{
    return (a > b ? a - b : b - a) * 1000000 / b;
}

static const struct acpi_info with_pm_timer = { .pm_timer = { .addr = 0x608, .space = ACPI_IO } };

static void
check_rates(const char *source, uint64_t every, uint64_t most)
{
    for (uint32_t seed = 1; seed <= 100; seed++) {
        struct calibration cal;

        begin(seed);
        sim.hpet = source[0] == 'h';
        sim.pm_timer = source[1] == 'm';
        sim.pit = true;
        sim.every = every;
        sim.most = most;
        calibrate(&with_pm_timer, &cal);
        CHECK_STREQ(cal.source, source);
        CHECK(every == 0 || sim.thefts > 0);
        if (!CHECK(ppm(cal.tsc_hz, TSC_MHZ * 1000000ull) <= 500)
            || !CHECK(ppm(cal.lapic_hz, LAPIC_MHZ * 1000000ull) <= 500)) {
            printf("# %s, every %lu, seed %u: tsc %lu, lapic %lu, error %lu ppm\n", source, every,
                   seed, cal.tsc_hz, cal.lapic_hz, cal.error_ppm);
        }
    }
}

TEST(calibrate_measures_by_each_counter)
{
    check_rates("hpet", 0, 1);
    check_rates("pm-timer", 0, 1);
    check_rates("pit", 0, 1);
}

TEST(calibrate_does_not_mind_stolen_time)
{
    static const char *const sources[] = { "hpet", "pm-timer", "pit" };

    for (size_t i = 0; i < 3; i++) {
        check_rates(sources[i], 300000, 200000);   /* 0.1 of each 0.4 ms: a fan's regulator */
        check_rates(sources[i], 1000000, 5000000); /* most of the time */
    }
    check_rates("hpet", 10000000, 200000000);
    check_rates("pm-timer", 10000000, 200000000);
}

TEST(calibrate_asks_old_timers_last_on_reduced_hardware)
{
    static const struct acpi_info reduced = { .has_fadt = true, .hw_reduced = true };
    struct calibration cal;

    begin(1);
    sim.hpet = sim.pit = true;
    calibrate(&reduced, &cal);
    CHECK_STREQ(cal.source, "hpet");
    sim.hpet = false;
    cpu_features.max_leaf = 0x16;
    calibrate(&reduced, &cal);
    CHECK_STREQ(cal.source, "cpuid 16h");
    CHECK_EQ(cal.tsc_hz, 3000000000);
    CHECK_EQ(sim.pit_starts, 0);
    cpu_features.max_leaf = 0xd;
    calibrate(&reduced, &cal);
    CHECK_STREQ(cal.source, "pit");
}

TEST(calibrate_goes_on_with_nothing_to_measure_by)
{
    static const struct acpi_info nothing;
    struct calibration cal;

    begin(1);
    calibrate(&nothing, &cal);
    CHECK_STREQ(cal.source, "assumption");
    CHECK_EQ(cal.tsc_hz, 1000000000);
}

static const struct test tests[] = {
    TEST_ENTRY(calibrate_measures_by_each_counter),
    TEST_ENTRY(calibrate_does_not_mind_stolen_time),
    TEST_ENTRY(calibrate_asks_old_timers_last_on_reduced_hardware),
    TEST_ENTRY(calibrate_goes_on_with_nothing_to_measure_by),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
