// SPDX-License-Identifier: MIT
//
// boost_fiber.cc -- Boost.Fiber: the benchmarks of .. in its own words, on one thread.
//
// Stacks come from its pool, which keeps them. The tree's children are dispatched: they run at once,
// so nothing piles up. Elsewhere they are posted, as goroutines are, which is the faster here. A
// channel of 128 holds 127.
#include <boost/fiber/all.hpp>
#include <memory>
#include <vector>

#include "rival.h"

namespace fib = boost::fibers;
using unbuffered = fib::unbuffered_channel<long>;
using buffered = fib::buffered_channel<long>;
static fib::pooled_fixedsize_stack stacks;

template <typename Fn>
static fib::fiber
start(Fn &&fn)
{
    return fib::fiber(fib::launch::post, std::allocator_arg, stacks, std::forward<Fn>(fn));
}

template <typename Fn>
static fib::fiber
start_now(Fn &&fn)
{
    return fib::fiber(fib::launch::dispatch, std::allocator_arg, stacks, std::forward<Fn>(fn));
}

static void
yield(long n)
{
    auto turns = [n] {
        for (long i = 0; i < n / 2; i++) {
            boost::this_fiber::yield();
        }
    };
    int64_t began = rival_now();
    fib::fiber a = start(turns), b = start(turns);
    a.join();
    b.join();
    rival_line("yield", n, rival_now() - began);
}

template <typename Channel>
static void
echo(Channel &in, Channel &out)
{
    long v;
    while (in.pop(v) == fib::channel_op_status::success) {
        out.push(v);
    }
    out.close();
}

static void
pingpong(long n)
{
    unbuffered a, b;
    fib::fiber other = start([&] { echo(a, b); });
    int64_t began = rival_now();
    for (long i = 0; i < n; i++) {
        long v;
        a.push(i);
        b.pop(v);
    }
    int64_t took = rival_now() - began;
    a.close();
    other.join();
    rival_line("chan_pingpong_unbuf", n, took);
}

static void
throughput(long n)
{
    buffered c(128);
    int64_t began = rival_now();
    fib::fiber sender = start([&] {
        for (long i = 0; i < n; i++) {
            c.push(i);
        }
        c.close();
    });
    long v, sum = 0;
    while (c.pop(v) == fib::channel_op_status::success) {
        sum += v;
    }
    rival_line("chan_buf_throughput", n, rival_now() - began);
    sender.join();
    rival_check(sum == n * (n - 1) / 2, "chan_buf_throughput");
}

// A thousand at a time.
static void
spawn_exit(long n)
{
    long ran = 0;
    std::vector<fib::fiber> all(1000);
    int64_t began = rival_now();
    for (long i = 0; i < n; i += 1000) {
        for (fib::fiber &f : all) {
            f = start([&ran] { ran++; });
        }
        for (fib::fiber &f : all) {
            f.join();
        }
    }
    rival_line("spawn_exit", n, rival_now() - began);
    rival_check(ran == n, "spawn_exit");
}

static void
mutex_pair(long n)
{
    fib::mutex m;
    volatile long count = 0;
    int64_t began = rival_now();
    for (long i = 0; i < n; i++) {
        m.lock();
        count = count + 1;
        m.unlock();
    }
    rival_line("mutex_uncontended", n, rival_now() - began);
}

static void
ring(long n)
{
    enum { SIZE = 1000 };
    std::vector<std::unique_ptr<unbuffered>> link(SIZE);
    std::vector<fib::fiber> all;
    for (auto &c : link) {
        c.reset(new unbuffered);
    }
    for (int i = 1; i < SIZE; i++) {
        all.push_back(start([&, i] { echo(*link[i - 1], *link[i]); }));
    }
    int64_t began = rival_now();
    for (long lap = 0; lap < n / SIZE; lap++) {
        long v = -1;
        link[0]->push(lap);
        link[SIZE - 1]->pop(v);
        rival_check(v == lap, "ring");
    }
    int64_t took = rival_now() - began;
    link[0]->close();
    for (fib::fiber &f : all) {
        f.join();
    }
    rival_line("ring", n, took);
}

static void
sift(unbuffered &in, unbuffered &out, long prime)
{
    long v;
    while (in.pop(v) == fib::channel_op_status::success) {
        if (v % prime != 0) {
            out.push(v);
        }
    }
    out.close();
}

// A prime, of the first thousand.
static void
sieve(long n)
{
    std::vector<std::unique_ptr<unbuffered>> c;
    std::vector<fib::fiber> all;
    long v = 0, count = 0;
    int64_t began = rival_now();
    c.emplace_back(new unbuffered);
    unbuffered &first = *c[0];
    all.push_back(start([&first] {
        for (long i = 2; i <= 7919; i++) {
            first.push(i);
        }
        first.close();
    }));
    while (c.back()->pop(v) == fib::channel_op_status::success) {
        unbuffered &in = *c.back();
        c.emplace_back(new unbuffered);
        unbuffered &out = *c.back();
        all.push_back(start([&in, &out, v] { sift(in, out, v); }));
        count++;
    }
    int64_t took = rival_now() - began;
    for (fib::fiber &f : all) {
        f.join();
    }
    rival_check(count == n, "prime_sieve_1000");
    rival_line("prime_sieve_1000", n, took);
}

// A buffer for all ten answers, so that no child waits.
static void
node(buffered &up, long first, long size)
{
    if (size == 1) {
        up.push(first);
        return;
    }
    buffered c(16);
    long v, sum = 0;
    for (int i = 0; i < 10; i++) {
        start_now([&c, first, size, i] { node(c, first + i * (size / 10), size / 10); }).detach();
    }
    for (int i = 0; i < 10; i++) {
        c.pop(v);
        sum += v;
    }
    up.push(sum);
}

static void
skynet(long leaves)
{
    buffered c(2);
    long sum = 0, nodes = 0;
    int64_t began = rival_now();
    start_now([&c, leaves] { node(c, 0, leaves); }).detach();
    c.pop(sum);
    int64_t took = rival_now() - began;
    for (long size = 1; size <= leaves; size *= 10) {
        nodes += size;
    }
    rival_check(sum == leaves * (leaves - 1) / 2, "skynet1m");
    rival_line("skynet1m", nodes, took);
}

int
main(int argc, char **argv)
{
    static const rival_row rows[] = {
        { "yield", yield, 500000, false },
        { "chan_pingpong_unbuf", pingpong, 100000, false },
        { "chan_buf_throughput", throughput, 500000, false },
        { "spawn_exit", spawn_exit, 200000, false },
        { "mutex_uncontended", mutex_pair, 2000000, false },
        { "ring", ring, 100000, false },
        { "prime_sieve_1000", sieve, 1000, true },
        { "skynet1m", skynet, 1000000, true },
    };
    return rival_main(argc, argv, rows, sizeof rows / sizeof rows[0]);
}
