/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: integer divide by zero$" smp=1,4 */
int
main(void)
{
    volatile int zero = 0, n = 5;

    return n / zero;
}
