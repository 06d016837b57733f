/* SPDX-License-Identifier: MIT */
/*
 * port.h -- in front of the kernel's on the include path: a thread stays on its stack, but notes
 * that it is where neither preemption nor a second such call may happen.
 */
#pragma once

void *call_on_core_stack(void *(*fn)(void *), void *arg);
