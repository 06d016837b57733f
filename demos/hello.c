/* SPDX-License-Identifier: MIT */
/* hello.c -- a greeting from one goroutine on every core */

#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>

static struct waitgroup greeted;
static atomic_int strays;

static void
greet(void *arg)
{
    int core = *(int *)arg;         /* our own copy: go_with made it, see arg_size below */

    printf("  hello from goroutine %llu on core %d\n", (unsigned long long)goid(), core_id());
    if (core_id() != core) {
        atomic_fetch_add(&strays, 1);
    }
    waitgroup_done(&greeted);
}

int
main(int argc, char **argv)
{
    int cores = gomaxprocs(0);

    (void)argc;
    atomic_store(&strays, 0);
    printf("%s: %d core%s, one goroutine for each; any order will do.\n", argv[0], cores,
           cores == 1 ? "" : "s");
    for (int core = 0; core < cores; core++) {
        struct go_attr attr = { .name = "greet", .arg_size = sizeof core, .core = GO_CORE(core) };

        waitgroup_add(&greeted, 1);
        if (go_with(&attr, greet, &core) != 0) {
            printf("  no memory for a goroutine on core %d\n", core);
            return 1;
        }
    }
    waitgroup_wait(&greeted);
    if (atomic_load(&strays) != 0) {
        printf("  WRONG: %d of them ran on another core\n", atomic_load(&strays));
        return 1;
    }
    printf("  and hello from main, goroutine %llu, which waited for them all\n",
           (unsigned long long)goid());
    return 0;
}
