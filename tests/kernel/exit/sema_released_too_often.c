/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: sync: semaphore of 1 permits released [0-9]+ more$" smp=1 */
#include <gamp.h>
#include <stdint.h>

int
main(void)
{
    struct sema s = { 0 };

    sema_init(&s, 1);
    sema_release_n(&s, SIZE_MAX / 2);
}
