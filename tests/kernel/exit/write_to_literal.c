/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: invalid memory address or nil pointer dereference$" smp=1,4 */
int
main(void)
{
    char *volatile text = (char *)"literal";

    text[0] = 'L';
}
