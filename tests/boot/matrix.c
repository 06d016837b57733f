/* SPDX-License-Identifier: MIT */
/* matrix.c -- goroutines that sleep, and meet; the status is 40 + cores, 1 if one is missing */

#include <gamp.h>
#include <stdio.h>

static void
sleep_and_tell(void *arg)
{
    char one = 1;

    gosleep(1000000);
    chan_send(arg, &one);
}

int
main(void)
{
    int wanted = 4 * num_cpu(), sum = 0;
    struct chan *done = chan_make(sizeof(char), 0);

    for (int i = 0; i < wanted; i++) {
        go(sleep_and_tell, done);
    }
    for (int i = 0; i < wanted; i++) {
        char one = 0;

        chan_recv(done, &one);
        sum += one;
    }
    printf("matrix: %d cores, %d of %d goroutines\n", num_cpu(), sum, wanted);
    return sum == wanted ? 40 + num_cpu() : 1;
}
