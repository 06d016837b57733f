/* SPDX-License-Identifier: MIT */
/*
 * longmode.S -- from 32-bit mode without paging to kmain in 64-bit mode, upper half.
 *
 * Invariants   1 ebp = magic and esi = info until step 7; nothing in between uses them.
 *              2 Until step 6 symbols outside .boot are reached as LOW(symbol); memory outside
 *                the image is left alone.
 *              3 .data is copied as it was loaded before anything writes it, and put back from
 *                there for each later run.
 *              4 A CPU that cannot run the kernel gets a line on COM1 and halts. No IDT exists
 *                before kmain, so nothing here may fault.
 * Context      boot core only, interrupts off, DF clear.
 * Rejected     Clearing only what the loader forgot: it cannot be told from here, and every
 *              loader keeps its own records outside [load_addr, bss_end_addr).
 */
#include "boot.h"

#define CR0_LONG        0x80010033      /* PG WP NE ET MP PE; EM and TS off so SSE works */
#define CR4_LONG        0x00000620      /* PAE OSFXSR OSXMMEXCPT */
#define MSR_EFER        0xc0000080
#define EFER_LME_NXE    ((1 << 8) | (1 << 11))
#define MSR_MISC_ENABLE 0x1a0
#define XD_DISABLE      (1 << 2)        /* of the upper half */
#define INTEL           0x756e6547      /* "Genu", CPUID 0 ebx */
#define FEATURE_LM      29              /* CPUID 80000001h edx */
#define FEATURE_NX      20

#define MAGIC_AGAIN     0x6e616761      /* BOOT_MAGIC_AGAIN of bootinfo.h */

#define PTE_TABLE       0x003           /* present, writable */
#define PTE_LARGE       0x083           /* the same, 2 MiB */

#define COM1            0x3f8
#define BOOT_STACK_SIZE 16384

/*
 * In: ebp = magic, esi = info, protected mode, flat segments, paging off, IF and DF clear.
 * Does not return.
 */
        .section .boot, "ax"
        .code32
        .globl  boot_long
boot_long:
step1:  /* is this a CPU with CPUID, long mode and NX? EFLAGS.ID toggles where CPUID exists */
        movl    $LOW(boot_stack_top), %esp
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
        btl     $FEATURE_NX, %edx
        jc      step2
        xorl    %eax, %eax              /* Intel's can be told to hide NX (SDM 4, table 2-2) */
        cpuid
        movl    $no_nx, %edi
        cmpl    $INTEL, %ebx
        jne     refuse
        movl    $MSR_MISC_ENABLE, %ecx
        rdmsr
        andl    $~XD_DISABLE, %edx
        wrmsr
        movl    $0x80000001, %eax
        cpuid
        btl     $FEATURE_NX, %edx
        jnc     refuse
        movl    $1, boot_nx_hidden

step2:  /* the time; clear .bss, which holds the stack and the page tables used from here on; .data
         * is kept by the first run, after that, and put back by the others */
        rdtsc
        movl    %eax, boot_tsc
        movl    %edx, boot_tsc + 4
        movl    %esi, %ebx
        movl    $LOW(__bss_start), %edi
        movl    $LOW(__data_start), %esi
        movl    $LOW(__data_kept), %edx
        cmpl    $MAGIC_AGAIN, %ebp
        jne     1f
        movl    $LOW(__kept_end), %edi
        xchgl   %esi, %edx
1:      xorl    %eax, %eax
        movl    $LOW(__bss_end), %ecx
        subl    %edi, %ecx
        shrl    $2, %ecx
        rep stosl
        movl    %edx, %edi
        movl    $LOW(__data_end), %ecx
        subl    $LOW(__data_start), %ecx
        shrl    $2, %ecx
        rep movsl
        movl    %ebx, %esi

step3:  /* 2048 entries of 2 MiB: four directories in a row map the first 4 GiB */
        movl    $LOW(early_pd), %edi
        movl    $PTE_LARGE, %eax
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax                 /* the top halves stay 0 from step 2 */
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
        lgdt    boot_gdt_low
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
no_nx:  .asciz  "gamp: cannot boot: this CPU cannot mark pages no-execute (NX)\r\n"

/* uint64_t boot_tsc: when the kernel began; boottrace.c reads it at KERNEL_BASE + boot_tsc. */
        .balign 8
        .globl  boot_tsc
boot_tsc:
        .quad   0

/* uint32_t boot_nx_hidden: firmware had hidden NX; smp.c passes it on. Likewise. */
        .globl  boot_nx_hidden
boot_nx_hidden:
        .long   0

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

/*
 * _Noreturn void boot_again(void);
 *
 * The image's next run, by the loaders' 64-bit door. Boot core, interrupts off; nothing else runs.
 */
        .globl  boot_again
boot_again:
        movl    $LOW(early_pml4), %eax          /* which nobody has changed since step 4 */
        movq    %rax, %cr3
        movl    $LOW(boot_stack_top), %esp
        movl    $MAGIC_AGAIN, %edi
        xorl    %esi, %esi
        movl    $boot_entry64, %eax
        jmp     *%rax

        .section .rodata
gdt_high:
        .short  BOOT_GDT_SIZE - 1
        .quad   boot_gdt + KERNEL_BASE

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
