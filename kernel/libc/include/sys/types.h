/* SPDX-License-Identifier: MIT */
/* sys/types.h -- the one POSIX type the C library's interface needs. */
#pragma once

#include <stddef.h>

typedef __PTRDIFF_TYPE__ ssize_t;
