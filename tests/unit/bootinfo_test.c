/* SPDX-License-Identifier: MIT */
/*
 * bootinfo_test.c -- three boot protocols, well and badly formed; links kernel/bootinfo.c,
 * kernel/multiboot.c and kernel/memmap.c.
 */
#include <bootinfo.h>
#include <memlayout.h>

#include "fake_boot.h"
#include "tap.h"

static struct bootinfo bi;

static enum bootinfo_status
parse(uint32_t magic)
{
    return bootinfo_parse(magic, INFO, phys_map, &bi);
}

static bool
map_is_sound(void)
{
    for (unsigned i = 0; i < bi.memory.nranges; i++) {
        const struct mem_range *r = &bi.memory.ranges[i];

        if (r->len == 0 || r->base + r->len - 1 < r->base || r->type < MEM_USABLE ||
            r->type > MEM_BAD || (i > 0 && r->base < r[-1].base + r[-1].len)) {
            return false;
        }
        if (r->type == MEM_USABLE && (r->base == 0 || (r->base | r->len) % PAGE_SIZE)) {
            return false;
        }
    }
    return bi.memory.nranges <= MEMMAP_RANGES;
}

static enum mem_type
type_at(uint64_t pa)
{
    for (unsigned i = 0; i < bi.memory.nranges; i++) {
        if (pa - bi.memory.ranges[i].base < bi.memory.ranges[i].len) {
            return bi.memory.ranges[i].type;
        }
    }
    return 0;
}

TEST(mb1_reads_what_qemu_leaves)
{
    make_mb1("qemu", "/tmp/gamp.elf gomaxprocs=2 -- x");
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_OK);
    CHECK_STREQ(bi.protocol, "multiboot1");
    CHECK_STREQ(bi.loader, "qemu");
    CHECK_STREQ(bi.cmdline, "gomaxprocs=2 -- x");
    CHECK_EQ(bi.nmodules, 1);
    CHECK_EQ(bi.modules[0].base, 0x201000);
    CHECK_EQ(bi.modules[0].len, 0x234);
    CHECK_STREQ(bi.modules[0].name, "disk.img a b");
    CHECK_EQ(bi.fb.type, FRAMEBUFFER_NONE);
    CHECK_EQ(bi.nnotes, 0);
    CHECK(map_is_sound());
    CHECK_EQ(type_at(0), MEM_RESERVED);
    CHECK_EQ(type_at(0x1000), MEM_USABLE);
    CHECK_EQ(type_at(0x9efff), MEM_USABLE);
    CHECK_EQ(type_at(0x9f000), 0); /* the rest of a page that is partly reserved */
    CHECK_EQ(type_at(0x9fc00), MEM_RESERVED);
    CHECK_EQ(type_at(0x201000), MEM_CLAIMED);
    CHECK_EQ(type_at(0x202000), MEM_USABLE);
    CHECK_EQ(memmap_usable(&bi.memory), 0x9e000 + 0x7ee0000 - 0x1000);
}

TEST(mb1_keeps_all_of_a_command_line_without_path)
{
    make_mb1("GRUB 2.06-13", "trace quiet");
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_OK);
    CHECK_STREQ(bi.cmdline, "trace quiet");
    make_mb1("qemu", "kernel");
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_OK);
    CHECK_STREQ(bi.cmdline, "");
}

TEST(mb1_falls_back_on_mem_upper)
{
    make_mb1("qemu", "k");
    phys[INFO] &= (uint8_t)~64;
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_OK);
    CHECK_EQ(type_at(0x9e000), MEM_USABLE);
    CHECK_EQ(type_at(0xa0000), 0);
    CHECK_EQ(type_at((1 << 20) + 129919 * 1024ull), MEM_USABLE);
    CHECK_EQ(bi.nnotes, 1);
    phys[INFO] &= (uint8_t)~1;
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_NO_MEMORY);
    CHECK(strlen(bootinfo_status_text(BOOTINFO_NO_MEMORY)) > 0);
}

