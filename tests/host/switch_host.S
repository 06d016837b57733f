/* SPDX-License-Identifier: MIT */
/*
 * switch_host.S -- what of a switch is not inline (machine.h): a goroutine that is preempted, and,
 * for the sanitizers, which are told of each switch, all of it.
 *
 * This is the picture in their case. Otherwise struct g has all that is kept, and the compiler has
 * saved the registers.
 *
 *      sp -> | where to go on |  label 2, or host_first
 *            | r15 r14 r13    |  kept for the caller; in a new one: entry, then 0 for a
 *            | r12 rbx rbp    |  return address, and nothing else
 *            | return address |
 *
 * Context      preemption off
 */
#define G_SP            0
#define G_MXCSR         8
#define G_FCW           12
#define G_ERR           16
#define HOST_G          %fs:host_core@tpoff

        .text

/*
 * struct arch_switched host_switch(struct g *from, struct g *to, uintptr_t after);
 *   in   rdi = from, rsi = to, rdx = after
 *   out  rax = rdi = the g that ran here before, rdx = its after
 */
        .globl  host_switch
        .type   host_switch, @function
host_switch:
        /* 1 save what the caller expects to find again */
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        lea     2f(%rip), %rax
        push    %rax
        stmxcsr G_MXCSR(%rdi)
        fnstcw  G_FCW(%rdi)
        mov     host_errno_at(%rip), %r8
        mov     %fs:(%r8), %ecx
        mov     %ecx, G_ERR(%rdi)
        mov     %rsp, G_SP(%rdi)
        /* 2 the other stack, its errno, and its control words if they are not the same */
        mov     G_SP(%rsi), %rsp
        mov     %rsi, HOST_G
        mov     G_ERR(%rsi), %ecx
        mov     %ecx, %fs:(%r8)
        mov     %rdi, %rax
        mov     G_MXCSR(%rdi), %ecx
        cmp     G_MXCSR(%rsi), %ecx
        jne     3f
        movzwl  G_FCW(%rdi), %ecx
        cmp     G_FCW(%rsi), %cx
        jne     3f
        /* 3 on */
1:      pop     %rcx
        jmp     *%rcx
2:      pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
3:      ldmxcsr G_MXCSR(%rsi)
        fldcw   G_FCW(%rsi)
        jmp     1b
        .size   host_switch, . - host_switch

/* Where a new goroutine begins: host_begin(prev, entry, after), with a 0 for its return address. */
        .globl  host_first
        .type   host_first, @function
host_first:
        pop     %rsi
        xor     %ebp, %ebp
        jmp     host_begin
        .size   host_first, . - host_first

/*
 * void host_async_preempt(void);  -- called by nobody: signal_host.c makes an interrupted goroutine
 * arrive here as if it had called it, below its red zone, with preemption off once.
 *   keeps every register, flags and vector state
 *      | red zone 128 | return address | rbp, flags, rax..r15 | XSAVE area, 64-aligned |
 */
        .globl  host_async_preempt
        .type   host_async_preempt, @function
host_async_preempt:
        /* 1 flags and general registers */
        push    %rbp
        mov     %rsp, %rbp
        pushfq
        cld
        .irp    r, rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        push    %\r
        .endr
        /* 2 vector state; the header of an XSAVE area must be zero before (1, 13.7) */
        mov     host_xsave_size(%rip), %rcx
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
        mov     host_xsave_mask(%rip), %eax
        xor     %edx, %edx
        xsave64 (%rsp)
        call    sched_preempt
        mov     host_xsave_mask(%rip), %eax
        xor     %edx, %edx
        xrstor64 (%rsp)
        jmp     2f
1:      sub     $512, %rsp
        and     $-64, %rsp
        fxsave64 (%rsp)
        call    sched_preempt
        fxrstor64 (%rsp)
        /* 3 registers, flags, and over the red zone */
2:      lea     -15*8(%rbp), %rsp
        .irp    r, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rbx, rax
        pop     %\r
        .endr
        popfq
        pop     %rbp
        ret     $128
        .size   host_async_preempt, . - host_async_preempt

/* The kernel returns here from a signal handler. */
        .globl  host_sigreturn
        .type   host_sigreturn, @function
host_sigreturn:
        mov     $15, %eax
        syscall
        .size   host_sigreturn, . - host_sigreturn

        .section .note.GNU-stack, "", @progbits
