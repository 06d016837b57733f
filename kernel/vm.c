/* SPDX-License-Identifier: MIT */
/*
 * vm.c -- page tables: what is mapped where, and with which rights.
 *
 * Invariants   1. no mapping is both writable and executable; only .text is executable, and RAM
 *                 that holds .text or .rodata is read-only in the direct map, too
 *              2. the lower half is empty, and so page 0 is; but for cores on their way up, whose
 *                 tables (vm_boot_root) are their own
 *              3. tables are only ever added, by compare-and-swap, and never freed: a walk needs no
 *                 lock
 * Locks        none but io_next's atomic counter
 * Context      any; out of a page-fault handler too (vm_pte), see pmm.c's rule
 */
#include "vm.h"

#include <stdatomic.h>

#include "bootinfo.h"
#include "cpu.h"
#include "memlayout.h"
#include "pmm.h"
#include "print.h"
#include "x86.h"

extern char __image_start[], __text_start[], __text_end[], __rodata_start[], __rodata_end[];
extern char __data_start[], __image_end[];

#define ENTRIES  512u
#define SIZE_1G  (1ull << 30)
#define BOOT_MAX (4ull << 30) /* what the boot tables reach */

static uint64_t root;

/* Until the kernel's tables are in force: pages from the top of one usable range, seen through the
 * boot tables' identity map. */
static struct {
    bool active;
    uint64_t base, next;
} early = { .active = true };

static uintptr_t tables; /* where page tables are seen: 0, later DIRECT_BASE */

static _Atomic(uintptr_t) io_next = IO_BASE;
static _Atomic(uintptr_t) kstack_next = KSTACK_BASE;

static uint64_t
table_alloc(void)
{
    if (!early.active) {
        return pmm_alloc_zeroed(0);
    }
    if (early.next - PAGE_SIZE < early.base) {
        return 0;
    }
    early.next -= PAGE_SIZE;
    __builtin_memset((void *)early.next, 0, PAGE_SIZE);
    return early.next;
}

static pte *
table_at(uint64_t entry)
{
    return (pte *)((entry & PTE_ADDR) + tables);
}

/* The table below `entry`, made if missing. Two cores may make one: the loser gives his back. */
static pte *
table_below(pte *entry)
{
    uint64_t e = atomic_load_explicit(entry, memory_order_acquire);
    if (e == 0) {
        uint64_t pa = table_alloc();
        if (pa == 0) {
            return NULL;
        }
        if (atomic_compare_exchange_strong(entry, &e, pa | PTE_P | PTE_W)) {
            return table_at(pa);
        }
        pmm_free(pa, 0);
    }
    if (e & PTE_PS) {
        throw("vm: a large page lies where a table is wanted (entry %#lx)", e);
    }
    return table_at(e);
}

/* The entry for va at `level` (1: 4 KiB, 2: 2 MiB, 3: 1 GiB). */
static pte *
walk(uintptr_t va, int level)
{
    pte *t = table_at(root);
    for (int l = 4; l > level; l--) {
        t = table_below(&t[va >> (12 + 9 * (l - 1)) & (ENTRIES - 1)]);
        if (t == NULL) {
            return NULL;
        }
    }
    return &t[va >> (12 + 9 * (level - 1)) & (ENTRIES - 1)];
}

pte *
vm_pte_peek(uintptr_t va)
{
    pte *t = table_at(root);
#pragma GCC unroll 3
    for (int l = 4; l > 1; l--) {
        uint64_t e = atomic_load_explicit(&t[va >> (12 + 9 * (l - 1)) & (ENTRIES - 1)],
                                          memory_order_acquire);
        if ((e & (PTE_P | PTE_PS)) != PTE_P) {
            return NULL;
        }
        t = table_at(e);
    }
    return &t[va >> 12 & (ENTRIES - 1)];
}

pte *
vm_pte(uintptr_t va)
{
    pte *e = vm_pte_peek(va);
    return e != NULL ? e : walk(va, 1);
}

static int
largest_level(uintptr_t va, uint64_t pa, uint64_t len, bool large)
{
    if (large && cpu_features.pages_1g && ((va | pa) % SIZE_1G) == 0 && len >= SIZE_1G) {
        return 3;
    }
    return large && ((va | pa) % SIZE_2M) == 0 && len >= SIZE_2M ? 2 : 1;
}

/* Maps whole pages, as large ones as alignment allows. False: out of memory. */
static bool
map(uintptr_t va, uint64_t pa, uint64_t len, uint64_t bits, bool large)
{
    while (len > 0) {
        int level = largest_level(va, pa, len, large);
        uint64_t step = 1ull << (12 + 9 * (level - 1));
        pte *e = walk(va, level);
        if (e == NULL) {
            return false;
        }
        do { /* as far as this table goes: a walk for each was a sixth of the boot */
            atomic_store_explicit(e++, pa | bits | PTE_P | (level > 1 ? PTE_PS : 0),
                                  memory_order_release);
            va += step;
            pa += step;
            len -= step < len ? step : len;
        } while (len > 0 && va / step % ENTRIES != 0 && largest_level(va, pa, len, large) == level);
    }
    return true;
}

/* RAM in the direct map, the part that [ro, ro_end) covers read-only. */
static bool
map_ram(uint64_t base, uint64_t end, uint64_t ro, uint64_t ro_end, uint64_t bits)
{
    uint64_t a = base < ro ? ro : base, b = end > ro_end ? ro_end : end;
    if (a >= b) {
        return map(DIRECT_BASE + base, base, end - base, bits | PTE_W, true);
    }
    return map(DIRECT_BASE + base, base, a - base, bits | PTE_W, true)
           && map(DIRECT_BASE + a, a, b - a, bits, true)
           && map(DIRECT_BASE + b, b, end - b, bits | PTE_W, true);
}