TEST(mb1_cuts_a_long_command_line)
{
    static char text[2000];

    memset(text, 'x', sizeof text - 1);
    make_mb1("GRUB 2", text);
    phys[INFO + 5] = 0; /* the loader's name lay behind it and is overwritten */
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_OK);
    CHECK(strlen(bi.cmdline) < sizeof bi.cmdline);
    make_mb1("GRUB 2", "");
    memset(phys + STRINGS, 'y', 0x7ff);
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_OK);
    CHECK_EQ(strlen(bi.cmdline), sizeof bi.cmdline - 1);
    CHECK_EQ(bi.nnotes, 1);
}

TEST(mb1_survives_bad_pointers)
{
    uint64_t at;

    make_mb1("qemu", "k a");
    at = INFO + 16;
    phys_put32(&at, 0xfffffff0);
    phys_put32(&at, 0xffffffff);
    phys_put32(&at, 0xfffffff0);
    at = INFO + 44;
    phys_put32(&at, 0xffffffff);
    phys_put32(&at, 0xffffffff);
    CHECK_EQ(parse(BOOT_MAGIC_MB1), BOOTINFO_OK); /* by mem_upper */
    CHECK(bi.nnotes >= 4);
    CHECK(map_is_sound());
    CHECK_EQ(bootinfo_parse(BOOT_MAGIC_MB1, PHYS_SIZE - 8, phys_map, &bi), BOOTINFO_BAD_POINTER);
    CHECK_EQ(bootinfo_parse(BOOT_MAGIC_MB1, UINT64_MAX - 8, phys_map, &bi), BOOTINFO_BAD_POINTER);
    CHECK_EQ(parse(0x12345678), BOOTINFO_BAD_MAGIC);
}

TEST(mb2_reads_what_grub_leaves)
{
    uint64_t rsdp = make_mb2(false);

    CHECK_EQ(parse(BOOT_MAGIC_MB2), BOOTINFO_OK);
    CHECK_STREQ(bi.cmdline, "seed=7");
    CHECK_STREQ(bi.loader, "GRUB 2.06");
    CHECK_EQ(bi.nmodules, 1);
    CHECK_EQ(bi.modules[0].len, 0xfff);
    CHECK_STREQ(bi.modules[0].name, "mod");
    CHECK_EQ(bi.rsdp, rsdp);
    CHECK_EQ(type_at(rsdp), MEM_CLAIMED);
    CHECK_EQ(bi.fb.addr, 0xfd000000);
    CHECK_EQ(bi.fb.pitch, 4096);
    CHECK_EQ(bi.fb.width, 1024);
    CHECK_EQ(bi.fb.type, FRAMEBUFFER_RGB);
    CHECK_EQ(bi.fb.red_pos, 16);
    CHECK_EQ(bi.fb.blue_size, 8);
    CHECK_EQ(type_at(0x7ffffff), MEM_USABLE);
    CHECK_EQ(bi.nnotes, 0);
    CHECK(map_is_sound());
}

TEST(mb2_reads_an_efi_map_where_there_is_no_other)
{
    make_mb2(true);
    CHECK_EQ(parse(BOOT_MAGIC_MB2), BOOTINFO_OK);
    CHECK_EQ(type_at(0x100000), MEM_USABLE);
    CHECK_EQ(type_at(0x2fffff), MEM_USABLE);
    CHECK_EQ(type_at(0x301000), MEM_ACPI_RECLAIM);
    CHECK_EQ(type_at(0x400000), MEM_USABLE);
    CHECK_EQ(type_at(0x500000), 0);
}

