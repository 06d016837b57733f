/* SPDX-License-Identifier: MIT */
/* mandelbrot.c -- the famous set, one goroutine a line, on one core, two cores, and so on */

/*
 * Lines through the middle take far longer than those at the edge, yet nobody plans who does
 * which: cores that run dry steal. Floating-point numbers are at work in goroutines that may be
 * preempted at any instruction, so every picture must come out the same to the last bit.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 76, HEIGHT = 26, FINE = 3, DEPTH = 500, BAR = 30 };
#define LONG_ENOUGH (200 * MILLISECOND)

static unsigned char picture[HEIGHT][WIDTH];
static struct waitgroup drawn;

/* Rounds until the point leaves the circle of radius 2; DEPTH if it does not. */
static int
escape(double cx, double cy)
{
    double x = 0, y = 0;
    int n = 0;

    while (n < DEPTH && x * x + y * y < 4) {
        double next = x * x - y * y + cx;

        y = 2 * x * y + cy;
        x = next;
        n++;
    }
    return n;
}

/* One line of characters; each is the brightest of FINE x FINE points. */
static void
draw_line(void *arg)
{
    unsigned char *line = arg;
    int row = (int)(line - picture[0]) / WIDTH;
    static const char shade[] = " .,:;-=+*oxOX%@#";

    for (int col = 0; col < WIDTH; col++) {
        int most = 0;

        for (int sub = 0; sub < FINE * FINE; sub++) {
            double x = (col + (double)(sub % FINE) / FINE) * 3.1 / WIDTH - 2.2;
            double y = (row + (double)(sub / FINE) / FINE) * 2.4 / HEIGHT - 1.2;
            int n = escape(x, y);

            most = n > most ? n : most;
        }
        int level = 0;

        while (level < 14 && most > 1 + level + level * level / 4) {
            level++;
        }
        line[col] = (unsigned char)shade[most == DEPTH ? 15 : level];
    }
    waitgroup_done(&drawn);
}

/* Draws it that many times; returns the time for one. */
static int64_t
draw_picture(int times)
{
    int64_t start = nanotime();

    for (int i = 0; i < times; i++) {
        memset(picture, 0, sizeof picture);
        waitgroup_add(&drawn, HEIGHT);
        for (int row = 0; row < HEIGHT; row++) {
            go(draw_line, picture[row]);
        }
        waitgroup_wait(&drawn);
    }
    return (nanotime() - start) / times + 1;
}

static void
report(int cores, int64_t took, int64_t alone)
{
    long tenths = (long)((alone * 10 + took / 2) / took);

    printf("  %2d core%s %7lld us, %2ld.%ld times as fast  ", cores, cores == 1 ? " " : "s",
           (long long)(took / 1000), tenths / 10, tenths % 10);
    for (long i = 0; i < tenths * BAR / (10l * num_cpu()) && i < 2 * BAR; i++) {
        printf("█");
    }
    printf("\n");
}

int
main(int argc, char **argv)
{
    static unsigned char first[HEIGHT][WIDTH];
    int before = gomaxprocs(1);
    int most = argc > 1 ? atoi(argv[1]) : num_cpu();
    int times = 1 + (int)(LONG_ENOUGH / draw_picture(1));
    int64_t alone = draw_picture(times);
    int wrong = 0;

    memcpy(first, picture, sizeof first);
    for (int row = 0; row < HEIGHT; row++) {
        printf("%.*s\n", WIDTH, (const char *)picture[row]);
    }
    report(1, alone, alone);
    for (int cores = 2; cores <= most && cores <= num_cpu(); cores += cores < 4 ? 1 : cores / 2) {
        gomaxprocs(cores);
        report(cores, draw_picture(times), alone);
        wrong += memcmp(first, picture, sizeof first) != 0;
    }
    gomaxprocs(before);
    if (wrong != 0 || first[HEIGHT / 2][WIDTH / 2] != '#' || first[0][0] == '#') {
        printf("WRONG: %d pictures differ from the first, or it is no Mandelbrot set\n", wrong);
        return 1;
    }
    return 0;
}
