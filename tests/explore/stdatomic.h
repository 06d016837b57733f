/* SPDX-License-Identifier: MIT */
/*
 * stdatomic.h -- the compiler's, with a point for sim.c before every operation, and with stores
 * that are no fence kept in the core's store buffer for a while, as x86 does (3A, 8.2.3.4).
 *
 * A load looks into its own core's buffer first; a locked operation and a fence empty it.
 */
#pragma once
#include_next <stdatomic.h>

#include "sim.h"

#define ATOMICS_WATCHED 1 /* by PEEK and COUNT, too */

#define SIM_LOCKED()    (SIM_POINT(), sim_fence())

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and
#undef atomic_fetch_and_explicit
#undef atomic_thread_fence

#define atomic_load_explicit(p, order)                                                             \
    __extension__({                                                                                \
        SIM_POINT();                                                                               \
        __auto_type in_ = __atomic_load_n((p), __ATOMIC_RELAXED);                                  \
        (__typeof__(in_))sim_load((const volatile void *)(uintptr_t)(p), (uint64_t)in_,            \
                                  (int)sizeof(in_));                                               \
    })
#define atomic_load(p) atomic_load_explicit(p, memory_order_seq_cst)

#define atomic_store_explicit(p, v, order)                                                         \
    __extension__({                                                                                \
        SIM_POINT();                                                                               \
        if ((order) == memory_order_seq_cst) {                                                     \
            sim_fence();                                                                           \
            __atomic_store_n((p), (v), __ATOMIC_SEQ_CST);                                          \
        } else {                                                                                   \
            __typeof__(__atomic_load_n((p), __ATOMIC_RELAXED)) value_ = (v);                       \
            sim_store((volatile void *)(uintptr_t)(p), (uint64_t)value_, (int)sizeof(value_));     \
        }                                                                                          \
    })
#define atomic_store(p, v) atomic_store_explicit(p, v, memory_order_seq_cst)

/* Of a locked operation. */
#define SIM_RMW_(op, p, v)                     (SIM_LOCKED(), op((p), (v), __ATOMIC_SEQ_CST))
#define SIM_RMW(op, p, v)                      SIM_RMW_(__atomic_##op, p, v)

#define atomic_exchange(p, v)                  SIM_RMW(exchange_n, p, v)
#define atomic_exchange_explicit(p, v, order)  SIM_RMW(exchange_n, p, v)
#define atomic_fetch_add(p, v)                 SIM_RMW(fetch_add, p, v)
#define atomic_fetch_add_explicit(p, v, order) SIM_RMW(fetch_add, p, v)
#define atomic_fetch_sub(p, v)                 SIM_RMW(fetch_sub, p, v)
#define atomic_fetch_sub_explicit(p, v, order) SIM_RMW(fetch_sub, p, v)
#define atomic_fetch_or(p, v)                  SIM_RMW(fetch_or, p, v)
#define atomic_fetch_or_explicit(p, v, order)  SIM_RMW(fetch_or, p, v)
#define atomic_fetch_and(p, v)                 SIM_RMW(fetch_and, p, v)
#define atomic_fetch_and_explicit(p, v, order) SIM_RMW(fetch_and, p, v)
#define SIM_CAS(p, e, v)                                                                           \
    (SIM_LOCKED(),                                                                                 \
     __atomic_compare_exchange_n((p), (e), (v), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
#define atomic_compare_exchange_strong(p, e, v)                SIM_CAS(p, e, v)
#define atomic_compare_exchange_strong_explicit(p, e, v, s, f) SIM_CAS(p, e, v)
#define atomic_compare_exchange_weak(p, e, v)                  SIM_CAS(p, e, v)
#define atomic_compare_exchange_weak_explicit(p, e, v, s, f)   SIM_CAS(p, e, v)

static inline void
sim_fence_alone(void)
{
    SIM_LOCKED();
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
/* Of the others, x86 has no need. */
#define atomic_thread_fence(order)                                                                 \
    ((order) == memory_order_seq_cst ? sim_fence_alone() : (void)SIM_POINT())
