/* SPDX-License-Identifier: MIT */
/*
 * acpi_test.c -- firmware tables, well and badly formed; links drivers/acpi.c and
 * drivers/acpi_madt.c.
 */
#include <acpi.h>

#include "fake_acpi.h"
#include "tap.h"

static struct acpi_info info;

static bool
init(uint64_t hint)
{
    return acpi_init(hint, phys_map, &info);
}

static bool
is_sound(void)
{
    for (unsigned i = 0; i < info.ncpus; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (info.cpus[i].apic_id == info.cpus[j].apic_id) {
                return false;
            }
        }
    }
    return info.ncpus <= ACPI_CPUS && info.nioapics <= ACPI_IOAPICS
           && info.noverrides <= ACPI_OVERRIDES && info.nnmis <= ACPI_NMIS;
}

TEST(acpi_finds_everything_by_either_root)
{
    for (uint8_t revision = 0; revision <= 2; revision += 2) {
        make_machine(revision);
        CHECK(init(revision ? RSDP : 0));
        CHECK_EQ(info.rsdp, RSDP);
        CHECK_EQ(info.revision, revision);
        CHECK(info.has_madt && info.has_fadt && info.has_pics);
        CHECK_EQ(info.hpet_addr, 0xfed00000);
        CHECK_EQ(info.ecam_addr, 0xb0000000);
        CHECK_EQ(info.ecam_bus_end, 0xff);
        CHECK_EQ(info.nnotes, 1); /* the table at 0xfffff000 */
        CHECK_EQ(info.notes[0].value, 0xfffff000);
    }
}

TEST(acpi_reads_the_madt)
{
    make_machine(0);
    CHECK(init(0));
    CHECK_EQ(info.lapic_addr, 0x1fee00000);
    CHECK_EQ(info.ncpus, 4);
    CHECK_EQ(info.ncpus_left_out, 1);
    CHECK(info.cpus[0].enabled && info.cpus[0].apic_id == 0);
    CHECK(info.cpus[1].enabled && info.cpus[1].apic_id == 2 && info.cpus[1].uid == 1);
    CHECK(!info.cpus[2].enabled && info.cpus[2].apic_id == 4);
    CHECK(info.cpus[3].enabled && info.cpus[3].apic_id == 300 && info.cpus[3].uid == 9);
    CHECK_EQ(info.nioapics, 1);
    CHECK_EQ(info.ioapics[0].addr, 0xfec00000);
    CHECK_EQ(info.noverrides, 2);
    CHECK_EQ(info.overrides[0].irq, 0);
    CHECK_EQ(info.overrides[0].gsi, 2);
    CHECK_EQ(info.overrides[1].flags, 13);
    CHECK_EQ(info.nnmis, 1);
    CHECK_EQ(info.nmis[0].uid, ACPI_ALL_CPUS);
    CHECK_EQ(info.nmis[0].flags, 5);
    CHECK_EQ(info.nmis[0].lint, 1);
}

TEST(acpi_reads_the_fadt)
{
    make_machine(0);
    CHECK(init(0));
    CHECK_EQ(info.sci, 9);
    CHECK(!info.no_8042 && !info.no_vga && !info.no_rtc);
    CHECK_EQ(info.pm_timer.addr, 0x608);
    CHECK_EQ(info.pm_timer.space, ACPI_IO);
    CHECK_EQ(info.pm_timer_bits, 32);
    CHECK_EQ(info.pm1a_control.addr, 0x604);
    CHECK_EQ(info.pm1b_control.addr, 0);
    CHECK_EQ(info.smi_command, 0xb2);
    CHECK_EQ(info.acpi_enable, 0xf1);
    CHECK_EQ(info.reset.addr, 0xcf9);
    CHECK_EQ(info.reset_value, 6);
    CHECK(info.has_s5);
    CHECK_EQ(info.s5_type_a, 5);
    CHECK_EQ(info.s5_type_b, 1);
}

TEST(acpi_knows_old_and_reduced_fadts)
{
    make_machine(0);
    make_fadt(116, 0);
    CHECK(init(0));
    CHECK_EQ(info.pm_timer_bits, 24);
    CHECK(!info.no_8042 && !info.no_vga && !info.no_rtc);
    CHECK_EQ(info.reset.addr, 0);
    CHECK_EQ(info.sleep_control.addr, 0);
    CHECK(info.has_s5);
    make_fadt(276, 1 << 20);
    CHECK(init(0));
    CHECK(info.hw_reduced);
    CHECK_EQ(info.pm_timer.addr, 0);
    CHECK_EQ(info.pm1a_control.addr, 0);
    CHECK_EQ(info.sleep_control.addr, 0xfeea0200);
    CHECK_EQ(info.sleep_control.space, ACPI_MEMORY);
}

