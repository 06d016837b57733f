/* SPDX-License-Identifier: MIT */
/*
 * plain.h -- what is said to the compiler for the sake of fast paths.
 *
 * COUNT        adds to a word that only its owner writes, without a locked instruction
 * COUNT_OPEN   the same as the last act of an owner who lets others in: a release
 * PEEK, POKE   a relaxed load and store
 *
 * Compilers never fold an atomic access into the instruction that needs it; these they do: an
 * aligned word is read and written whole. The tools that watch atomics see them as such.
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define HOT         static inline __attribute__((always_inline))

#if defined(__SANITIZE_THREAD__) || defined(ATOMICS_WATCHED)
#define COUNT_BY(c, n, order)                                                                      \
    atomic_store_explicit(&(c), atomic_load_explicit(&(c), memory_order_relaxed) + (n), order)
#define COUNT(c, n)      COUNT_BY(c, n, memory_order_relaxed)
#define COUNT_OPEN(c, n) COUNT_BY(c, n, memory_order_release)
#define PEEK(c)          atomic_load_explicit(&(c), memory_order_relaxed)
#define POKE(c, v)       atomic_store_explicit(&(c), (v), memory_order_relaxed)
#else
#define PLAIN(c)                                                                                   \
    (*(__typeof__(__extension__({                                                                  \
        __auto_type v_ = (c);                                                                      \
        v_;                                                                                        \
    })) *)(uintptr_t)                                                                              \
     & (c))
#define COUNT(c, n)      (PLAIN(c) += (n))
#define COUNT_OPEN(c, n) (atomic_signal_fence(memory_order_release), COUNT(c, n))
#define PEEK(c)          PLAIN(c)
#define POKE(c, v)       (PLAIN(c) = (v))
#endif
