/* SPDX-License-Identifier: MIT */
/*
 * latency.c -- histograms of how late things come, measured from inside the machine.
 *
 *   wake_same_core    from the send that readies a goroutine to its first instruction; the sender
 *                     then parks
 *   wake_other_core   the same, the goroutine on another core, which had nothing to run and halted
 *   slice             how long one of two loops without calls runs before the other, on core 0;
 *                     between one and two of the set length (sched/preempt.c), 10 ms
 *   timer_idle        how much later than asked a sleeper runs, on a machine that does nothing else
 *   timer_busy        the same with as many loops without calls as cores
 *
 * Arguments: scale=1.0
 * Lines:     HIST name procs=P n=N p50_ns= p99_ns= max_ns=, then a bar for each power of two
 */
#include <gamp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MAX = 4000, BUCKETS = 48, BAR = 50 };

static int64_t sample[SAMPLES_MAX];
static double scale = 1.0;

static int
samples(int n)
{
    n = (int)(n * scale);
    return n < 1 ? 1 : n > SAMPLES_MAX ? SAMPLES_MAX : n;
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int
bucket(int64_t ns)
{
    int i = 0;
    while (ns > 1 && i < BUCKETS - 1) {
        ns >>= 1;
        i++;
    }
    return i;
}

/* From 2^i ns on, in the unit that needs the fewest digits. */
static void
print_bucket(int i, int count, int most)
{
    static const char *unit[] = { "ns", "us", "ms", "s" };
    double from = (double)(1ll << i);
    int u = 0, length = (count * BAR + most - 1) / most;
    while (from >= 1000 && u < 3) {
        from /= 1000;
        u++;
    }
    printf("  %7.1f %-2s %6d%s%.*s\n", from, unit[u], count, length > 0 ? " " : "", length,
           "##################################################");
}

static void
report(const char *name, int n)
{
    int count[BUCKETS] = { 0 }, most = 1, first, last;
    qsort(sample, (size_t)n, sizeof *sample, compare);
    for (int i = 0; i < n; i++) {
        int b = bucket(sample[i]);
        count[b]++;
        most = count[b] > most ? count[b] : most;
    }
    printf("HIST %s procs=%d n=%d p50_ns=%lld p99_ns=%lld max_ns=%lld\n", name, gomaxprocs(0), n,
           (long long)sample[n / 2], (long long)sample[n * 99 / 100], (long long)sample[n - 1]);
    first = bucket(sample[0]);
    last = bucket(sample[n - 1]);
    for (int i = first; i <= last; i++) {
        print_bucket(i, count[i], most);
    }
}

static void
start(void (*fn)(void *), void *arg, int core)
{
    struct go_attr attr = { .core = GO_CORE(core) };
    int error = go_with(&attr, fn, arg);
    if (error != 0) {
        panic("latency: go_with: %d", error);
    }
}

/* ---- wake-ups ---- */

struct wake {
    struct chan *question, *answer;
};

static void
answers(void *arg)
{
    struct wake *w = arg;
    int64_t sent;
    while (chan_recv(w->question, &sent)) {
        int64_t late = nanotime() - sent;
        chan_send(w->answer, &late);
    }
    chan_close(w->answer);
}

/* The sleep is time enough for the other core to halt. */
static void
wakes(const char *name, int core)
{
    struct wake w = { chan_make(sizeof(int64_t), 0), chan_make(sizeof(int64_t), 0) };
    int n = samples(1000);
    start(answers, &w, core);
    for (int i = 0; i < n; i++) {
        gosleep(200 * MICROSECOND);
        int64_t now = nanotime();
        chan_send(w.question, &now);
        chan_recv(w.answer, &sample[i]);
    }
    chan_close(w.question);
    chan_recv(w.answer, NULL);
    chan_free(w.question);
    chan_free(w.answer);
    report(name, n);
}

/* ---- slices ---- */

static atomic_int holder, taken;
static int wanted;
static struct waitgroup loops;

/* Whoever notices that the other ran last has just been given the core. */
static void
holds(void *arg)
{
    static int64_t since;
    int me = *(int *)arg;
    while (atomic_load_explicit(&taken, memory_order_relaxed) < wanted) {
        if (atomic_load_explicit(&holder, memory_order_relaxed) != me) {
            int64_t now = nanotime();
            int i = atomic_fetch_add(&taken, 1);
            if (i >= 0 && i < wanted) {
                sample[i] = now - since;
            }
            since = now;
            atomic_store(&holder, me);
        }
    }
    waitgroup_done(&loops);
}

/* The first change of hands ends no slice, and the second may end one that began late. */
static void
slices(void)
{
    static int names[] = { 1, 2 };
    wanted = samples(100);
    atomic_store(&taken, -2);
    waitgroup_add(&loops, 2);
    start(holds, &names[0], 0);
    start(holds, &names[1], 0);
    waitgroup_wait(&loops);
    report("slice", wanted);
}

/* ---- timers ---- */

static void
timers(const char *name, int n)
{
    uint64_t x = 1;
    for (int i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
        duration d = 100 * MICROSECOND + (duration)(x >> 33) % 2000 * MICROSECOND;
        int64_t began = nanotime();
        gosleep(d);
        sample[i] = nanotime() - began - d;
    }
    report(name, n);
}

static atomic_bool stop;

static void
loops_for_ever(void *arg)
{
    (void)arg;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    }
    waitgroup_done(&loops);
}

static void
timers_busy(void)
{
    int cores = gomaxprocs(0);
    waitgroup_add(&loops, cores);
    for (int i = 0; i < cores; i++) {
        go(loops_for_ever, NULL);
    }
    timers("timer_busy", samples(500));
    atomic_store(&stop, true);
    waitgroup_wait(&loops);
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "scale=", 6) == 0) {
            scale = strtod(argv[i] + 6, NULL);
        }
    }
    lock_core(); /* else main would follow whom it waits for */
    wakes("wake_same_core", core_id());
    if (gomaxprocs(0) > 1) {
        wakes("wake_other_core", (core_id() + 1) % gomaxprocs(0));
    }
    slices();
    unlock_core();
    timers("timer_idle", samples(500));
    timers_busy();
    return 0;
}
