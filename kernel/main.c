/* SPDX-License-Identifier: MIT */
/*
 * main.c -- from the loader's jump to the first goroutine: the boot as a table of contents.
 *
 * Context      the boot core, interrupts off, preemption off; on the image's boot stack, then on
 *              the core's own
 */
#include <stddef.h>
#include <stdint.h>

#include "acpi.h"
#include "arch.h"
#include "bootinfo.h"
#include "boottrace.h"
#include "clock.h"
#include "cmdline.h"
#include "console.h"
#include "cpu.h"
#include "gstack.h"
#include "interrupt_key.h"
#include "ioapic.h"
#include "keyboard.h"
#include "lapic.h"
#include "memlayout.h"
#include "pmm.h"
#include "port/port.h"
#include "power.h"
#include "print.h"
#include "smp.h"
#include "trap.h"
#include "vm.h"
#include "x86.h"

int main(int argc, char **argv);

extern const char app_name[]; /* the build's */
void *call_on_stack(void *(*fn)(void *), void *arg, uintptr_t top);

extern char __image_start[], __image_end[];

static struct bootinfo boot;
static struct bootinfo told KEPT; /* the same, as the loader left it */
static struct acpi_info acpi;
static struct cmdline cmdline;

/* Until vm_init: the boot tables map the low 4 GiB onto themselves. */
static const void *
map_low(uint64_t pa, size_t len)
{
    return pa != 0 && pa + len <= 4ull << 30 && pa + len > pa ? (const void *)pa : NULL;
}

static const void *
map_table(uint64_t pa, size_t len)
{
    return vm_map_phys(pa, len, VM_RO);
}

static void
complain(const char *word, const char *why)
{
    kprintf("command line: %s: %s; ignored\n", word, why);
}

/* argv[0] is the application; demo=NAME goes to the shell as its first word. */
static void
name_arguments(void)
{
    static char demo[sizeof(cmdline.demo) + 8];
    cmdline.argv[0] = (char *)(uintptr_t)app_name;
    if (cmdline.demo[0] != '\0' && cmdline.argc + 1 < CMDLINE_ARGS) {
        ksnprintf(demo, sizeof(demo), "demo=%s", cmdline.demo);
        for (int i = cmdline.argc++; i > 1; i--) {
            cmdline.argv[i] = cmdline.argv[i - 1];
        }
        cmdline.argv[1] = demo;
        cmdline.argv[cmdline.argc] = NULL;
    }
}

/* The next run of the shell, after ^C: what it has shown once is not shown again. */
static void
begin_at_the_prompt(void)
{
    static char word[] = "shell";
    cmdline.quiet = true;
    cmdline.demo[0] = '\0';
    cmdline.argv[1] = word;
    cmdline.argv[2] = NULL;
    cmdline.argc = 2;
}

static void
read_boot_information(uint32_t magic, uint64_t info)
{
    bool again = magic == BOOT_MAGIC_AGAIN;
    enum bootinfo_status s = again ? BOOTINFO_OK : bootinfo_parse(magic, info, map_low, &told);
    boot = told;
    cmdline_parse(boot.cmdline, &cmdline, complain);
    if (again) {
        begin_at_the_prompt();
    }
    console_echo = cmdline.tty;
    console_set_columns((unsigned)cmdline.columns);
    if (!cmdline.serial) {
        console_detach_serial();
    }
    name_arguments();
    for (unsigned i = 0; i < boot.nnotes && i < BOOTINFO_NOTES && !cmdline.quiet; i++) {
        kprintf("boot information: %s (%#lx)\n", boot.notes[i].text, boot.notes[i].value);
    }
    if (s != BOOTINFO_OK) {
        kprintf("gamp cannot start: %s (magic %#x, information at %#lx)\n", bootinfo_status_text(s),
                magic, info);
        power_off(1);
    }
    uint64_t image = (uint64_t)__image_start - KERNEL_BASE;
    uint64_t image_size = (uint64_t)(__image_end - __image_start);
    if (!memmap_has(&boot.memory, image, image_size) && !cmdline.quiet) {
        kprintf("boot information: not all memory under the image is usable (%#lx)\n", image);
    }
    bootinfo_reserve(&boot, image, image_size);
    memmap_add(&boot.memory, 1ull << cpu_features.phys_bits, UINT64_MAX, MEM_RESERVED);
    smp_claim_page(&boot.memory);
    bootinfo_reserve(&boot, 0, 1 << 20); /* some firmware writes there for ever */
}

