/* SPDX-License-Identifier: MIT */
/*
 * kernel.S -- the kernel that `make efi` builds into the loader: the file KERNEL, if defined.
 */
        .section .rodata
        .balign 16
        .globl  built_in_kernel, built_in_kernel_end
        .hidden built_in_kernel, built_in_kernel_end
built_in_kernel:
#ifdef KERNEL
        .incbin KERNEL
#endif
built_in_kernel_end:

        .section .note.GNU-stack, "", @progbits
