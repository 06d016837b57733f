/* SPDX-License-Identifier: MIT */
/*
 * vm.h -- the one set of page tables that every core runs on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bootinfo;

/* How vm_map_phys maps; 0 is write-back memory that may be written. */
enum { VM_RO = 1, VM_UC = 2, VM_WC = 4 };

/* Bits of an entry (3A, 4.5.4). A page that has been given back but may still be in some core's TLB
 * keeps its address under PTE_LIMBO, which only software knows (gstack.c). */
#define PTE_P     (1ull << 0)
#define PTE_W     (1ull << 1)
#define PTE_PWT   (1ull << 3)
#define PTE_PCD   (1ull << 4)
#define PTE_PS    (1ull << 7)
#define PTE_G     (1ull << 8)
#define PTE_LIMBO (1ull << 9)
#define PTE_NX    (1ull << 63)
#define PTE_ADDR  0x000ffffffffff000ull

#define SIZE_2M   (1ull << 21) /* what the entries of one table map */

typedef _Atomic(uint64_t) pte;

/* Boot core, before pmm_init: maps RAM and the image as memlayout.h says and drops the boot tables.
 * What it used of RAM is claimed in bi->memory. False: not enough memory under 4 GiB. */
bool vm_init(struct bootinfo *bi);

/* From then on, any core. The address is valid for ever; NULL: out of memory. */
void *vm_map_phys(uint64_t pa, size_t len, unsigned flags);

/* A stack over a guard page; the answer is its top. NULL: out of memory. */
void *vm_kstack_alloc(size_t size);

/* The entry for va's page, its tables made where missing; NULL: out of memory. Runs where pmm_alloc
 * may run; several cores may ask at once. */
pte *vm_pte(uintptr_t va);

/* The same without making tables; NULL: there is none. */
pte *vm_pte_peek(uintptr_t va);

/* Physical address of the top table. */
uint64_t vm_root(void);

/* Tables for a core that starts with paging off: the kernel's, and the low 2 MiB
 * identity-mapped. */
uint64_t vm_boot_root(void);
