/* SPDX-License-Identifier: MIT */
/* expect: status=3 smp=1 input="ab\ncd" output="^ab$" output="^cd$" */
/* input_without_newline.c -- the end of input follows its last line, also where no newline does */
#include <gamp.h>
#include <stdio.h>

int
main(void)
{
    char line[64];
    int lines = 0;

    while (readline(line, sizeof line) >= 0) {
        printf("%s\n", line);
        lines++;
    }
    return lines + 1;
}