static void
start_memory(void)
{
    static struct pmm_range usable[MEMMAP_RANGES];
    unsigned n = 0;
    if (!vm_init(&boot)) {
        kprintf("gamp cannot start: no room for page tables in %lu KiB of memory\n",
                memmap_usable(&boot.memory) >> 10);
        power_off(1);
    }
    for (unsigned i = 0; i < boot.memory.nranges; i++) {
        const struct mem_range *r = &boot.memory.ranges[i];
        if (r->type == MEM_USABLE && r->base + r->len <= GSTACK_BASE - DIRECT_BASE) {
            usable[n++] = (struct pmm_range){ r->base, r->len };
        }
    }
    pmm_init(usable, n);
    pmm_reclaim = gstack_reclaim;
    boottrace_end("memory");
    if (boot.fb.type != FRAMEBUFFER_NONE && cmdline.screen) {
        console_attach_screen(&boot.fb);
    }
    boottrace_end("screen");
    if (!cpu_stacks_init(&cpu_boot)) {
        kprintf("gamp cannot start: no memory for interrupt stacks\n");
        power_off(1);
    }
}

static void
read_firmware_tables(void)
{
    if (!acpi_init(boot.rsdp, map_table, &acpi) && !cmdline.quiet) {
        kprintf("acpi: no usable tables; going on with one core\n");
    }
    for (unsigned i = 0; i < acpi.nnotes && i < ACPI_NOTES && !cmdline.quiet; i++) {
        kprintf("acpi: %s: %s (%#lx)\n", acpi.notes[i].table, acpi.notes[i].text,
                acpi.notes[i].value);
    }
    power_init(&acpi);
    boottrace_end("acpi");
    if (boot.fb.type == FRAMEBUFFER_NONE && cmdline.screen && !acpi.no_vga) {
        console_attach_screen(&boot.fb);
    }
    boottrace_end("vga");
}

static void
start_interrupts(void)
{
    if (!lapic_init(&acpi)) {
        kprintf("gamp cannot start: this processor has no local APIC\n");
        power_off(1);
    }
    lapic_init_core();
    clock_init(&acpi);
    boottrace_end("clock");
    ioapic_init(&acpi);
    port_console_init();
    if (keyboard_init(&acpi) && ioapic_route(KEYBOARD_IRQ, VECTOR_KEYBOARD, cpu_boot.apic_id)) {
        console_enable_keyboard();
        keyboard_interrupt(); /* what came before the route */
    }
    if (ioapic_route(4, VECTOR_SERIAL, cpu_boot.apic_id)) {
        console_enable_interrupts();
        power_announce();
    }
    interrupt_key_init();
    boottrace_end("devices");
}

static void
report(void)
{
    if (cmdline.quiet) {
        return;
    }
    cpu_print_features();
    clock_print();
    smp_print();
    kprintf("gamp: %u core%s, %zu MiB of memory (%zu MiB free), booted by %s%s%s\n", ncpus,
            ncpus == 1 ? "" : "s", pmm_total_bytes() >> 20, pmm_free_bytes() >> 20, boot.protocol,
            boot.loader[0] != '\0' ? " from " : "", boot.loader);
}

/* What the first goroutine calls: the boot is over. */
static int
first_main(int argc, char **argv)
{
    boottrace_end("scheduler");
    if (!cmdline.quiet) {
        boottrace_print();
    }
    return main(argc, argv);
}

/* A window's size is 256 KiB or four times that, and so on (gstack.c). */
static size_t
window(size_t wish)
{
    size_t size = 256 << 10;
    while (size < wish) {
        size *= 4;
    }
    return size;
}

static void *
on_core_stack(void *unused)
{
    (void)unused;
    read_firmware_tables();
    start_interrupts();
    smp_start(&acpi, port_core_entry);
    boottrace_end("cores");
    report();
    boottrace_end("report");
    sched_init(&(struct sched_config){
        .gomaxprocs = cmdline.gomaxprocs,
        .stack = window(cmdline.stack),
        .slice = cmdline.slice_ns,
        .schedtrace = cmdline.schedtrace_ms * 1000000,
        .seed = cmdline.seed,
        .trace = cmdline.trace,
        .quiet = cmdline.quiet,
    });
    irq_enable();
    sched_start(first_main, cmdline.argc, cmdline.argv);
}

/* From multiboot.S: which protocol, and where its information is. */
void
kmain(uint32_t magic, uint64_t info)
{
    idt_init();
    cpu_detect();
    cpu_init(&cpu_boot);
    console_init();
    boottrace_end("entry");
    read_boot_information(magic, info);
    boottrace_end("information");
    start_memory();
    call_on_stack(on_core_stack, NULL, cpu_boot.core_top);
}
