/* SPDX-License-Identifier: MIT */
/*
 * access.c -- what the compiler calls at every access to memory under -fsanitize=thread; there is
 * no ThreadSanitizer behind it here, only lines.c.
 */
#include <stdbool.h>
#include <string.h>

#include "cost.h"
#include "sim.h"

#define PC __builtin_return_address(0)

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void __tsan_read_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size);
void __tsan_atomic_thread_fence(int order);
void *__wrap_memcpy(void *to, const void *from, size_t n);
void *__wrap_memset(void *to, int c, size_t n);
void *__real_memcpy(void *to, const void *from, size_t n);
void *__real_memset(void *to, int c, size_t n);

void
__tsan_init(void)
{
}

void
__tsan_func_entry(void *pc)
{
    (void)pc;
    if (sim_cpu != NULL) {
        clock_charge(COST_CALL);
    }
}

void
__tsan_func_exit(void)
{
}

void
__tsan_read_range(void *at, size_t size)
{
    lines_access(at, size, LOAD, PC);
}

void
__tsan_write_range(void *at, size_t size)
{
    lines_access(at, size, STORE, PC);
}

void
__tsan_atomic_thread_fence(int order)
{
    (void)order;
    lines_fence();
    clock_charge(COST_LOCKED);
}

void *
__wrap_memcpy(void *to, const void *from, size_t n)
{
    if (n > 0) {
        lines_access(from, n, LOAD, PC);
        lines_access(to, n, STORE, PC);
    }
    return __real_memcpy(to, from, n);
}

void *
__wrap_memset(void *to, int c, size_t n)
{
    if (n > 0) {
        lines_access(to, n, STORE, PC);
    }
    return __real_memset(to, c, n);
}

#define PLAIN(size)                                                                                \
    void __tsan_read##size(void *at);                                                              \
    void __tsan_write##size(void *at);                                                             \
    void __tsan_unaligned_read##size(void *at);                                                    \
    void __tsan_unaligned_write##size(void *at);                                                   \
    void __tsan_read##size(void *at)                                                               \
    {                                                                                              \
        lines_access(at, size, LOAD, PC);                                                          \
    }                                                                                              \
    void __tsan_write##size(void *at)                                                              \
    {                                                                                              \
        lines_access(at, size, STORE, PC);                                                         \
    }                                                                                              \
    void __tsan_unaligned_read##size(void *at)                                                     \
    {                                                                                              \
        lines_access(at, size, LOAD, PC);                                                          \
    }                                                                                              \
    void __tsan_unaligned_write##size(void *at)                                                    \
    {                                                                                              \
        lines_access(at, size, STORE, PC);                                                         \
    }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

#define RMW(bits, type, name, op)                                                                  \
    type __tsan_atomic##bits##_##name(volatile type *at, type v, int order);                       \
    type __tsan_atomic##bits##_##name(volatile type *at, type v, int order)                        \
    {                                                                                              \
        (void)order;                                                                               \
        lines_access(at, sizeof(type), LOCKED, PC);                                                \
        return op(at, v, __ATOMIC_SEQ_CST);                                                        \
    }
#define CAS(bits, type, name)                                                                      \
    int __tsan_atomic##bits##_##name(volatile type *at, type *was, type v, int yes, int no);       \
    int __tsan_atomic##bits##_##name(volatile type *at, type *was, type v, int yes, int no)        \
    {                                                                                              \
        (void)yes;                                                                                 \
        (void)no;                                                                                  \
        lines_access(at, sizeof(type), LOCKED, PC);                                                \
        return __atomic_compare_exchange_n(at, was, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }
#define ATOMIC(bits, type)                                                                         \
    type __tsan_atomic##bits##_load(const volatile type *at, int order);                           \
    void __tsan_atomic##bits##_store(volatile type *at, type v, int order);                        \
    type __tsan_atomic##bits##_load(const volatile type *at, int order)                            \
    {                                                                                              \
        (void)order;                                                                               \
        lines_access(at, sizeof(type), LOAD, PC);                                                  \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                              \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile type *at, type v, int order)                         \
    {                                                                                              \
        lines_access(at, sizeof(type), order == __ATOMIC_SEQ_CST ? LOCKED : STORE, PC);            \
        __atomic_store_n(at, v, __ATOMIC_SEQ_CST);                                                 \
    }                                                                                              \
    RMW(bits, type, exchange, __atomic_exchange_n)                                                 \
    RMW(bits, type, fetch_add, __atomic_fetch_add)                                                 \
    RMW(bits, type, fetch_sub, __atomic_fetch_sub)                                                 \
    RMW(bits, type, fetch_or, __atomic_fetch_or)                                                   \
    RMW(bits, type, fetch_and, __atomic_fetch_and)                                                 \
    RMW(bits, type, fetch_xor, __atomic_fetch_xor)                                                 \
    CAS(bits, type, compare_exchange_strong)                                                       \
    CAS(bits, type, compare_exchange_weak)
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

/* ---- what tests/explore/stdatomic.h asks for besides ---- */

void
sim_fence(void)
{
    lines_fence();
}

void
sim_store(volatile void *at, uint64_t value, int size)
{
    lines_access(at, (size_t)size, STORE, PC);
    __real_memcpy((void *)(uintptr_t)at, &value, (size_t)size); /* little-endian */
}

uint64_t
sim_load(const volatile void *at, uint64_t in_memory, int size)
{
    (void)at;
    (void)size;
    return in_memory;
}
