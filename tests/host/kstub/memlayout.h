/* SPDX-License-Identifier: MIT */
/*
 * memlayout.h -- in front of the kernel's on the include path: RAM is a piece of this process.
 */
#pragma once

#include <stdint.h>

#define PAGE_SIZE 4096

/* Where physical address 0 would be; set by stub_ram. */
extern uintptr_t stub_direct_base;

#define DIRECT_BASE stub_direct_base

static inline void *
phys_to_virt(uint64_t pa)
{
    return (void *)(DIRECT_BASE + pa);
}

static inline uint64_t
virt_to_phys(const void *va)
{
    return (uintptr_t)va - DIRECT_BASE;
}
