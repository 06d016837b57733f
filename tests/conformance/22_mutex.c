/* SPDX-License-Identifier: MIT */
/*
 * 22_mutex.c -- one at a time, no starvation, any goroutine may unlock; readers together.
 *
 * The fatal texts of misuse are programs in exit/ and in tests/kernel/exit/.
 *
 * Go           src/sync/mutex_test.go, rwmutex_test.go
 */
#include "conform.h"

static struct mutex m;
static uint64_t counter; /* m */

/* ---- hammering ---- */

static void
hammers(void *arg)
{
    uint64_t random = (uintptr_t)arg + 11;
    for (size_t i = 0, n = scaled(20000, 500); i < n; i++) {
        if (next_random(&random) % 4 == 0) {
            while (!mutex_trylock(&m)) {
                gosched();
            }
        } else {
            mutex_lock(&m);
        }
        uint64_t seen = counter;
        if (next_random(&random) % 64 == 0) {
            gosched();
        }
        counter = seen + 1;
        mutex_unlock(&m);
    }
}

TEST(mutex_hammered_by_many)
{
    enum { CROWD = 10 };
    counter = 0;
    for (uintptr_t i = 0; i < CROWD; i++) {
        start(hammers, (void *)i);
    }
    finish();
    CHECK_EQ(counter, CROWD * scaled(20000, 500));
}

TEST(mutex_trylock_says_what_it_did)
{
    CHECK(mutex_trylock(&m));
    CHECK(!mutex_trylock(&m));
    mutex_unlock(&m);
    CHECK(mutex_trylock(&m));
    mutex_unlock(&m);
    mutex_lock(&m);
    CHECK(!mutex_trylock(&m));
    mutex_unlock(&m);
}

/* ---- as a signal: locked by one, unlocked by another. Legal; but where the one waits first, it
 * is said on the console that a circle was closed: hence few rounds. ---- */

static void
unlocks(void *mutex)
{
    mutex_unlock(mutex);
}

TEST(mutex_unlocked_by_another)
{
    struct mutex gate = { 0 };
    mutex_lock(&gate);
    for (int i = 0; i < 20; i++) {
        start(unlocks, &gate);
        mutex_lock(&gate);
    }
    finish();
    mutex_unlock(&gate);
}

/* ---- fairness: who holds it 100 us at a time, and locks it again at once, lets others in ---- */

enum { HOLD_NS = 100000, HOG_LIMIT = 20000, WANTED = 10 };

static atomic_bool stop;
static atomic_uint held;

static void
hogs(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop) && atomic_load(&held) < HOG_LIMIT) {
        mutex_lock(&m);
        for (int64_t until = nanotime() + HOLD_NS; nanotime() < until;) {
        }
        atomic_fetch_add(&held, 1);
        mutex_unlock(&m);
    }
}

static void
let_in_beside_hogs(int hogs_at_once, int cores)
{
    int before = gomaxprocs(cores);
    unsigned got_in = 0;
    atomic_store(&stop, false);
    atomic_store(&held, 0);
    for (int i = 0; i < hogs_at_once; i++) {
        start(hogs, NULL);
    }
    CHECK(WAIT_UNTIL(atomic_load(&held) > 0));
    for (int i = 0; i < WANTED; i++) {
        gosleep(100 * MICROSECOND);
        mutex_lock(&m);
        got_in += atomic_load(&held) < HOG_LIMIT;
        mutex_unlock(&m);
    }
    atomic_store(&stop, true);
    finish();
    gomaxprocs(before);
    printf("# %d hogs, %d cores: let in %u times during %u holds\n", hogs_at_once, cores, got_in,
           atomic_load(&held));
    CHECK_EQ(got_in, WANTED);
}

TEST(mutex_lets_in_who_waits_beside_a_hog)
{
    let_in_beside_hogs(1, 1);
    let_in_beside_hogs(1, num_cpu());
    let_in_beside_hogs(2, num_cpu());
}

/* ---- rwmutex: readers really together, writers really alone ---- */

static struct rwmutex rw;
static struct chan *inside, *leave;

static void
reads_together(void *unused)
{
    (void)unused;
    rwmutex_rlock(&rw);
    chan_send(inside, NULL);
    chan_recv(leave, NULL);
    rwmutex_runlock(&rw);
}

TEST(mutex_readers_are_in_together)
{
    for (int n = 1; n <= 64; n *= 4) {
        inside = chan_make(0, 0);
        leave = chan_make(0, 0);
        for (int i = 0; i < n; i++) {
            start(reads_together, NULL);
        }
        for (int i = 0; i < n; i++) {
            CHECK(chan_recv(inside, NULL)); /* or never, if one kept another out */
        }
        CHECK(!rwmutex_trylock(&rw));
        CHECK(rwmutex_tryrlock(&rw));
        rwmutex_runlock(&rw);
        chan_close(leave);
        finish();
        CHECK(rwmutex_trylock(&rw));
        CHECK(!rwmutex_tryrlock(&rw));
        rwmutex_unlock(&rw);
        chan_free(inside);
        chan_free(leave);
    }
}

static atomic_int activity; /* readers; a writer is 10000 */

static void
reads(void *unused)
{
    (void)unused;
    for (size_t i = 0, n = scaled(5000, 200); i < n; i++) {
        rwmutex_rlock(&rw);
        int now = atomic_fetch_add(&activity, 1) + 1;
        CHECK(now >= 1 && now < 10000);
        if (i % 32 == 0) {
            gosched();
        }
        atomic_fetch_sub(&activity, 1);
        rwmutex_runlock(&rw);
    }
}

static void
writes(void *unused)
{
    (void)unused;
    for (size_t i = 0, n = scaled(5000, 200); i < n; i++) {
        rwmutex_lock(&rw);
        CHECK_EQ(atomic_fetch_add(&activity, 10000), 0);
        if (i % 32 == 0) {
            gosched();
        }
        atomic_fetch_sub(&activity, 10000);
        rwmutex_unlock(&rw);
    }
}

TEST(mutex_readers_and_writers_hammer)
{
    static const int readers[] = { 1, 3, 10, 5 };
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < readers[round]; i++) {
            start(reads, NULL);
            if (i < 2) {
                start(writes, NULL);
            }
        }
        finish();
        CHECK_EQ(atomic_load(&activity), 0);
    }
}

CONFORM(TEST_ENTRY(mutex_hammered_by_many), TEST_ENTRY(mutex_trylock_says_what_it_did),
        TEST_ENTRY(mutex_unlocked_by_another), TEST_ENTRY(mutex_lets_in_who_waits_beside_a_hog),
        TEST_ENTRY(mutex_readers_are_in_together), TEST_ENTRY(mutex_readers_and_writers_hammer))
