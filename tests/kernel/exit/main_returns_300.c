/* SPDX-License-Identifier: MIT */
/* expect: status=44 smp=1 */
/* modulo 256 */
int
main(void)
{
    return 300;
}
