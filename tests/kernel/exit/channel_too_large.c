/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: makechan: size out of range$" smp=1 */
#include <gamp.h>
#include <stdint.h>

int
main(void)
{
    chan_make(SIZE_MAX / 2, 3);
}
