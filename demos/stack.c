/* SPDX-License-Identifier: MIT */
/* stack.c -- a goroutine recurses deep: its stack grows by page faults and shrinks when it ends */

/*
 * A stack is a window of address space, reserved whole and empty. The first touch of a page faults,
 * the handler puts memory there, and the instruction runs again: nothing is ever copied, so
 * pointers into the stack stay good, and C code needs no check at function entry.
 */
#include <gamp.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAME = 1024, WINDOW = 64 << 20 };

struct dive {
    long depth;                 /* frames to go down */
    long damaged;               /* frames found changed on the way up */
    struct sched_stats deepest;
    struct chan *done;
};

/* The pointer to the frame above, used on the way up, shows that no stack ever moves. */
static __attribute__((noinline)) void
descend(struct dive *d, long level, const unsigned char *above)
{
    volatile unsigned char frame[FRAME];
    unsigned char mark = (unsigned char)(level * 7);

    for (int i = 0; i < FRAME; i += 64) {
        frame[i] = mark;
    }
    if (level < d->depth) {
        descend(d, level + 1, (const unsigned char *)frame);
    } else {
        sched_stats(&d->deepest);
    }
    for (int i = 0; i < FRAME; i += 64) {
        d->damaged += frame[i] != mark;
    }
    if (above != NULL && *above != (unsigned char)((level - 1) * 7)) {
        d->damaged++;
    }
}

static void
diver(void *arg)
{
    struct dive *d = arg;
    bool ok = true;

    descend(d, 1, NULL);
    chan_send(d->done, &ok);
}

static unsigned long
kib(uint64_t bytes)
{
    return (unsigned long)(bytes / 1024);
}

/* One dive of that many KiB; false if a frame was damaged or memory ran out. */
static bool
dive(long depth)
{
    struct dive d = { .depth = depth, .done = chan_make(sizeof(bool), 0) };
    struct go_attr attr = { .name = "diver", .stack_max = WINDOW };
    struct sched_stats before, after;

    sched_stats(&before);
    if (d.done == NULL || go_with(&attr, diver, &d) != 0) {
        printf("  out of memory\n");
        return false;
    }
    chan_recv(d.done, NULL);
    chan_free(d.done);
    gosleep(5 * MILLISECOND);           /* its stack goes back just after the last send */
    sched_stats(&after);
    printf("  %8ld KiB %10lu KiB %10lu KiB %10lu KiB %8llu\n", depth, kib(before.stack_bytes),
           kib(d.deepest.stack_bytes), kib(after.stack_bytes),
           (unsigned long long)(d.deepest.stack_faults - before.stack_faults));
    if (d.damaged != 0) {
        printf("  WRONG: %ld frames were changed behind our back\n", d.damaged);
    }
    return d.damaged == 0;
}

int
main(int argc, char **argv)
{
    long most = argc > 1 ? atol(argv[1]) : 16 << 10;
    struct sched_stats now;
    bool ok = true;

    sched_stats(&now);
    if (most < 1 || most > 48 << 10) {
        printf("usage: %s [KiB, 1 to %d]\n", argv[0], 48 << 10);
        return 1;
    }
    while (most > 64 && kib(now.free_bytes) < 2ul * (unsigned long)most) {
        most /= 2;
    }
    printf("A goroutine with a window of %d MiB goes down in frames of 1 KiB.\n", WINDOW >> 20);
    printf("Resident stacks of all goroutines:\n");
    printf("     recursion         before        deepest          after   faults\n");
    for (long depth = most > 4096 ? most / 4096 : 1; depth <= most; depth *= 8) {
        ok = dive(depth) && ok;
    }
    printf("A page has 4 KiB: deep down, one fault brings several pages at a time.\n");
    return ok ? 0 : 1;
}
