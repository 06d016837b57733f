/* SPDX-License-Identifier: MIT */
/*
 * multiboot.S -- from whatever loaded the image to kmain in 64-bit mode, upper half.
 *
 * Invariants   1 Everything in .boot runs where it is loaded, paging off or identity-mapped;
 *                other symbols are reached as LOW(symbol) until step 6.
 *              2 ebp = magic and esi = info from the entry to step 7; nothing in between uses
 *                them. Memory outside the image is only read.
 *              3 A CPU that cannot run the kernel gets a line on COM1 and halts. No IDT exists
 *                before kmain, so nothing here may fault.
 * Context      boot core only, interrupts off, DF clear.
 * Protocol     who enters where, by which header:
 *                multiboot 1   boot_entry32    header fields         eax = 0x2badb002, ebx = info
 *                multiboot 2   boot_entry32    entry address tag     eax = 0x36d76289, ebx = info
 *                PVH           boot_entry_pvh  ELF note              ebx = hvm_start_info
 *                UEFI loader   boot_entry64    e_entry, long mode    edi = magic, rsi = info
 * Rejected     Multiboot 1 without address fields: qemu refuses an ELF64 then.
 *              A multiboot 2 framebuffer tag: GRUB crashes on it under Bochs 2.7.
 *              Clearing only what the loader forgot: it cannot be told from here, and every
 *              loader keeps its own records outside [load_addr, bss_end_addr).
 */
#include "memlayout.h"

#define LOW(sym)        ((sym) - KERNEL_BASE)

#define MB1_HEADER      0x1badb002
#define MB1_FLAGS       0x00010003      /* page-aligned modules, memory map, address fields */
#define MB2_HEADER      0xe85250d6
#define PVH_MAGIC       0x336ec578      /* hvm_start_info's own first word, too */
#define XEN_PHYS32_ENTRY 18

#define CR0_PG          0x80000000
#define CR0_LONG        0x80010033      /* PG WP NE ET MP PE; EM and TS off so SSE works */
#define CR4_LONG        0x00000620      /* PAE OSFXSR OSXMMEXCPT */
#define MSR_EFER        0xc0000080
#define EFER_LME        (1 << 8)
#define EFER_LME_NXE    ((1 << 8) | (1 << 11))
#define FEATURE_LM      29              /* CPUID 80000001h edx */
#define FEATURE_NX      20

#define PTE_TABLE       0x003           /* present, writable */
#define PTE_LARGE       0x083           /* the same, 2 MiB */

#define CS32            0x08
#define DS32            0x10
#define CS64            0x18

#define COM1            0x3f8
#define BOOT_STACK_SIZE 16384

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
        lgdt    gdt_low(%rip)
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
        jmp     step1

/* ---- 32-bit doors: protected mode, flat segments, paging off, interrupts off ---- */

        .globl  boot_entry_pvh
boot_entry_pvh:
        movl    $PVH_MAGIC, %eax

        .globl  boot_entry32
boot_entry32:
        movl    %eax, %ebp
        movl    %ebx, %esi

step1:  /* clear .bss, which holds the stack and the page tables used from here on */
        cli
        cld
        xorl    %eax, %eax
        movl    $LOW(__bss_start), %edi
        movl    $LOW(__bss_end), %ecx
        subl    %edi, %ecx
        shrl    $2, %ecx
        rep stosl
        movl    $LOW(boot_stack_top), %esp

step2:  /* is this a CPU with CPUID, long mode and NX? EFLAGS.ID toggles where CPUID exists */
        pushfl
        popl    %eax
        movl    %eax, %ecx
        xorl    $(1 << 21), %eax
        pushl   %eax
        popfl
        pushfl
        popl    %eax
        cmpl    %ecx, %eax
        movl    $no_long_mode, %edi
        je      refuse
        movl    $0x80000000, %eax
        cpuid
        cmpl    $0x80000001, %eax
        jb      refuse
        movl    $0x80000001, %eax
        cpuid
        btl     $FEATURE_LM, %edx
        jnc     refuse
        movl    $no_nx, %edi
        btl     $FEATURE_NX, %edx
        jnc     refuse

