/* SPDX-License-Identifier: MIT */
/* expect: status=2 output="^panic: invalid memory address or nil pointer dereference$" smp=1,4 */
/* a stack is not code */
int
main(void)
{
    volatile unsigned char code[] = { 0xc3 };
    void (*volatile call)(void) = (void (*)(void))(unsigned long)code;

    call();
}
