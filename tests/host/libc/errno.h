/* SPDX-License-Identifier: MIT */
/*
 * errno.h -- the host's, for applications that run on the host machine.
 *
 * The C library says that a thread's errno has one address for ever, and a compiler keeps it in a
 * register. A goroutine may go on in another thread at any call; so here the address is asked for
 * at each use.
 */
#pragma once
#include_next <errno.h>

#ifdef __cplusplus
extern "C"
#endif
int *host_errno(void);
#undef errno
#define errno (*host_errno())
