/* SPDX-License-Identifier: MIT */
/*
 * switch.S -- how one stack becomes another: what arch_context_switch (machine.h) leaves to it.
 *
 * A goroutine that does not run is its stack and the stack pointer in its struct g (offset 0):
 *
 *      sp -> | where to go on |  in arch_context_switch, or a new goroutine's entry
 *            | rbp            |  of the function that it is inlined into; a new one's is 0
 *
 * All other registers are dead there, or saved by the compiler in that function's frame. A
 * preempted goroutine has, above that, what async_preempt saved: everything.
 * MXCSR and the x87 control word belong to the goroutine, too: stored at each switch, loaded only
 * where they differ.
 *
 * Context      preemption off; interrupts on or off
 */
        .text

/*
 * arch_context_flush  -- called where the compiler knows of no call (machine.h)
 *   keeps all registers
 */
        .globl  arch_context_flush
        .type   arch_context_flush, @function
arch_context_flush:
        .irp    r, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
        push    %\r
        .endr
        call    gstack_flush
        .irp    r, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
        pop     %\r
        .endr
        ret
        .size   arch_context_flush, . - arch_context_flush

/*
 * void *call_on_stack(void *(*fn)(void *), void *arg, uintptr_t top);
 *   in   rdi = fn, rsi = arg, rdx = top, 16-aligned      out   rax = what fn returned
 */
        .globl  call_on_stack
        .type   call_on_stack, @function
call_on_stack:
        push    %rbp
        mov     %rsp, %rbp
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsp
        call    *%rax
        mov     %rbp, %rsp
        pop     %rbp
        ret
        .size   call_on_stack, . - call_on_stack

/*
 * void async_preempt(void);  -- called by nobody: port_after_interrupt makes an interrupted
 * goroutine arrive here as if it had called it, 128 bytes below its stack pointer (a leaf's red
 * zone), with preemption off once.
 *   keeps every register, flags and vector state
 *      | red zone 128 | return address | rflags rax..r15 | pad, rbp | XSAVE area, 64-aligned |
 */
        .globl  async_preempt
        .type   async_preempt, @function
async_preempt:
        /* 1 flags and general registers */
        pushfq
        cld
        push    %rbp
        mov     %rsp, %rbp
        push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        /* 2 vector state, below; the XSAVE header must be zero first (1, 13.7) */
        mov     cpu_xsave_size(%rip), %rcx
        test    %rcx, %rcx
        jz      1f
        sub     %rcx, %rsp
        and     $-64, %rsp
        xor     %eax, %eax
        .set    i, 512
        .rept   8
        mov     %rax, i(%rsp)
        .set    i, i + 8
        .endr
        mov     cpu_xsave_mask(%rip), %eax
        xor     %edx, %edx
        xsave64 (%rsp)
        fninit                          /* whoever runs next expects an empty x87 stack */
        call    sched_preempt
        mov     cpu_xsave_mask(%rip), %eax
        xor     %edx, %edx
        xrstor64 (%rsp)
        jmp     2f
1:      sub     $512, %rsp
        and     $-64, %rsp
        fxsave64 (%rsp)
        fninit
        call    sched_preempt
        fxrstor64 (%rsp)
        /* 3 registers, flags, and over the red zone */
2:      lea     -14*8(%rbp), %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax
        pop     %rbp
        popfq
        ret     $128
        .size   async_preempt, . - async_preempt

        .section .note.GNU-stack, "", @progbits
