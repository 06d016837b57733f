/* SPDX-License-Identifier: MIT */
/* assert.h -- checks that end the program with status 134. No #pragma once: C wants NDEBUG read
 * afresh at each inclusion. */
#undef assert

_Noreturn void assert_fail(const char *expr, const char *file, int line, const char *func);

#ifdef NDEBUG
#define assert(expr) ((void)0)
#else
#define assert(expr) ((expr) ? (void)0 : assert_fail(#expr, __FILE__, __LINE__, __func__))
#endif

#if !defined(__cplusplus) && !defined(static_assert)
#define static_assert _Static_assert
#endif