step3:  /* 2048 entries of 2 MiB: four directories in a row map the first 4 GiB */
        movl    $LOW(early_pd), %edi
        movl    $PTE_LARGE, %eax
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax                 /* the top halves stay 0 from step 1 */
        addl    $8, %edi
        decl    %ecx
        jnz     1b

step4:  /* identity through entry 0; KERNEL_BASE = entry 511, 510: the first directory again */
        movl    $LOW(early_pdpt_low) + PTE_TABLE, LOW(early_pml4)
        movl    $LOW(early_pdpt_high) + PTE_TABLE, LOW(early_pml4) + 511 * 8
        movl    $LOW(early_pd) + PTE_TABLE, %eax
        movl    %eax, LOW(early_pdpt_high) + 510 * 8
        movl    %eax, LOW(early_pdpt_low)
        addl    $4096, %eax
        movl    %eax, LOW(early_pdpt_low) + 8
        addl    $4096, %eax
        movl    %eax, LOW(early_pdpt_low) + 16
        addl    $4096, %eax
        movl    %eax, LOW(early_pdpt_low) + 24

step5:  /* long mode: SDM vol. 3, 10.8.5.  CR4, CR3, EFER, CR0 in this order */
        movl    $CR4_LONG, %eax
        movl    %eax, %cr4
        movl    $LOW(early_pml4), %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $EFER_LME_NXE, %eax
        wrmsr
        movl    $CR0_LONG, %eax
        movl    %eax, %cr0

step6:  /* through a 64-bit code segment to the upper half */
        lgdt    gdt_low
        ljmp    $CS64, $1f
        .code64
1:      movabsq $upper_half, %rax
        jmp     *%rax

/*
 * static _Noreturn void refuse(const char *why);
 *
 * In: edi = why, 32-bit. A UART that is not there reads as all ones, which is "ready".
 */
        .code32
refuse: movw    $COM1 + 5, %dx
        movl    $100000, %ecx
1:      inb     %dx, %al
        testb   $0x20, %al
        jnz     2f
        pause
        decl    %ecx
        jnz     1b
2:      movb    (%edi), %al
        incl    %edi
        testb   %al, %al
        jz      3f
        movw    $COM1, %dx
        outb    %al, %dx
        jmp     refuse
3:      cli
        hlt
        jmp     3b

no_long_mode:
        .asciz  "gamp: cannot boot: this CPU has no 64-bit mode\r\n"
no_nx:  .asciz  "gamp: cannot boot: this CPU cannot mark pages no-execute (NX), or it is off\r\n"

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff              /* CS32 */
        .quad   0x00cf93000000ffff              /* DS32 */
        .quad   0x00af9b000000ffff              /* CS64 */
gdt_end:

gdt_low:
        .short  gdt_end - gdt - 1
        .quad   gdt

/* ---- upper half ---- */

        .text
        .code64
upper_half:
step7:  /* void kmain(uint32_t magic, uint64_t info_pa); rbp = 0 ends every backtrace */
        lgdt    gdt_high(%rip)
        movl    $DS32, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        xorl    %eax, %eax
        movl    %eax, %fs
        movl    %eax, %gs
        movq    $boot_stack_top, %rsp
        movl    %ebp, %edi
        movl    %esi, %esi
        xorl    %ebp, %ebp
        call    kmain
1:      cli
        hlt
        jmp     1b

        .section .rodata
gdt_high:
        .short  gdt_end - gdt - 1
        .quad   gdt + KERNEL_BASE

        .section .bss.boot, "aw", @nobits
        .balign 4096
early_pml4:
        .skip   4096
early_pdpt_low:
        .skip   4096
early_pdpt_high:
        .skip   4096
early_pd:
        .skip   4 * 4096

        .globl  boot_stack, boot_stack_top
boot_stack:
        .skip   BOOT_STACK_SIZE
boot_stack_top:

        .section .note.GNU-stack, "", @progbits
