/* SPDX-License-Identifier: MIT */
/*
 * ap.S -- how a core other than the first gets from its reset to smp_core_main.
 *
 * The code between ap_start and ap_end is copied to a page below 640 KiB, where the start-up IPI
 * lets a core begin in real mode at cs:ip = page / 16 : 0. All cores run it at once: until each has
 * found its own stack, nothing is written.
 *
 * Protocol     smp.c, before the IPIs                 a core, here
 *              1. copies the code, adds the page to   4. protected mode, then long mode on ap_cr3:
 *                 ap_far32, ap_far64, ap_gdt_base        the kernel's map and the low 2 MiB
 *              2. fills in ap_cr3, ap_efer,           5. finds the slot with its own APIC id
 *                 ap_nx_hidden, ap_lapic,             6. smp_core_main(slot) on the slot's stack
 *                 ap_slots, ap_count
 *              3. sends INIT and start-up
 *
 * A core without a slot halts for ever.
 */
#define AT(label) ((label) - ap_start) /* from the page on */

#define CR0_PE   (1 << 0)
#define CR0_ET   (1 << 4)
#define CR0_ON   0x80010023 /* PG WP NE MP PE */
#define CR4_PAE  (1 << 5)
#define MSR_EFER 0xc0000080

#define MSR_APIC_BASE   0x1b
#define BASE_X2APIC     10
#define MSR_X2APIC_ID   0x802
#define LAPIC_ID        0x20
#define MSR_MISC_ENABLE 0x1a0
#define XD_DISABLE      (1 << 2) /* of the upper half */

#define CODE32 0x08
#define DATA   0x10
#define CODE64 0x18

/* struct ap_slot of smp.c */
#define SLOT_APIC_ID 0
#define SLOT_STACK   8
#define SLOT_SIZE    32

        .section .rodata
        .balign 16
        .globl  ap_start, ap_end, ap_cr3, ap_efer, ap_nx_hidden, ap_lapic, ap_slots, ap_count
        .globl  ap_far32, ap_far64, ap_gdt_base

        .code16
ap_start:                               /* 4. */
        cli
        cld
        movw    %cs, %ax
        movw    %ax, %ds
        xorl    %ebp, %ebp
        movw    %ax, %bp
        shll    $4, %ebp                /* ebp: the page */
        lgdtl   AT(ap_gdtr)
        movl    $(CR0_PE | CR0_ET), %eax /* CD and NW, set by INIT, go with it */
        movl    %eax, %cr0
        ljmpl   *AT(ap_far32)

        .code32
ap_protected:
        movw    $DATA, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $CR4_PAE, %eax
        movl    %eax, %cr4
        movl    AT(ap_cr3)(%ebp), %eax
        movl    %eax, %cr3
        cmpl    $0, AT(ap_nx_hidden)(%ebp)
        je      1f
        movl    $MSR_MISC_ENABLE, %ecx
        rdmsr
        andl    $~XD_DISABLE, %edx
        wrmsr
1:      movl    $MSR_EFER, %ecx
        movl    AT(ap_efer)(%ebp), %eax /* LME, and NXE since the tables may use it */
        xorl    %edx, %edx
        wrmsr
        movl    $CR0_ON, %eax
        movl    %eax, %cr0
        ljmpl   *AT(ap_far64)(%ebp)

        .code64
ap_long:                                /* 5. edx: own APIC id, from the APIC: firmware may have */
        xorl    %r8d, %r8d              /* changed it, and CPUID does not know; r8d: CPUID asked */
        movl    $MSR_APIC_BASE, %ecx
        rdmsr
        btl     $BASE_X2APIC, %eax
        jnc     1f
        movl    $MSR_X2APIC_ID, %ecx
        rdmsr
        movl    %eax, %edx
        jmp     find
1:      movq    ap_lapic(%rip), %rax
        testq   %rax, %rax
        jz      ask_cpuid
        movl    LAPIC_ID(%rax), %edx
        shrl    $24, %edx
        jmp     find
ask_cpuid:
        incl    %r8d
        xorl    %eax, %eax
        cpuid
        cmpl    $0xb, %eax
        jb      1f
        movl    $0xb, %eax
        xorl    %ecx, %ecx
        cpuid
        testl   %ebx, %ebx              /* 0: the leaf is there in name only */
        jnz     find
1:      movl    $1, %eax
        cpuid
        movl    %ebx, %edx
        shrl    $24, %edx
find:   movq    ap_slots(%rip), %rdi
        movl    ap_count(%rip), %ecx
1:      testl   %ecx, %ecx
        jz      2f
        cmpl    %edx, SLOT_APIC_ID(%rdi)
        je      found
        addq    $SLOT_SIZE, %rdi
        decl    %ecx
        jmp     1b
2:      testl   %r8d, %r8d              /* its registers may be elsewhere than the boot core's */
        jz      ask_cpuid
3:      cli
        hlt
        jmp     3b

found:  movq    SLOT_STACK(%rdi), %rsp  /* 6. rdi: the slot; as if called, with no caller */
        xorl    %ebp, %ebp
        pushq   $0
        movabsq $smp_core_main, %rax
        jmp     *%rax

        .balign 8
ap_gdt:
        .quad   0
        .quad   0x00cf9b000000ffff      /* CODE32 */
        .quad   0x00cf93000000ffff      /* DATA */
        .quad   0x00af9b000000ffff      /* CODE64 */
ap_gdtr:
        .word   ap_gdtr - ap_gdt - 1
ap_gdt_base:
        .long   AT(ap_gdt)
ap_far32:
        .long   AT(ap_protected)
        .word   CODE32
ap_far64:
        .long   AT(ap_long)
        .word   CODE64

        .balign 8
ap_lapic:
        .quad   0
ap_slots:
        .quad   0
ap_cr3: .long   0
ap_efer:
        .long   0
ap_nx_hidden:
        .long   0
ap_count:
        .long   0
ap_end:
        .section .note.GNU-stack, "", @progbits
