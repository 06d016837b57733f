/* SPDX-License-Identifier: MIT */
/* expect: status=5 args="a b c\ d" output="^argument_words,a,b,c d,$" smp=1 */
#include <stdio.h>

int
main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        printf("%s,", argv[i]);
    }
    printf("\n");
    return argv[argc] == NULL ? argc + 1 : 1;
}
