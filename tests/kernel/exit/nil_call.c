/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: invalid memory address or nil pointer dereference$"
   output="addr=0x0 pc=0x0" smp=1,4 */
static void (*volatile nothing)(void);

int
main(void)
{
    nothing();
}
