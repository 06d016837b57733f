/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: invalid memory address or nil pointer dereference$"
   output="addr=0x10 .*main" smp=1,4 */
int
main(void)
{
    volatile int *volatile p = (volatile int *)0x10;

    return *p;
}