static uint64_t
image_pa(const char *symbol)
{
    return (uint64_t)symbol - KERNEL_BASE;
}

static bool
map_image(uint64_t global)
{
    const struct {
        const char *from, *to;
        uint64_t bits;
    } parts[] = {
        { __image_start, __text_start, PTE_NX }, /* the boot code has done its work */
        { __text_start, __text_end, 0 },
        { __rodata_start, __rodata_end, PTE_NX },
        { __data_start, __image_end, PTE_NX | PTE_W },
    };
    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint64_t pa = image_pa(parts[i].from);
        uint64_t len = (image_pa(parts[i].to) - pa + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull);
        if (!map((uintptr_t)parts[i].from, pa, len, parts[i].bits | global, false)) {
            return false;
        }
    }
    return true;
}

static bool
in_direct_map(const struct mem_range *r)
{
    return r->type == MEM_USABLE || r->type == MEM_CLAIMED || r->type == MEM_ACPI_RECLAIM;
}

/* Adjacent ranges are joined first, so that large pages may cross from one to the next. */
static bool
map_all_ram(const struct memmap *m, uint64_t global)
{
    uint64_t bits = PTE_NX | global, ro = image_pa(__text_start), ro_end = image_pa(__rodata_end);
    for (unsigned i = 0; i < m->nranges;) {
        if (!in_direct_map(&m->ranges[i])) {
            i++;
            continue;
        }
        uint64_t base = m->ranges[i].base, end = base;
        for (; i < m->nranges && in_direct_map(&m->ranges[i]) && m->ranges[i].base == end; i++) {
            end += m->ranges[i].len;
        }
        base = (base + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull);
        end &= ~(PAGE_SIZE - 1ull);
        end = end > RAM_MAX ? RAM_MAX : end;
        if (base < end && !map_ram(base, end, ro, ro_end, bits)) {
            return false;
        }
    }
    return true;
}

/* The largest usable range within reach of the boot tables lends the first tables. */
static void
early_init(const struct memmap *m)
{
    for (unsigned i = 0; i < m->nranges; i++) {
        const struct mem_range *r = &m->ranges[i];
        uint64_t end = r->base + r->len > BOOT_MAX ? BOOT_MAX : r->base + r->len;
        if (r->type == MEM_USABLE && end > r->base && end - r->base > early.next - early.base) {
            early.base = r->base;
            early.next = end;
        }
    }
}

bool
vm_init(struct bootinfo *bi)
{
    early_init(&bi->memory);
    uint64_t top = early.next, global = cpu_features.pge ? PTE_G : 0;
    root = table_alloc();
    if (root == 0 || !map_all_ram(&bi->memory, global) || !map_image(global)) {
        return false;
    }
    write_cr3(root);
    bootinfo_reserve(bi, early.next, top - early.next);
    early.active = false;
    tables = DIRECT_BASE;
    return true;
}

uint64_t
vm_root(void)
{
    return root;
}

/* vm_pte for callers on any stack: the tables come by page_alloc's way. */
static void *
map_request(void *arg)
{
    uint64_t *a = arg;
    return (void *)(uintptr_t)map(a[0], a[1], a[2], a[3], false);
}

void *call_on_core_stack(void *(*fn)(void *), void *arg);

void *
vm_map_phys(uint64_t pa, size_t len, unsigned flags)
{
    uint64_t first = pa & ~(PAGE_SIZE - 1ull);
    uint64_t size = ((pa + len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull)) - first;
    uint64_t bits = PTE_NX | (flags & VM_RO ? 0 : PTE_W);
    bits |= flags & VM_UC ? PTE_PCD | PTE_PWT : flags & VM_WC ? PTE_PWT : 0; /* PAT_TYPES */
    uintptr_t va = atomic_fetch_add(&io_next, size + PAGE_SIZE);
    uint64_t args[] = { va, first, size, bits };
    if ((pa | (pa + len)) >> cpu_features.phys_bits != 0) {
        return NULL; /* a reserved bit in a table would fault (3A, 4.7) */
    }
    if (va + size > KSTACK_BASE || !call_on_core_stack(map_request, args)) {
        return NULL;
    }
    return (void *)(va + pa % PAGE_SIZE);
}

void *
vm_kstack_alloc(size_t size)
{
    size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ul);
    uintptr_t va = atomic_fetch_add(&kstack_next, size + PAGE_SIZE) + PAGE_SIZE;
    for (uintptr_t at = va; at < va + size; at += PAGE_SIZE) {
        uint64_t pa = page_alloc(0);
        uint64_t args[] = { at, pa, PAGE_SIZE, PTE_NX | PTE_W };
        if (pa == 0 || !call_on_core_stack(map_request, args)) {
            return NULL;
        }
    }
    return (void *)(va + size);
}

/* In the image, so below 4 GiB, where a core with paging off can find them. */
static uint64_t boot_tables[3][ENTRIES] __attribute__((aligned(PAGE_SIZE)));

uint64_t
vm_boot_root(void)
{
    uint64_t *pml4 = boot_tables[0], *pdpt = boot_tables[1], *pd = boot_tables[2];
    __builtin_memcpy(pml4, phys_to_virt(root), PAGE_SIZE);
    pml4[0] = image_pa((char *)pdpt) | PTE_P | PTE_W;
    pdpt[0] = image_pa((char *)pd) | PTE_P | PTE_W;
    pd[0] = PTE_P | PTE_W | PTE_PS;
    return image_pa((char *)pml4);
}
