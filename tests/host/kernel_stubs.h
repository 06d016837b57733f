/* SPDX-License-Identifier: MIT */
/*
 * kernel_stubs.h -- what the memory modules need of the kernel, in a process.
 *
 * Each test that needs RAM runs in a process of its own, so it finds every static variable as the
 * boot core would, and a throw can be the expected end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Reserves addresses for RAM up to `span`; stub_ram_add makes a part of them real. */
void stub_ram(uint64_t span);
void stub_ram_add(uint64_t pa, uint64_t len);

/* Runs fn in a child; true where it ended well, within a minute, and no check in it failed. */
bool stub_run(void (*fn)(void), const unsigned *failed_checks);

/* Runs fn in a child; true where it threw a message that contains `words`. */
bool stub_throws(void (*fn)(void), const char *words);

/* This thread becomes one of n cores, that no other thread is; with `migrate`, it becomes another
 * one now and then. Without this call a thread is core 0. */
void stub_core_enter(unsigned n, bool migrate);
void stub_core_leave(void);

/* How often this thread asked for its core's stack: for pages. */
unsigned stub_core_calls(void);
