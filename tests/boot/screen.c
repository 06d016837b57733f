/* SPDX-License-Identifier: MIT */
/*
 * screen.c -- for tests/boot/screen: shows letters and colours, then repeats each line typed.
 *
 * `busy` keeps every core at work, so that nobody idles while the screen is to be drawn; `lend`
 * borrows the upper part of the screen and draws on it; `panic` panics; `end` ends.
 */
#include <gamp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 200, LENT = 64 };

/* Given by the machine: kernel/screen.h, drivers/framebuffer.h. */
extern bool screen_reserve(unsigned height);
extern bool framebuffer_size(unsigned *width, unsigned *height);
extern void framebuffer_fill(unsigned x, unsigned y, unsigned w, unsigned h, uint32_t colour);
extern unsigned framebuffer_text(unsigned x, unsigned y, const char *s, uint32_t fg, uint32_t bg);

static void
spin(void *unused)
{
    (void)unused;
    for (volatile unsigned i = 0;; i++) {
    }
}

static void
busy(void)
{
    for (int i = 0; i < 2 * num_cpu(); i++) {
        go(spin, NULL);
    }
}

static void
lend(void)
{
    unsigned width, height;
    if (!screen_reserve(LENT) || !framebuffer_size(&width, &height)) {
        printf("nothing to lend\n");
        return;
    }
    framebuffer_fill(0, 0, width, LENT, 0x0000ff);
    framebuffer_text(16, 16, "lent: \u00e4\u2580", 0xffffff, 0x0000ff);
    framebuffer_fill(width - 8, LENT - 16, 100, 16, 0xff00ff); /* beyond the right edge */
}

static void
show(void)
{
    for (int i = 1; i <= LINES; i++) {
        printf("line %d scrolls by\n", i);
    }
    printf("\033[31mred\033[0m and \033[1;32mgreen\033[0m, \033[7minverse\033[27m\n");
    printf("\u00c4 \u00e9 \u00df \u00a3 \u00bd, \u2554\u2550\u2564\u2557 \u251c\u2500\u253c\u2524 "
           "\u2591\u2592\u2593\u2588\u2580\u2584\n");
    printf("overwritten\rOVER\033[3Cten\033[2D\033[K!\n");
    printf("%s", "ready> ");
    fflush(stdout);
}

int
main(void)
{
    char line[128];
    show();
    while (readline(line, sizeof line) >= 0) {
        printf("got <%s>\n", line);
        if (strcmp(line, "busy") == 0) {
            busy();
            printf("busy now\n");
        } else if (strcmp(line, "lend") == 0) {
            lend();
        } else if (strcmp(line, "take") == 0) {
            screen_reserve(0);
        } else if (strcmp(line, "panic") == 0) {
            panic("asked for");
        } else if (strcmp(line, "end") == 0) {
            return 3;
        }
    }
    return 1;
}
