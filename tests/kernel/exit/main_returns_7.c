/* SPDX-License-Identifier: MIT */
/* expect: status=7 smp=1,4 */
int
main(void)
{
    return 7;
}
