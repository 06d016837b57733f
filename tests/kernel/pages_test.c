/* SPDX-License-Identifier: MIT */
/*
 * pages_test.c -- stack pages given back by one core, touched again on another, written by a third.
 *
 * Context      The value for a waiting receiver is copied straight into its stack, here deep down,
 *              on pages that other cores have known, given back and may still have in their TLBs.
 */
#include "dive.h"
#include "patience.h"

static struct waitgroup all;

enum { LETTER = 64 }; /* words; a value of this size is copied into the waiting stack */

static struct chan *letters;
static atomic_uint letters_bad;

static void
read_letter(void *arg)
{
    uint64_t words[LETTER] = { 0 };

    (void)arg;
    chan_recv(letters, words);
    atomic_fetch_add(&letters_bad, words[0] == 0);
    for (int i = 1; i < LETTER; i++) {
        if (words[i] != words[0] + (uint64_t)i) {
            atomic_fetch_add(&letters_bad, 1);
            return;
        }
    }
}

/* Deep, shallow, deep: what was given back in between is touched again, mostly on another core. */
static void
read_letters_deep(void *arg)
{
    uint64_t seed = (uintptr_t)arg + 1;

    for (int round = 0; round < 3; round++) {
        go_deep(150 * KIB + next_random(&seed) % (60 * KIB), seed >> 8, read_letter, NULL);
        gosched();
        read_letter(NULL);
    }
    waitgroup_done(&all);
}

/* As many letters as are read, by writers bound to every core. */
static void
write_letters(void *arg)
{
    uint64_t words[LETTER];

    for (unsigned n = *(unsigned *)arg; n > 0; n--) {
        for (unsigned i = 0; i < LETTER; i++) {
            words[i] = n * 31ull + i + 1;
        }
        chan_send(letters, words);
    }
    waitgroup_done(&all);
}

TEST(pages_come_back_whole_on_any_core)
{
    enum { WAVES = 25, LETTERS_EACH = 6 };
    unsigned cores = (unsigned)num_cpu(), width = 4 * cores;

    letters = chan_make(LETTER * sizeof(uint64_t), 0);
    atomic_store(&bad_words, 0);
    atomic_store(&letters_bad, 0);
    for (unsigned wave = 0; wave < WAVES; wave++) {
        unsigned share = width / cores * LETTERS_EACH;

        waitgroup_add(&all, (int)(width + cores));
        for (unsigned i = 0; i < width; i++) {
            go(read_letters_deep, (void *)(uintptr_t)(wave * 1000 + i));
        }
        for (unsigned i = 0; i < cores; i++) {
            struct go_attr attr = { .core = GO_CORE(i), .arg_size = sizeof(share) };

            CHECK_EQ(go_with(&attr, write_letters, &share), 0);
        }
        waitgroup_wait(&all);
    }
    CHECK_EQ(atomic_load(&bad_words), 0);
    CHECK_EQ(atomic_load(&letters_bad), 0);
    chan_free(letters);
}

/* A page is left by a goroutine on one core, which may still have it in its TLB; touched again on
 * another; then written by the first, for which it must be the same page still.
 *      core 1                                 core 0
 *      the writer wakes the diver, parks      the mover spins: no idle core is about to steal
 *      the diver: deep, then shallow; parks:
 *        pages are given back
 *      the writer spins: without an           the mover wakes the diver and ends
 *        interrupt nothing flushes the TLB    the diver: deep again, waits there for a letter
 *      it writes it into the diver's stack */
static struct chan *to_diver, *to_writer, *to_shallow;
static atomic_bool shallow;
static atomic_uint crossings;

static void
note_core_and_read(void *core)
{
    *(int *)core = core_id();
    read_letter(NULL);
}

static void
dive_across_cores(void *arg)
{
    int from, to = -1;

    chan_recv(to_diver, NULL);
    go_deep(200 * KIB, (uintptr_t)arg, NULL, NULL);
    from = core_id();
    chan_send(to_writer, NULL);
    atomic_store(&shallow, true);
    chan_recv(to_shallow, NULL);
    go_deep(200 * KIB, (uintptr_t)arg + 1, note_core_and_read, &to);
    atomic_fetch_add(&crossings, from == 1 && to == 0);
    waitgroup_done(&all);
}

static void
move(void *arg)
{
    (void)arg;
    while (!atomic_load(&shallow)) {
    }
    chan_send(to_shallow, NULL);
    waitgroup_done(&all);
}

static void
write_from_afar(void *arg)
{
    uint64_t words[LETTER];

    for (unsigned i = 0; i < LETTER; i++) {
        words[i] = (uintptr_t)arg + i + 1;
    }
    chan_send(to_diver, NULL);
    chan_recv(to_writer, NULL);
    while (!chan_try_send(letters, words)) {
    }
    waitgroup_done(&all);
}

TEST(pages_left_on_one_core_are_the_same_on_another)
{
    enum { ROUNDS = 100 };
    int cores = gomaxprocs(2);

    if (num_cpu() == 1) {
        tap_skip("one core has one TLB");
        return;
    }
    atomic_store(&crossings, 0);
    letters = chan_make(LETTER * sizeof(uint64_t), 0);
    to_diver = chan_make(0, 0);
    to_writer = chan_make(0, 0);
    to_shallow = chan_make(0, 0);
    atomic_store(&bad_words, 0);
    atomic_store(&letters_bad, 0);
    for (uintptr_t i = 0; i < ROUNDS; i++) {
        atomic_store(&shallow, false);
        waitgroup_add(&all, 3);
        go(dive_across_cores, (void *)i);
        go_with(&(struct go_attr){ .core = GO_CORE(0) }, move, NULL);
        go_with(&(struct go_attr){ .core = GO_CORE(1) }, write_from_afar, (void *)i);
        waitgroup_wait(&all);
    }
    CHECK(atomic_load(&crossings) > 0);
    CHECK_EQ(atomic_load(&bad_words), 0);
    CHECK_EQ(atomic_load(&letters_bad), 0);
    chan_free(letters);
    chan_free(to_diver);
    chan_free(to_writer);
    chan_free(to_shallow);
    gomaxprocs(cores);
}

static const struct test tests[] = {
    TEST_ENTRY(pages_come_back_whole_on_any_core),
    TEST_ENTRY(pages_left_on_one_core_are_the_same_on_another),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
