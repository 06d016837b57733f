/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: invalid memory address or nil pointer dereference$" smp=1,4 */
/* not canonical: a general protection exception, without an address */
int
main(void)
{
    volatile int *volatile p = (volatile int *)0x1234567890abcdef;

    return *p;
}
