/* SPDX-License-Identifier: MIT */
/* words.c -- says what came through the loader: cores and arguments; its status is 40 + cores */

#include <gamp.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    printf("cores: %d\n", num_cpu());
    for (int i = 1; i < argc; i++) {
        printf("argument %d: %s\n", i, argv[i]);
    }
    return 40 + num_cpu();
}
