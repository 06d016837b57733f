/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: invalid memory address or nil pointer dereference$" smp=1,4 */
int
main(void)
{
    volatile char *volatile text = (volatile char *)"literal";

    text[0] = 'L';
}
