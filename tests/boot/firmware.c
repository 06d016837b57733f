/* SPDX-License-Identifier: MIT */
/*
 * firmware.c -- odd firmware: started by a multiboot 1 loader with gamp as its module, it bends the
 * machine and its tables as the command line says, and starts gamp by PVH.
 *
 * fw.low=none|ADDR   no memory below 1 MiB, or one page of it
 * fw.holes=N         N reserved pages in memory, told first and backwards, with empty, doubled and
 *                    endless entries between
 * fw.beyond          memory that the processor has no address for
 * fw.image           the second half of gamp's image in memory that is not usable
 * fw.x2apic fw.apicoff fw.adjust   the boot core's local APIC in x2APIC mode, or switched off; its
 *                    IA32_TSC_ADJUST moved
 * fw.reduced         FADT: reduced hardware, no 8042, VGA or CMOS clock; MADT: no 8259s
 * fw.cpus=N          N more local x2APIC entries, enabled, from number 1000 on
 * fw.disabled=N      N more that are not enabled, or may be later, in turn
 * fw.oem             tables that are not QEMU's, by their word
 * fw.high            RSDP and XSDT above 4 GiB
 * gamp: WORD...      the last ones: what gamp is told
 *
 * Context      32-bit mode, paging off; tests/boot/odd builds it, linked at 64 MiB
 * Protocol     it writes 0xa5 to port 0x80 and jumps: what the machine sees after that is gamp's
 */
#include "firmware.h"

enum {
    MB1_HEADER = 0x1badb002,
    PVH_MAGIC = 0x336ec578,
    E820_MAX = 8192,
    TABLE_MAX = 32768,
    SAFE = 80 << 20, /* GRUB puts the module, and what it tells, where gamp goes */
    MSR_APIC_BASE = 0x1b,
    MSR_TSC_ADJUST = 0x3b,
    APIC_X2APIC = 1 << 10,
    APIC_ENABLE = 1 << 11,
};

struct e820 {
    uint64_t base, len;
    uint32_t type, reserved;
};

static struct {
    uint32_t magic, version, flags, nmodules;
    uint64_t modules, cmdline, rsdp, memmap;
    uint32_t entries, reserved;
} info = { .magic = PVH_MAGIC, .version = 1 };

static struct e820 map[E820_MAX];
static char cmdline[2048];
static uint8_t tables[3][TABLE_MAX] __attribute__((aligned(4096))); /* root, FADT, MADT */
static uint32_t directory[1024] __attribute__((aligned(4096)));

__attribute__((section(".header"), used)) static const uint32_t header[] = {
    MB1_HEADER,
    3,
    -(uint32_t)(MB1_HEADER + 3),
};

static uint8_t stack[16384] __attribute__((aligned(16), used));

__asm__(".globl _start\n"
        "_start: mov $stack + 16384, %esp\n"
        "push %ebx\n"
        "call firmware_main\n");

