/* SPDX-License-Identifier: MIT */
/*
 * memlayout.h -- who lives where in the upper half of the address space.
 *
 *   ffff8000_00000000  DIRECT_BASE    all RAM, at most 32 TiB, never executable
 *   ffffa000_00000000  GSTACK_BASE    goroutine stacks: eight regions of 8 TiB (gstack.c)
 *   ffffe000_00000000  IO_BASE        devices and firmware tables (vm_map_phys)
 *   ffffe800_00000000  KSTACK_BASE    core and interrupt stacks, each over a guard page
 *   ffffffff_80000000  KERNEL_BASE    the image, linked at +1 MiB
 *
 * The lower half, page 0 included, is never mapped once a core runs on the kernel's tables.
 */
#pragma once

#define KERNEL_BASE 0xffffffff80000000
#define DIRECT_BASE 0xffff800000000000
#define GSTACK_BASE 0xffffa00000000000
#define IO_BASE     0xffffe00000000000
#define KSTACK_BASE 0xffffe80000000000
#define RAM_MAX     (GSTACK_BASE - DIRECT_BASE) /* no memory above it is used */

#define PAGE_SIZE   4096

#ifndef __ASSEMBLER__
#include <stdint.h>

static inline void *
phys_to_virt(uint64_t pa)
{
    return (void *)(DIRECT_BASE + pa);
}

static inline uint64_t
virt_to_phys(const void *va)
{
    return (uint64_t)va - DIRECT_BASE;
}
#endif
