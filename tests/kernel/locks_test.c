/* SPDX-License-Identifier: MIT */
/*
 * locks_test.c -- rwmutexes, semaphores; locks and others freed by who they let in.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"

static struct waitgroup all;

/* ---- rwmutex ---- */

static struct rwmutex rw;
static atomic_int readers, writers;
static long shared[2]; /* rw */

static void
read_and_write(void *arg)
{
    uint64_t random = (uintptr_t)arg + 1;
    for (int i = 0; i < 600; i++) {
        if (next_random(&random) % 5 == 0) {
            rwmutex_lock(&rw);
            CHECK_EQ(atomic_fetch_add(&writers, 1), 0);
            CHECK_EQ(atomic_load(&readers), 0);
            shared[0]++;
            if (i % 16 == 0) {
                gosched();
            }
            shared[1]++;
            atomic_fetch_sub(&writers, 1);
            rwmutex_unlock(&rw);
        } else {
            rwmutex_rlock(&rw);
            atomic_fetch_add(&readers, 1);
            CHECK_EQ(atomic_load(&writers), 0);
            CHECK_EQ(shared[0], shared[1]);
            if (i % 8 == 0) {
                gosched();
            }
            atomic_fetch_sub(&readers, 1);
            rwmutex_runlock(&rw);
        }
    }
    waitgroup_done(&all);
}

TEST(rwmutex_excludes_writers_from_all)
{
    enum { CROWD = 16 };
    waitgroup_add(&all, CROWD);
    for (int i = 0; i < CROWD; i++) {
        go(read_and_write, (void *)(uintptr_t)i);
    }
    waitgroup_wait(&all);
    CHECK_EQ(shared[0], shared[1]);
    CHECK(shared[0] > 0);
    CHECK(rwmutex_trylock(&rw)); /* free at the end */
    rwmutex_unlock(&rw);
}

static struct chan *inside, *leave;

static void
reads_together(void *arg)
{
    (void)arg;
    rwmutex_rlock(&rw);
    chan_send(inside, NULL);
    chan_recv(leave, NULL);
    rwmutex_runlock(&rw);
    waitgroup_done(&all);
}

static atomic_int order;

static void
writes_once(void *seen)
{
    rwmutex_lock(&rw);
    *(int *)seen = atomic_fetch_add(&order, 1);
    rwmutex_unlock(&rw);
    waitgroup_done(&all);
}

static void
reads_once(void *seen)
{
    rwmutex_rlock(&rw);
    *(int *)seen = atomic_fetch_add(&order, 1);
    rwmutex_runlock(&rw);
    waitgroup_done(&all);
}

TEST(rwmutex_readers_are_in_together_and_a_writer_holds_new_ones_back)
{
    enum { TOGETHER = 5 };
    int wrote = -1, late = -1;
    inside = chan_make(0, 0);
    leave = chan_make(0, 0);
    waitgroup_add(&all, TOGETHER + 2);
    for (int i = 0; i < TOGETHER; i++) {
        go(reads_together, NULL);
    }
    for (int i = 0; i < TOGETHER; i++) {
        chan_recv(inside, NULL); /* all of them in at once, or this waits for ever */
    }
    CHECK(rwmutex_tryrlock(&rw));
    rwmutex_runlock(&rw);
    CHECK(!rwmutex_trylock(&rw));
    go(writes_once, &wrote);
    CHECK(WAIT_UNTIL(stats_now().waiting > TOGETHER)); /* the writer waits ... */
    CHECK(WAIT_UNTIL(!rwmutex_tryrlock(&rw) || (rwmutex_runlock(&rw), false)));
    go(reads_once, &late);
    gosleep(2 * MILLISECOND);
    CHECK_EQ(atomic_load(&order), 0);
    chan_close(leave);
    waitgroup_wait(&all);
    CHECK_EQ(wrote, 0);
    CHECK_EQ(late, 1);
    chan_free(inside);
    chan_free(leave);
}

/* Whoever the writer keeps out, readers go before the next writer, all at once. */
TEST(rwmutex_readers_go_before_the_next_writer)
{
    enum { TOGETHER = 5 };
    int wrote = -1, read = -1;
    inside = chan_make(0, 0);
    leave = chan_make(0, 0);
    atomic_store(&order, 0);
    rwmutex_lock(&rw);
    size_t before = stats_now().waiting;
    waitgroup_add(&all, TOGETHER + 2);
    go(writes_once, &wrote);
    CHECK(WAIT_UNTIL(stats_now().waiting == before + 1));
    for (int i = 0; i < TOGETHER; i++) {
        go(reads_together, NULL);
    }
    go(reads_once, &read);
    CHECK(WAIT_UNTIL(stats_now().waiting == before + TOGETHER + 2));
    CHECK(!rwmutex_tryrlock(&rw) && !rwmutex_trylock(&rw));
    rwmutex_unlock(&rw);
    for (int i = 0; i < TOGETHER; i++) {
        chan_recv(inside, NULL);
    }
    chan_close(leave);
    waitgroup_wait(&all);
    CHECK_EQ(read, 0);
    CHECK_EQ(wrote, 1);
    chan_free(inside);
    chan_free(leave);
}

/* ---- semaphores ---- */

static struct sema sema;
static atomic_int in_use;

static void
takes_some(void *arg)
{
    uint64_t random = (uintptr_t)arg + 3;
    for (int i = 0; i < 400; i++) {
        size_t n = next_random(&random) % 4;
        if (next_random(&random) % 8 == 0) {
            if (!sema_try_acquire_n(&sema, n)) {
                continue;
            }
        } else {
            sema_acquire_n(&sema, n);
        }
        CHECK(atomic_fetch_add(&in_use, (int)n) + (int)n <= 4);
        if (i % 8 == 0) {
            gosched();
        }
        atomic_fetch_sub(&in_use, (int)n);
        sema_release_n(&sema, n);
    }
    waitgroup_done(&all);
}

