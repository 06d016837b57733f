/* SPDX-License-Identifier: MIT */
/*
 * multiboot.S -- the headers that loaders look for, and the doors they come in by.
 *
 * Invariants   1 Everything in .boot runs where it is loaded, paging off or identity-mapped.
 *              2 Each door ends in boot_long (longmode.S) with ebp = magic and esi = info.
 * Context      boot core only, interrupts off.
 * Protocol     who enters where, by which header:
 *                multiboot 1   boot_entry32    header fields      eax = 0x2badb002, ebx = info
 *                multiboot 2   boot_entry32    entry address tag  eax = 0x36d76289, ebx = info
 *                PVH           boot_entry_pvh  ELF note           ebx = hvm_start_info
 *                UEFI loader   boot_entry64    e_entry            edi = magic, rsi = info
 * Rejected     Multiboot 1 without address fields: qemu refuses an ELF64 then.
 */
#include "boot.h"

#define MB1_HEADER      0x1badb002
#define MB1_FLAGS       0x00010003      /* page-aligned modules, memory map, address fields */
#define MB2_HEADER      0xe85250d6
#define PVH_MAGIC       0x336ec578      /* hvm_start_info's own first word, too */
#define XEN_PHYS32_ENTRY 18

#define CR0_PG          0x80000000
#define MSR_EFER        0xc0000080
#define EFER_LME        (1 << 8)

/* ---- headers: within the first 8 KiB of the file (32 KiB for multiboot 2) ---- */

        .section .boot.header, "a"
        .balign 4096    /* a page of the file, too: invariant 1 of linker.ld */
mb1_header:
        .long   MB1_HEADER, MB1_FLAGS, -(MB1_HEADER + MB1_FLAGS)
        .long   mb1_header                      /* header_addr */
        .long   mb1_header                      /* load_addr: the header opens the image */
        .long   LOW(__data_end)                 /* load_end_addr */
        .long   LOW(__image_end)                /* bss_end_addr */
        .long   boot_entry32                    /* entry_addr */

        .balign 8
mb2_header:
        .long   MB2_HEADER, 0, mb2_end - mb2_header
        .long   -(MB2_HEADER + (mb2_end - mb2_header))
        .short  3, 0                            /* entry address */
        .long   12, boot_entry32
        .balign 8
        .short  6, 0                            /* modules on page boundaries */
        .long   8
        .short  5, 1                            /* a framebuffer, if it can be had */
        .long   20, 1024, 768, 32
        .balign 8
        .short  0, 0
        .long   8
mb2_end:

        .section .note.pvh, "a", @note
        .balign 4
        .long   4, 4, XEN_PHYS32_ENTRY
        .asciz  "Xen"
        .long   boot_entry_pvh

/* ---- 64-bit door ---- */

        .section .boot, "ax"

/*
 * _Noreturn void boot_entry64(uint32_t magic, uint64_t info);
 *
 * In: long mode, image and stack identity-mapped below 4 GiB, magic and info as in multiboot 2,
 * info below 4 GiB. Leaves long mode, so that one path, and not two, builds the early tables.
 */
        .code64
        .globl  boot_entry64
boot_entry64:
        cli
        movl    %edi, %ebp
        lgdt    boot_gdt_low(%rip)
        pushq   $CS32
        leaq    leave_long(%rip), %rax
        pushq   %rax
        lretq

        .code32
leave_long:
        movl    $DS32, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %cr0, %eax
        andl    $~CR0_PG, %eax
        movl    %eax, %cr0
        movl    $MSR_EFER, %ecx
        rdmsr
        andl    $~EFER_LME, %eax
        wrmsr
        cld
        jmp     boot_long

/* ---- 32-bit doors: protected mode, flat segments, paging off, interrupts off ---- */

        .globl  boot_entry_pvh
boot_entry_pvh:
        movl    $PVH_MAGIC, %eax

        .globl  boot_entry32
boot_entry32:
        movl    %eax, %ebp
        movl    %ebx, %esi
        cli
        cld
        jmp     boot_long

        .balign 8
        .globl  boot_gdt, boot_gdt_low
boot_gdt:
        .quad   0
        .quad   0x00cf9b000000ffff              /* CS32 */
        .quad   0x00cf93000000ffff              /* DS32 */
        .quad   0x00af9b000000ffff              /* CS64 */

boot_gdt_low:
        .short  BOOT_GDT_SIZE - 1
        .quad   boot_gdt

        .section .note.GNU-stack, "", @progbits