TEST(acpi_needs_a_whole_s5_package)
{
    static const struct {
        const char *aml;
        size_t len;
        bool found;
    } cases[] = {
        { "", 0, false },
        { "\x08_S5", 4, false },
        { "\x08_S5_", 5, false },
        { "\x08_S5_\x12", 6, false },
        { "\x08_S5_\x12\x06\x04", 8, false },
        { "\x08_S5_\x12\x06\x04\x0a", 9, false },
        { "\x08_S5_\x12\x06\x04\x0a\x05", 10, false },
        { "\x08_S5_\x12\x06\x00\x0a\x05", 10, false },
        { "\x08_S5_\x12\x06\x01\x0a\x05", 10, true },
        { "\x08\\_S5_\x12\x46\x00\x04\x0b\x05\x00\x0c\x01\x00\x00\x00", 18, true },
        { "_S5_\x12\x06\x04\x0a\x05\x01\x00\x00", 12, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_machine(0);
        make_dsdt(cases[i].aml, cases[i].len);
        CHECK(init(0));
        if (!CHECK_EQ(info.has_s5, cases[i].found)) {
            printf("# case %zu\n", i);
        }
        CHECK_EQ(info.s5_type_a, cases[i].found ? 5 : 0);
    }
}

TEST(acpi_finds_the_rsdp_in_the_ebda_and_mistrusts_hints)
{
    uint64_t at = 0x40e;

    make_machine(0);
    memset(phys + RSDP, 0, 36);
    CHECK(!init(0));
    CHECK(!init(RSDP));
    CHECK(!init(UINT64_MAX));
    phys_put16(&at, 0x9fc0);
    make_rsdp(0x9fc00 + 1024 - 32, 0);
    CHECK(init(0x1234));
    CHECK_EQ(info.rsdp, 0x9fc00 + 1024 - 32);
    CHECK_EQ(info.notes[0].value, 0x1234);
}

TEST(acpi_falls_back_from_a_bad_xsdt_to_the_rsdt)
{
    uint64_t at = RSDP + 16;

    make_machine(2);
    phys[RSDP + 33]++; /* extended checksum */
    CHECK(!init(0));   /* there is no RSDT */
    make_root(false);
    phys_put32(&at, ROOT);
    put_checksum(RSDP, RSDP + 20, RSDP + 8);
    CHECK(init(0));
    CHECK(info.has_madt);
    CHECK_STREQ(info.notes[0].table, "RSDP");
}

TEST(acpi_leaves_out_tables_that_are_not_sound)
{
    uint64_t at = HPET + 4;

    make_machine(0);
    phys[MADT + 40]++;
    phys_put32(&at, 35);
    at = MCFG + 4;
    phys_put32(&at, 0xffffffff);
    CHECK(init(0));
    CHECK(!info.has_madt && info.has_fadt);
    CHECK_EQ(info.hpet_addr, 0);
    CHECK_EQ(info.ecam_addr, 0);
    CHECK_EQ(info.nnotes, 4);
    CHECK_STREQ(info.notes[0].table, "APIC");
    CHECK_STREQ(info.notes[0].text, "bad checksum at");
}

TEST(acpi_bounds_the_number_of_cpus)
{
    uint64_t at;

    make_machine(0);
    at = begin_madt();
    for (uint32_t i = 0; i < 300; i++) {
        put_x2apic(&at, i, 1000 + i, i < 100 ? 2 : 1);
    }
    end_table(MADT, at);
    CHECK(init(0));
    CHECK_EQ(info.ncpus, ACPI_CPUS);
    CHECK_EQ(info.ncpus_left_out, 44);
    CHECK_EQ(info.ncpus_beyond, 0);
    CHECK(is_sound());
    for (uint32_t i = 0; i < 200; i++) {
        bool found = false;

        for (unsigned c = 0; c < info.ncpus; c++) {
            found |= info.cpus[c].apic_id == 1100 + i && info.cpus[c].enabled;
        }
        CHECK(found);
    }
}

TEST(acpi_counts_the_enabled_cpus_it_has_no_room_for)
{
    uint64_t at;

    make_machine(0);
    at = begin_madt();
    for (uint32_t i = 0; i < 290; i++) {
        put_x2apic(&at, i, i, i % 29 ? 1 : 2);
    }
    put_lapic(&at, 0, 1, 1); /* seen before */
    end_table(MADT, at);
    CHECK(init(0));
    CHECK_EQ(info.ncpus, ACPI_CPUS);
    CHECK_EQ(info.ncpus_beyond, 290 - 10 - ACPI_CPUS);
    CHECK_EQ(info.ncpus_left_out, 290 - ACPI_CPUS);
    CHECK(is_sound());
}

TEST(acpi_believes_what_is_said_not_to_be_there)
{
    static const struct {
        uint8_t revision;
        uint16_t flags;
        bool no_8042, no_vga, no_rtc;
    } cases[] = {
        { 5, 0x03, false, false, false }, { 5, 0x00, true, false, false },
        { 5, 0x26, false, true, true },   { 3, 0x05, true, true, false },
        { 2, 0x24, false, false, false }, { 1, 0x24, false, false, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t at = FADT + 109;

        make_machine(0);
        phys[FADT + 8] = cases[i].revision;
        phys_put16(&at, cases[i].flags);
        put_checksum(FADT, FADT + 276, FADT + 9);
        CHECK(init(0));
        CHECK_EQ(info.no_8042, cases[i].no_8042);
        CHECK_EQ(info.no_vga, cases[i].no_vga);
        CHECK_EQ(info.no_rtc, cases[i].no_rtc);
    }
    make_machine(0);
    make_fadt(108, 0); /* ends before the flags */
    phys[FADT + 8] = 3;
    put_checksum(FADT, FADT + 108, FADT + 9);
    CHECK(init(0));
    CHECK(info.has_fadt && !info.no_8042);
}

TEST(acpi_knows_who_refuses_x2apic)
{
    for (uint8_t flags = 0; flags < 8; flags++) {
        uint64_t at;

        make_machine(0);
        memset(phys + MCFG, 0, 64);
        at = begin_table(MCFG, "DMAR", 1);
        phys_put8(&at, 38);
        phys_put8(&at, flags);
        end_table(MCFG, MCFG + 48);
        CHECK(init(0));
        CHECK_EQ(info.x2apic_opt_out, flags >> 1 & 1);
    }
}

TEST(acpi_stops_at_entries_of_impossible_length)
{
    static const uint8_t lengths[] = { 0, 1, 7, 200 };

    for (size_t i = 0; i < sizeof lengths; i++) {
        uint64_t at;

        make_machine(0);
        at = begin_madt();
        put_lapic(&at, 0, 0, 1);
        put_lapic(&at, 1, 1, 1);
        phys[MADT + 44 + 9] = lengths[i];
        end_table(MADT, at);
        CHECK(init(0));
        CHECK_EQ(info.ncpus, 1);
        CHECK(info.nnotes >= 2);
    }
}

/* Noise in the tables under good checksums, so that it gets past them. */
TEST(acpi_survives_mutation)
{
    static const uint32_t bases[] = { ROOT, MADT, FADT, DSDT, HPET, MCFG };

    for (uint32_t seed = 1; seed <= 3000; seed++) {
        uint64_t base = bases[seed % 6];
        uint32_t len;

        make_machine(seed & 8 ? 2 : 0);
        phys_random = seed;
        phys_mutate(base, 160);
        memcpy(&len, phys + base + 4, sizeof len);
        if (len >= 36 && len < TABLES_END - base) {
            put_checksum(base, base + len, base + 9);
        }
        init(seed & 1 ? RSDP : 0);
        if (!CHECK(is_sound())) {
            printf("# seed %u\n", seed);
        }
    }
}

static const struct test tests[] = {
    TEST_ENTRY(acpi_finds_everything_by_either_root),
    TEST_ENTRY(acpi_reads_the_madt),
    TEST_ENTRY(acpi_reads_the_fadt),
    TEST_ENTRY(acpi_knows_old_and_reduced_fadts),
    TEST_ENTRY(acpi_needs_a_whole_s5_package),
    TEST_ENTRY(acpi_finds_the_rsdp_in_the_ebda_and_mistrusts_hints),
    TEST_ENTRY(acpi_falls_back_from_a_bad_xsdt_to_the_rsdt),
    TEST_ENTRY(acpi_leaves_out_tables_that_are_not_sound),
    TEST_ENTRY(acpi_bounds_the_number_of_cpus),
    TEST_ENTRY(acpi_counts_the_enabled_cpus_it_has_no_room_for),
    TEST_ENTRY(acpi_believes_what_is_said_not_to_be_there),
    TEST_ENTRY(acpi_knows_who_refuses_x2apic),
    TEST_ENTRY(acpi_stops_at_entries_of_impossible_length),
    TEST_ENTRY(acpi_survives_mutation),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
