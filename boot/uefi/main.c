/* SPDX-License-Identifier: MIT */
/*
 * main.c -- BOOTX64.EFI: boots gamp on UEFI machines.
 *
 * Which kernel: the path in the load options; else the one built into this file (`make efi`);
 * else /boot/gamp.elf on the volume that this file came from. With which words: config.c.
 *
 * Invariants   1 Until info_finish the firmware can go on: whatever fails is said, given back,
 *                and returned from.
 *              2 The kernel is entered by boot_entry64 with multiboot 2 information, so all that
 *                it knows of UEFI is that information's EFI memory map.
 * Context      boot services; one processor
 * Rejected     Entering with the firmware's page tables: they may lie where the kernel goes, and
 *              newer firmware marks data pages no-execute.
 */
#include "loader.h"

enum { READER_SECONDS = 10 };

static const CHAR16 default_kernel[] = L"\\boot\\gamp.elf";

static struct config config;
static struct handover handover;

static bool
find_kernel(EFI_FILE *root, struct kernel *kernel)
{
    struct blob file = { (uint64_t)built_in_kernel,
                         (uint64_t)(built_in_kernel_end - built_in_kernel) };
    const CHAR16 *name = L"the built-in kernel";

    if (config.kernel[0] || file.len == 0) {
        name = config.kernel[0] ? config.kernel : default_kernel;
        if (!root) {
            return refuse(L"no kernel: none is built in, and the loader was not read from a "
                          L"volume with %s",
                          name);
        }
        if (!file_read(root, name, &file) || !sums_check(root, name, file)) {
            return false;
        }
    }
    if (!elf_read(name, file, kernel)) {
        return false;
    }
    Print(L"gamp: booting %s, %ld KiB at %lx\n", name, (file.len + 1023) >> 10, kernel->base);
    return true;
}

static bool
read_modules(EFI_FILE *root)
{
    for (unsigned i = 0; i < config.nmodules; i++) {
        struct module_file *m = &config.modules[i];
        if (!file_read(root, m->path, &m->content)) {
            return false;
        }
    }
    return true;
}

/* Does not return where it succeeds. */
static bool
boot(EFI_HANDLE handle, const EFI_SYSTEM_TABLE *system)
{
    EFI_LOADED_IMAGE *self;
    EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
    struct info info;
    EFI_STATUS status = BS->HandleProtocol(handle, &guid, (void **)&self);
    if (EFI_ERROR(status)) {
        return refuse(L"the firmware does not tell where the loader came from: %r", status);
    }

    EFI_FILE *root = file_root(self);
    if (!config_read(self, root, &config) || config.leave) {
        return false;
    }
    if (config.reboot) {
        RT->ResetSystem(EfiResetCold, EFI_SUCCESS, 0, NULL);
    }
    if (!find_kernel(root, &handover.kernel)) {
        return false;
    }
    if (!memory_claim(handover.kernel.base, handover.kernel.end) || !read_modules(root)) {
        return false;
    }
    if (!info_begin(&info) || !handover_prepare(&handover, self)) {
        return false;
    }
    if (!info_add_texts(&info, &config) || !info_add_rsdp(&info, system)
        || !info_add_framebuffer(&info) || !info_finish(&info, handle)) {
        return false;
    }
    handover.info = (uint64_t)info.base;
    handover_enter(&handover);
}

/* Firmware clears the screen as soon as this has returned. */
static void
wait_for_reader(const EFI_SYSTEM_TABLE *system)
{
    Print(L"gamp: back to the firmware in %d seconds, or by a key\n", READER_SECONDS);
    if (system->ConIn) {
        WaitForSingleEvent(system->ConIn->WaitForKey, READER_SECONDS * 10000000ull);
    }
}

EFI_STATUS
efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *system)
{
    InitializeLib(handle, system);
    boot(handle, system);
    memory_give_back();
    if (config.leave) {
        return EFI_ABORTED;
    }
    wait_for_reader(system);
    return EFI_LOAD_ERROR;
}
