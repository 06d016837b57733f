/* SPDX-License-Identifier: MIT */
/* nqueens.c -- in how many ways do n queens stand on a board without attacking each other? */

/*
 * Every pair of squares for the first two queens is a goroutine; their counts come back over one
 * channel. The pieces are of very different size, and nobody has to balance them.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 13 };

static const long known[MOST + 1] = { 1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712 };

/* A board with some queens set: columns and diagonals under attack in the next row, as bits. */
struct board {
    unsigned all, columns, left, right;
    struct chan *answers;
};

static struct board
place(const struct board *b, unsigned square)
{
    return (struct board){ b->all, b->columns | square, (b->left | square) << 1,
                           (b->right | square) >> 1, b->answers };
}

static long
count(const struct board *b)
{
    unsigned open = b->all & ~(b->columns | b->left | b->right);
    long ways = 0;

    if (b->columns == b->all) {
        return 1;
    }
    for (; open != 0; open &= open - 1) {
        struct board next = place(b, open & -open);

        ways += count(&next);
    }
    return ways;
}

static void
solve(void *arg)
{
    const struct board *b = arg;
    long ways = count(b);

    chan_send(b->answers, &ways);
}

/* Starts a goroutine for every way to place the next `rows` queens; returns how many it started. */
static int
spread(const struct board *b, int rows)
{
    struct go_attr attr = { .name = "solve", .arg_size = sizeof *b };
    unsigned open = b->all & ~(b->columns | b->left | b->right);
    int started = 0;

    if (rows == 0) {
        if (go_with(&attr, solve, (void *)(uintptr_t)b) != 0) {
            printf("out of memory\n");
            exit(1);
        }
        return 1;
    }
    for (; open != 0; open &= open - 1) {
        struct board next = place(b, open & -open);

        started += spread(&next, rows - 1);
    }
    return started;
}

/* One board, one line of the table; false if the count is wrong. */
static bool
solve_board(int n)
{
    struct board empty = { .all = (1u << n) - 1, .answers = chan_make(sizeof(long), 16) };
    int64_t start = nanotime();
    int pieces = empty.answers != NULL ? spread(&empty, 2) : 0;
    long ways = 0;

    for (int i = 0; i < pieces; i++) {
        long more = 0;

        chan_recv(empty.answers, &more);
        ways += more;
    }
    printf("  %2d queens %7ld ways %5d goroutines %8lld us\n", n, ways, pieces,
           (long long)((nanotime() - start) / 1000));
    chan_free(empty.answers);
    if (ways != known[n]) {
        printf("  WRONG: it is %ld\n", known[n]);
    }
    return ways == known[n];
}

int
main(int argc, char **argv)
{
    int most = argc > 1 ? atoi(argv[1]) : 11;
    bool ok = true;

    if (most < 4 || most > MOST) {
        printf("usage: %s [queens, 4 to %d]\n", argv[0], MOST);
        return 1;
    }
    printf("A goroutine for every way to place the first two queens:\n");
    for (int n = most > 8 ? 8 : most; n <= most; n++) {
        ok = solve_board(n) && ok;
    }
    return ok ? 0 : 1;
}
