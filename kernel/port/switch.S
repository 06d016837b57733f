/* SPDX-License-Identifier: MIT */
/*
 * switch.S -- how one stack becomes another.
 *
 * A goroutine that does not run is its stack and the stack pointer in its struct g (offset 0):
 *
 *      sp -> | where to go on |  arch_context_switch's label 2, or a new goroutine's entry
 *            | r15 r14 r13    |  what the C calling convention makes the callee keep;
 *            | r12 rbx rbp    |  all other registers are dead at a call
 *            | return address |  into whoever called arch_context_switch
 *
 * A preempted goroutine has, above that, what async_preempt saved: everything.
 * MXCSR and the x87 control word belong to the goroutine, too: stored at each switch, loaded only
 * where they differ.
 *
 * Context      preemption off; interrupts on or off
 */
#define G_SP            0
#define G_MXCSR         8
#define G_FCW           12
#define G_TRIM_GEN      48
#define CPU_G           8
#define CPU_PREEMPT     24
#define CPU_TLB_GEN     40

        .text

/*
 * struct g *arch_context_switch(struct g *from, struct g *to);
 *   in   rdi = from, rsi = to      out   rax = rdi = the g that ran here before
 * Ends in pop and jmp: a ret would be predicted to return into the old stack's caller.
 */
        .globl  arch_context_switch
        .type   arch_context_switch, @function
arch_context_switch:
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
        mov     %rsp, G_SP(%rdi)
        /* 2 pages of the other stack were given back since this core last flushed? (gstack.c) */
        mov     G_TRIM_GEN(%rsi), %rdx
        cmp     %gs:CPU_TLB_GEN, %rdx
        ja      4f
1:      /* 3 the other stack, and its control words if they are not the same */
        mov     G_SP(%rsi), %rsp
        mov     %rsi, %gs:CPU_G
        mov     %rdi, %rax
        mov     G_MXCSR(%rdi), %edx
        cmp     G_MXCSR(%rsi), %edx
        jne     3f
        movzwl  G_FCW(%rdi), %edx
        cmp     G_FCW(%rsi), %dx
        jne     3f
        /* 4 on */
        pop     %rcx
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
        pop     %rcx
        jmp     *%rcx
4:      push    %rdi
        push    %rsi
        call    gstack_flush
        pop     %rsi
        pop     %rdi
        jmp     1b
        .size   arch_context_switch, . - arch_context_switch

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
