/* SPDX-License-Identifier: MIT */
/*
 * boot.h -- what the files of boot/ share before the kernel has tables of its own.
 */
#pragma once

#include "memlayout.h"

#define LOW(sym) ((sym) - KERNEL_BASE) /* where it is loaded; .boot is linked there */

/* boot_gdt */
#define CS32 0x08
#define DS32 0x10
#define CS64 0x18
#define BOOT_GDT_SIZE 32
