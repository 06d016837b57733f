// SPDX-License-Identifier: MIT
//
// boost_context.cc -- Boost.Context: what a bare switch costs.
//
// It has no scheduler, so there is nothing else to measure. One operation is a switch one way.
#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>

#include "rival.h"

namespace ctx = boost::context;

// The documented class.
static void
switch_fiber(long n)
{
    ctx::fiber other{ [](ctx::fiber &&back) {
        for (;;) {
            back = std::move(back).resume();
        }
        return std::move(back);
    } };
    int64_t began = rival_now();
    for (long i = 0; i < n / 2; i++) {
        other = std::move(other).resume();
    }
    rival_line("switch", n, rival_now() - began);
}

static void
bounce(ctx::detail::transfer_t t)
{
    for (;;) {
        t = ctx::detail::jump_fcontext(t.fctx, nullptr);
    }
}

// The assembly below it, which Boost's other libraries use.
static void
switch_raw(long n)
{
    ctx::fixedsize_stack stacks;
    ctx::stack_context stack = stacks.allocate();
    ctx::detail::transfer_t t = { ctx::detail::make_fcontext(stack.sp, stack.size, bounce), nullptr };
    int64_t began = rival_now();
    for (long i = 0; i < n / 2; i++) {
        t = ctx::detail::jump_fcontext(t.fctx, nullptr);
    }
    rival_line("switch_fcontext", n, rival_now() - began);
    stacks.deallocate(stack);
}

int
main(int argc, char **argv)
{
    static const rival_row rows[] = {
        { "switch", switch_fiber, 20000000, false },
        { "switch_fcontext", switch_raw, 20000000, false },
    };
    return rival_main(argc, argv, rows, sizeof rows / sizeof rows[0]);
}