static void
fail(const char *why)
{
    for (; *why; why++) {
        __asm__ volatile("outb %0, %1" : : "a"(*why), "Nd"((uint16_t)0x3f8));
    }
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

/* What stands behind the word in the command line, or NULL. */
static const char *
word(const char *name)
{
    size_t n = 0;

    while (name[n]) {
        n++;
    }
    for (const char *s = cmdline; *s; s++) {
        if ((s == cmdline || s[-1] == ' ') && __builtin_memcmp(s, name, n) == 0) {
            return s + n;
        }
    }
    return NULL;
}

static uint32_t
number(const char *s, uint32_t radix)
{
    uint32_t n = 0;

    for (; s && ((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'f')); s++) {
        n = n * radix + (uint32_t)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
    }
    return n;
}

/* ---- memory ---- */

static void
add(uint64_t base, uint64_t len, uint32_t type)
{
    if (info.entries == E820_MAX) {
        fail("firmware: too many ranges\n");
    }
    map[info.entries++] = (struct e820){ base, len, type, 0 };
}

static void
add_holes(uint32_t n)
{
    for (uint32_t i = n; i > 0; i--) {
        uint64_t at = 0x1000000 + i * 0x8000ull;

        add(at, 0x1000, 2);
        add(at + 0x3000, 0, 2);
        add(at, 0x800, 2);
    }
    if (n > 0) {
        add(0xfffffffffff00000, 0x200000, 1);
        add(0xfff0000000000000, 0x10000000000000, 2);
    }
}

static void
make_map(const struct mb1 *mb)
{
    const char *low = word("fw.low=");

    add_holes(number(word("fw.holes="), 10));
    if (low) {
        add(0, 1 << 20, *low == 'n' ? 2 : 0); /* 0: no type at all */
        info.entries -= *low != 'n';
        if (*low != 'n') {
            add(number(low, 16), 0x1000, 1);
        }
    }
    add((uint32_t)tables, sizeof tables, 3);
    if (word("fw.beyond")) {
        add(1ull << 36, 1ull << 36, 1);
    }
    if (word("fw.image")) {
        add(0x140000, 0x100000, 2);
    }
    for (uint32_t at = mb->mmap_addr; at < mb->mmap_addr + mb->mmap_length;) {
        const struct mb1_mmap *e = (const void *)at;

        if (!(low && e->base < 1 << 20)) {
            add(e->base, e->len, e->type);
        }
        at += e->size + 4;
    }
}

/* ---- tables ---- */

static void
sum(uint8_t *p, uint32_t len, uint32_t at)
{
    uint8_t total = 0;

    p[at] = 0;
    for (uint32_t i = 0; i < len; i++) {
        total = (uint8_t)(total + p[i]);
    }
    p[at] = (uint8_t)-total;
}

static uint32_t *
len_of(uint8_t *table)
{
    return (uint32_t *)(table + 4);
}

static uint8_t *
find_rsdp(void)
{
    uint8_t *p = (uint8_t *)0xe0000;

    __asm__("" : "+r"(p)); /* an address that the compiler knows nothing of */
    for (uint32_t at = 0; at < 0x20000; at += 16) {
        if (memcmp(p + at, "RSD PTR ", 8) == 0) {
            return p + at;
        }
    }
    fail("firmware: no RSDP\n");
    return NULL;
}

static uint8_t *
copy_table(const uint8_t *from, uint8_t *to)
{
    memcpy(to, from, *(const uint32_t *)(from + 4));
    return to;
}

static void
bend_fadt(uint8_t *fadt)
{
    if (word("fw.reduced")) {
        *len_of(fadt) = 276;
        fadt[8] = 5;
        *(uint16_t *)(fadt + 109) = 1 << 2 | 1 << 5;
        *(uint32_t *)(fadt + 112) |= 1 << 20;
    }
    sum(fadt, *len_of(fadt), 9);
}

static void
bend_madt(uint8_t *madt)
{
    uint32_t more = number(word("fw.cpus="), 10), off = number(word("fw.disabled="), 10);

    if (word("fw.reduced")) {
        madt[40] &= (uint8_t)~1;
    }
    for (uint32_t i = 0; i < more + off; i++) {
        uint32_t entry[4] = { 9 | 16 << 8, 1000 + i, i < more ? 1 : (i & 1) << 1, 1000 + i };

        memcpy(madt + *len_of(madt), entry, sizeof entry);
        *len_of(madt) += sizeof entry;
    }
    sum(madt, *len_of(madt), 9);
}

/* A new root with bent copies of two tables and the others as they are. */
static void
make_tables(void)
{
    const uint8_t *rsdp = find_rsdp(), *rsdt = *(uint8_t *const *)(rsdp + 16);
    uint32_t n = (*(const uint32_t *)(rsdt + 4) - 36) / 4;
    uint8_t *new_rsdp = tables[0], *xsdt = tables[0] + 64;

    memcpy(xsdt, rsdt, 36);
    memcpy(xsdt, "XSDT", 4);
    *len_of(xsdt) = 36 + n * 8;
    if (word("fw.oem")) {
        memcpy(xsdt + 10, "REALPC", 6);
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *t = *(uint8_t *const *)(rsdt + 36 + i * 4);

        if (memcmp(t, "FACP", 4) == 0) {
            bend_fadt(copy_table(t, tables[1]));
            t = tables[1];
        } else if (memcmp(t, "APIC", 4) == 0) {
            bend_madt(copy_table(t, tables[2]));
            t = tables[2];
        }
        *(uint64_t *)(xsdt + 36 + i * 8) = (uint32_t)t;
    }
    sum(xsdt, *len_of(xsdt), 9);
    memcpy(new_rsdp, rsdp, 20);
    new_rsdp[15] = 2;
    *(uint32_t *)(new_rsdp + 16) = 0;
    *(uint32_t *)(new_rsdp + 20) = 36;
    *(uint64_t *)(new_rsdp + 24) = (uint32_t)xsdt;
    info.rsdp = (uint32_t)new_rsdp;
}

/* Through the second GiB, which PSE-36 lets lie at 4 GiB for the time of a copy (SDM 3A, 4.3). */
static void
move_high(void)
{
    enum { WINDOW = 0x40000000, PAGES = 4 << 20, AT = 0x1000 };

    *(uint64_t *)(tables[0] + 24) = (4ull << 30) + AT + 64;
    info.rsdp = (4ull << 30) + AT;
    sum(tables[0], 20, 8);
    sum(tables[0], 36, 32);
    for (uint32_t i = 0; i < 1024; i++) {
        directory[i] = i * PAGES | 0x83;
    }
    directory[WINDOW / PAGES] = 1 << 13 | 0x83; /* bits 13 to 20: address bits 32 to 39 */
    __asm__ volatile("mov %%cr4, %%eax; or $0x10, %%eax; mov %%eax, %%cr4; mov %0, %%cr3;"
                     "mov %%cr0, %%eax; or $0x80000000, %%eax; mov %%eax, %%cr0"
                     :
                     : "r"(directory)
                     : "eax", "memory");
    memcpy((void *)(WINDOW + AT), tables[0], 4096);
    __asm__ volatile("mov %%cr0, %%eax; and $0x7fffffff, %%eax; mov %%eax, %%cr0"
                     :
                     :
                     : "eax", "memory");
    for (uint32_t i = 0; i < 4096; i++) {
        tables[0][i] = 0;
    }
}

/* ---- the processor, and on ---- */

static void
bend_processor(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    if (word("fw.x2apic")) {
        wrmsr(MSR_APIC_BASE, base | APIC_ENABLE | APIC_X2APIC);
    }
    if (word("fw.apicoff")) {
        wrmsr(MSR_APIC_BASE, base & ~(uint64_t)APIC_ENABLE);
    }
    if (word("fw.adjust")) {
        wrmsr(MSR_TSC_ADJUST, rdmsr(MSR_TSC_ADJUST) + 0x123456789);
    }
}

/* Copies the segments; the entry for 32-bit loaders is in the multiboot header. */
static uint32_t
load(const uint8_t *file)
{
    enum { LOAD = 1 };
    const struct elf *elf = (const void *)file;
    const struct segment *segments = (const void *)(file + elf->phoff);

    for (int i = 0; i < elf->phnum; i++) {
        const struct segment *s = &segments[i];

        if (s->type == LOAD) {
            memcpy((void *)(uint32_t)s->paddr, file + s->offset, (size_t)s->filesz);
        }
    }
    for (uint32_t at = 0; at < 8192; at += 4) {
        const uint32_t *h = (const void *)(file + at);

        if (h[0] == MB1_HEADER && h[0] + h[1] + h[2] == 0) {
            return h[7];
        }
    }
    fail("firmware: the module has no multiboot header\n");
    return 0;
}

__attribute__((used)) static void
firmware_main(const struct mb1 *mb)
{
    const char *words = (const char *)mb->cmdline;
    struct module module;
    uint32_t entry;

    for (size_t i = 0; i + 1 < sizeof cmdline && words[i]; i++) {
        cmdline[i] = words[i];
    }
    if (mb->mods_count != 1) {
        fail("firmware: which module is gamp?\n");
    }
    module = *(const struct module *)mb->mods_addr;
    memcpy((void *)SAFE, (const void *)module.start, module.end - module.start);
    make_tables();
    make_map(mb);
    entry = load((const uint8_t *)SAFE);
    sum(tables[0], 20, 8);
    sum(tables[0], 36, 32);
    if (word("fw.high")) {
        move_high();
    }
    bend_processor();
    info.memmap = (uint32_t)map;
    words = word("gamp:");
    info.cmdline = words ? (uint32_t)words : 0;
    __asm__ volatile("outb %b0, $0x80" : : "a"(0xa5));
    __asm__ volatile("jmp *%%ecx" : : "a"(PVH_MAGIC), "b"(&info), "c"(entry));
    __builtin_unreachable();
}
