/* SPDX-License-Identifier: MIT */
/* skynet.c -- a tree of goroutines with up to a million leaves adds up its numbers */

/*
 * Every node starts ten children and sends the sum of their answers upwards; the leaves answer
 * 0, 1, 2, ... The sum is known, so is the number of goroutines. How many are alive at once depends
 * on the order in which a core takes its work: newest first walks down the tree and needs but a
 * few dozen a core, oldest first would unfold the whole tree in memory.
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { FANOUT = 10 };
#define BYTES_EACH  6000ull         /* a goroutine's page of stack, its descriptor, its channel */
#define PATIENCE    (4 * SECOND)

struct node {
    struct chan *up;
    long first, leaves;             /* this subtree: leaves first .. first + leaves - 1 */
};

static atomic_long most_alive;

static void
note_alive(void)
{
    long now = (long)num_goroutine();
    long most = atomic_load(&most_alive);

    while (now > most && !atomic_compare_exchange_weak(&most_alive, &most, now)) {
    }
}

static void
skynet(void *arg)
{
    struct node *me = arg;
    struct go_attr attr = { .name = "skynet", .arg_size = sizeof(struct node) };
    long share = me->leaves / FANOUT;
    long sum = 0;

    if (me->leaves == 1) {
        chan_send(me->up, &me->first);
        return;
    }
    struct chan *answers = chan_make(sizeof(long), FANOUT);

    for (int i = 0; i < FANOUT; i++) {
        struct node child = { answers, me->first + i * share, share };

        if (answers == NULL || go_with(&attr, skynet, &child) != 0) {
            printf("  out of memory\n");
            exit(1);
        }
    }
    note_alive();
    for (int i = 0; i < FANOUT; i++) {
        long answer;

        chan_recv(answers, &answer);
        sum += answer;
    }
    chan_free(answers);
    chan_send(me->up, &sum);
}

/* One tree, one line of the table. Returns the time it took, -1 for a wrong sum. */
static int64_t
grow(long leaves)
{
    struct chan *root = chan_make(sizeof(long), 1);
    struct node top = { root, 0, leaves };
    int64_t start = nanotime();
    long sum = -1;

    atomic_store(&most_alive, 0);
    go(skynet, &top);
    chan_recv(root, &sum);
    int64_t took = nanotime() - start;
    long all = (leaves * FANOUT - 1) / (FANOUT - 1);

    printf("  %9ld %11ld %13ld %10lld %8lld  %ld\n", leaves, all, atomic_load(&most_alive),
           (long long)(took / 1000), (long long)(took / all), sum);
    chan_free(root);
    if (sum != leaves * (leaves - 1) / 2) {
        printf("  WRONG: the sum should be %ld\n", leaves * (leaves - 1) / 2);
        return -1;
    }
    return took;
}

/* Why a tree ten times as big as the last one had better not be tried; NULL if it may. */
static const char *
refuse(int64_t last_took)
{
    struct sched_stats now;
    unsigned long long need = (unsigned long long)atomic_load(&most_alive) * FANOUT * BYTES_EACH;

    sched_stats(&now);
    if (need > now.free_bytes / 2) {
        return "might not fit into memory";
    }
    return last_took * FANOUT > PATIENCE ? "would take too long on this machine" : NULL;
}

int
main(int argc, char **argv)
{
    long wanted = argc > 1 ? atol(argv[1]) : 1000000;
    long leaves = FANOUT * FANOUT;
    const char *why = NULL;
    int64_t took = 0;

    printf("     leaves  goroutines  alive at most    time us  ns each  sum\n");
    while (took >= 0 && leaves <= wanted && why == NULL) {
        took = grow(leaves);
        leaves *= FANOUT;
        why = argc > 1 ? NULL : refuse(took);
    }
    if (took >= 0 && why != NULL && leaves <= wanted) {
        printf("%ld leaves %s; `%s %ld` tries it all the same.\n", leaves, why, argv[0], leaves);
    }
    return took < 0 ? 1 : 0;
}
