/* SPDX-License-Identifier: MIT */
/*
 * vectors.S -- 256 ways in, one way out.
 *
 * Every vector runs on an interrupt stack (IST), never on the one interrupted: a goroutine's next
 * page may not be there, and an interrupt whose frame cannot be pushed is lost (3A, 6.14.5).
 *
 *      | ss rsp rflags cs rip | error code | vector | rax .. r15 | <- rsp = struct trap_frame
 *
 * Context      interrupts off (interrupt gates); the handlers are compiled without vector registers
 */
        .text

        .globl  trap_stubs
        .balign 16
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        /* 1 the processor has pushed an error code for 8, 10 to 14, 17, 21, 29, 30 (3A, 6.3.1) */
        .if     vector > 31
        push    $0
        .elseif !((1 << vector) & 0x60227d00)
        push    $0
        .endif
        push    $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr

        .type   trap_common, @function
trap_common:
        /* 2 the rest of struct trap_frame */
        push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %rbp
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        cld
        /* 3 trap(frame) */
        mov     %rsp, %rdi
        mov     %rsp, %rbx
        and     $-16, %rsp
        call    trap
        mov     %rbx, %rsp
        /* 4 back, perhaps to another rip and rsp */
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rbp
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax
        add     $16, %rsp
        iretq
        .size   trap_common, . - trap_common

        .section .note.GNU-stack, "", @progbits
