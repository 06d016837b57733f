/* SPDX-License-Identifier: MIT */
/*
 * switch_sim.S -- from stack to stack, for goroutines and for simulated cores.
 *
 *      sp -> | r15 r14 r13 r12 rbx rbp | return address |
 */
        .text

/*
 * struct arch_switched sim_switch_g(struct g *from, struct g *to, uintptr_t after);
 *   in   rdi = from, rsi = to, rdx = after
 *   out  rax = the g that ran here before, rdx = its after
 * A new g finds them, and itself, in rdi, rsi and rdx: entry's arguments.
 */
        .globl  sim_switch_g
        .type   sim_switch_g, @function
sim_switch_g:
        mov     %rdi, %rax
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, (%rdi)
        mov     (%rsi), %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   sim_switch_g, . - sim_switch_g

/*
 * void sim_switch_core(uintptr_t *save, uintptr_t load);
 *   in   rdi = where to keep this stack pointer, rsi = the other
 */
        .globl  sim_switch_core
        .type   sim_switch_core, @function
sim_switch_core:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, (%rdi)
        mov     %rsi, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   sim_switch_core, . - sim_switch_core

        .section .note.GNU-stack, "", @progbits