TEST(mb2_survives_bad_sizes)
{
    uint64_t at = INFO;

    make_mb2(false);
    phys_put32(&at, 7);
    CHECK_EQ(parse(BOOT_MAGIC_MB2), BOOTINFO_BAD_SIZE);
    at = INFO;
    phys_put32(&at, 0xffffffff);
    CHECK_EQ(parse(BOOT_MAGIC_MB2), BOOTINFO_BAD_SIZE);
    make_mb2(false);
    at = INFO + 12;
    phys_put32(&at, 0xfffffff9);
    CHECK_EQ(parse(BOOT_MAGIC_MB2), BOOTINFO_NO_MEMORY);
    CHECK_EQ(bi.nnotes, 1);
    at = INFO + 12;
    phys_put32(&at, 0);
    CHECK_EQ(parse(BOOT_MAGIC_MB2), BOOTINFO_NO_MEMORY);
}

TEST(pvh_reads_what_qemu_leaves)
{
    make_pvh();
    CHECK_EQ(parse(BOOT_MAGIC_PVH), BOOTINFO_OK);
    CHECK_STREQ(bi.protocol, "pvh");
    CHECK_STREQ(bi.cmdline, "demo=ring");
    CHECK_EQ(bi.rsdp, 0xf59d0);
    CHECK_EQ(bi.nmodules, 1);
    CHECK_STREQ(bi.modules[0].name, "");
    CHECK_EQ(type_at(0x200fff), MEM_CLAIMED);
    CHECK_EQ(type_at(0xefffffff), MEM_RESERVED);
    CHECK_EQ(bi.nnotes, 0);
    CHECK(map_is_sound());
    phys[INFO] ^= 1;
    CHECK_EQ(parse(BOOT_MAGIC_PVH), BOOTINFO_BAD_MAGIC);
}

TEST(pvh_claims_an_rsdp_in_ram)
{
    uint64_t at = INFO + 32;

    make_pvh();
    phys_put64(&at, 0xa0010);
    CHECK_EQ(parse(BOOT_MAGIC_PVH), BOOTINFO_OK);
    CHECK_EQ(bi.rsdp, 0xa0010);
    CHECK_EQ(type_at(0x9ffff), MEM_USABLE);
    CHECK_EQ(type_at(bi.rsdp), MEM_CLAIMED);
    CHECK_EQ(type_at(0xa1000), MEM_USABLE);
}

TEST(bootinfo_survives_mutation)
{
    static const uint32_t magics[] = {BOOT_MAGIC_MB1, BOOT_MAGIC_MB2, BOOT_MAGIC_PVH};

    for (uint32_t seed = 1; seed <= 1500; seed++) {
        uint32_t magic = magics[seed % 3];

        if (magic == BOOT_MAGIC_MB1) {
            make_mb1("qemu", "/k gomaxprocs=1");
        } else if (magic == BOOT_MAGIC_MB2) {
            make_mb2(seed & 1);
        } else {
            make_pvh();
        }
        phys_random = seed;
        phys_mutate(INFO, 0x100);
        phys_mutate(magic == BOOT_MAGIC_MB2 ? INFO : MMAP, 0x100);
        parse(magic);
        if (!CHECK(map_is_sound() && bi.nmodules <= BOOTINFO_MODULES &&
                   strnlen(bi.cmdline, sizeof bi.cmdline) < sizeof bi.cmdline)) {
            printf("# seed %u\n", seed);
        }
    }
}

static const struct test tests[] = {
    TEST_ENTRY(mb1_reads_what_qemu_leaves),
    TEST_ENTRY(mb1_keeps_all_of_a_command_line_without_path),
    TEST_ENTRY(mb1_falls_back_on_mem_upper),
    TEST_ENTRY(mb1_cuts_a_long_command_line),
    TEST_ENTRY(mb1_survives_bad_pointers),
    TEST_ENTRY(mb2_reads_what_grub_leaves),
    TEST_ENTRY(mb2_reads_an_efi_map_where_there_is_no_other),
    TEST_ENTRY(mb2_survives_bad_sizes),
    TEST_ENTRY(pvh_reads_what_qemu_leaves),
    TEST_ENTRY(pvh_claims_an_rsdp_in_ram),
    TEST_ENTRY(bootinfo_survives_mutation),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
