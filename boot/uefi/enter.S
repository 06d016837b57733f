/* SPDX-License-Identifier: MIT */
/*
 * enter.S -- the loader's last jumps: off the firmware's page tables and stack, into the kernel.
 */
#define CR4_PGE   (1 << 7)
#define CR4_PCIDE (1 << 17)
#define CR4_CET   (1 << 23)

        .text

/*
 * _Noreturn void enter(uint64_t tables, uint64_t stack_top, void (*go)(struct handover *),
 *                      struct handover *h);
 *
 * Clearing PGE drops global entries of the TLB, which a load of CR3 leaves; they may forbid
 * execution where the new tables do not. With PCIDE the kernel could not leave long mode (SDM 3A,
 * 4.10.1); with CET its first far return would fault.
 */
        .globl  enter
enter:
        cli
        cld
        movq    %cr4, %rax
        andl    $~(CR4_PGE | CR4_PCIDE | CR4_CET), %eax
        movq    %rax, %cr4
        movq    %rdi, %cr3
        movq    %rsi, %rsp
        xorl    %ebp, %ebp
        movq    %rcx, %rdi
        call    *%rdx
        ud2

/* _Noreturn void enter_kernel(uint64_t entry, uint32_t magic, uint64_t info); */
        .globl  enter_kernel
enter_kernel:
        movq    %rdi, %rax
        movl    %esi, %edi
        movq    %rdx, %rsi
        jmp     *%rax

        .section .note.GNU-stack, "", @progbits