TEST(sema_never_gives_more_than_there_is)
{
    sema_init(&sema, 4);
    waitgroup_add(&all, 12);
    for (int i = 0; i < 12; i++) {
        go(takes_some, (void *)(uintptr_t)i);
    }
    waitgroup_wait(&all);
    CHECK(sema_try_acquire_n(&sema, 4));
    CHECK(!sema_try_acquire(&sema));
}

static void
wants_many(void *arg)
{
    sema_acquire_n(&sema, 3);
    chan_send(arg, &(int){ 3 });
}

static void
wants_one(void *arg)
{
    sema_acquire(&sema);
    chan_send(arg, &(int){ 1 });
}

TEST(sema_serves_in_order_whatever_is_asked)
{
    struct chan *got = chan_make(sizeof(int), 2);
    int v = 0;
    sema_init(&sema, 0);
    size_t before = stats_now().waiting;
    go(wants_many, got);
    CHECK(WAIT_UNTIL(stats_now().waiting == before + 1));
    go(wants_one, got);
    CHECK(WAIT_UNTIL(stats_now().waiting == before + 2));
    sema_release_n(&sema, 2);
    CHECK(!sema_try_acquire(&sema)); /* held for the first in line */
    gosleep(MILLISECOND);
    CHECK_EQ(chan_len(got), 0);
    sema_release(&sema);
    CHECK(chan_recv(got, &v) && v == 3);
    CHECK_EQ(chan_len(got), 0);
    sema_release(&sema);
    CHECK(chan_recv(got, &v) && v == 1);
    chan_free(got);
}

/* ---- lifetimes: who is let in may free the object at once ---- */

struct passed {
    struct mutex mutex;
    struct rwmutex rw;
    struct sema sema;
    struct cond cond;
    struct once once;
    struct waitgroup wg;
    atomic_bool begun;
    bool ready; /* mutex */
};

static void
lets_in(void *arg)
{
    struct passed *p = arg;
    gosched();
    mutex_unlock(&p->mutex); /* any goroutine may */
}

static void
lets_reader_in(void *arg)
{
    rwmutex_unlock(&((struct passed *)arg)->rw);
}

static void
lets_writer_in(void *arg)
{
    rwmutex_runlock(&((struct passed *)arg)->rw);
}

static void
lets_sema_in(void *arg)
{
    sema_release(&((struct passed *)arg)->sema);
}

static void
signals(void *arg)
{
    struct passed *p = arg;
    mutex_lock(&p->mutex);
    p->ready = true;
    cond_signal(&p->cond);
    mutex_unlock(&p->mutex);
}

static void
initialises(void *arg)
{
    struct passed *p = arg;
    atomic_store(&p->begun, true);
    p->ready = true;
}

static void
does_once(void *arg)
{
    once_do(&((struct passed *)arg)->once, initialises, arg);
}

static void
is_done(void *arg)
{
    waitgroup_done(&((struct passed *)arg)->wg);
}

static struct passed *
passed_new(void)
{
    struct passed *p = calloc(1, sizeof *p);
    mutex_lock(&p->mutex);
    return p;
}

static void
scrap(struct passed *p)
{
    memset(p, 0xa5, sizeof *p); /* a late store would be seen below, and by a sanitizer */
    gosched();
    for (size_t i = 0; i < sizeof *p; i++) {
        if (((unsigned char *)p)[i] != 0xa5) {
            CHECK_EQ(i, sizeof *p);
            break;
        }
    }
    free(p);
}

static void
frees_others(void)
{
    struct passed *p = passed_new();
    go(signals, p);
    while (!p->ready) {
        cond_wait(&p->cond, &p->mutex);
    }
    scrap(p);
    p = passed_new();
    go(does_once, p);
    while (!atomic_load(&p->begun)) {
        gosched();
    }
    once_do(&p->once, initialises, p);
    CHECK(p->ready);
    scrap(p);
    p = passed_new();
    waitgroup_add(&p->wg, 1);
    go(is_done, p);
    waitgroup_wait(&p->wg);
    scrap(p);
}

static void
frees(void *arg)
{
    (void)arg;
    for (int i = 0; i < 400; i++) {
        frees_others();
        struct passed *p = passed_new();
        go(lets_in, p);
        mutex_lock(&p->mutex);
        scrap(p);
        p = passed_new();
        rwmutex_lock(&p->rw);
        go(lets_reader_in, p);
        rwmutex_rlock(&p->rw);
        scrap(p);
        p = passed_new();
        rwmutex_rlock(&p->rw);
        go(lets_writer_in, p);
        rwmutex_lock(&p->rw);
        scrap(p);
        p = passed_new();
        go(lets_sema_in, p);
        sema_acquire(&p->sema);
        scrap(p);
    }
    waitgroup_done(&all);
}

TEST(locks_are_not_touched_after_they_let_somebody_in)
{
    waitgroup_add(&all, 8);
    for (int i = 0; i < 8; i++) {
        go(frees, NULL);
    }
    waitgroup_wait(&all);
}

static const struct test tests[] = {
    TEST_ENTRY(rwmutex_excludes_writers_from_all),
    TEST_ENTRY(rwmutex_readers_are_in_together_and_a_writer_holds_new_ones_back),
    TEST_ENTRY(rwmutex_readers_go_before_the_next_writer),
    TEST_ENTRY(sema_never_gives_more_than_there_is),
    TEST_ENTRY(sema_serves_in_order_whatever_is_asked),
    TEST_ENTRY(locks_are_not_touched_after_they_let_somebody_in),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
