/* SPDX-License-Identifier: MIT */
/*
 * hosted.h -- read before each application: a hosted program over freestanding headers.
 *
 * -fhosted gives main its implicit `return 0`, but the compiler's own headers would then defer to
 * a system's, of which there is none; this tells them so. As a system header it may redefine what
 * the compiler has defined without a warning.
 */
#pragma GCC system_header
#undef __STDC_HOSTED__
#define __STDC_HOSTED__ 0
