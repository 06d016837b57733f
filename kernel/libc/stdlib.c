/* SPDX-License-Identifier: MIT */
/* stdlib.c -- absolute values, quotients, pseudo-random numbers. */
#include <inttypes.h>
#include <stdlib.h>

int
abs(int n)
{
    return n < 0 ? -n : n;
}

long
labs(long n)
{
    return n < 0 ? -n : n;
}

long long
llabs(long long n)
{
    return n < 0 ? -n : n;
}

intmax_t
imaxabs(intmax_t n)
{
    return n < 0 ? -n : n;
}

div_t
div(int num, int den)
{
    return (div_t){num / den, num % den};
}

ldiv_t
ldiv(long num, long den)
{
    return (ldiv_t){num / den, num % den};
}

lldiv_t
lldiv(long long num, long long den)
{
    return (lldiv_t){num / den, num % den};
}

imaxdiv_t
imaxdiv(intmax_t num, intmax_t den)
{
    return (imaxdiv_t){num / den, num % den};
}

char *
getenv(const char *name)
{
    (void)name;
    return NULL;
}

/* A Weyl sequence, finalised: the state is a plain counter, so one atomic add is all that
 * goroutines share, and no two of them get the same element. */
static const uint64_t rand_step = 0x9e3779b97f4a7c15u;
static uint64_t rand_state = 1;

static uint64_t
rand_mix(uint64_t x)
{
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

int
rand(void)
{
    uint64_t x = __atomic_add_fetch(&rand_state, rand_step, __ATOMIC_RELAXED);
    return (int)(rand_mix(x) & RAND_MAX);
}

void
srand(unsigned seed)
{
    __atomic_store_n(&rand_state, rand_mix(seed), __ATOMIC_RELAXED);
}

int
rand_r(unsigned *seed)
{
    *seed += (unsigned)rand_step;
    return (int)(rand_mix(*seed) & RAND_MAX);
}
