/* SPDX-License-Identifier: MIT */
/*
 * registers_test.c -- a preempted goroutine finds every register as it left it.
 *
 * Protocol     Each goroutine loads numbers of its own into all registers there are (general,
 *              flags, MXCSR, x87 control word and stack, and the widest vectors that CPUID and
 *              XCR0 offer), then loops without a call until told to stop. General registers and
 *              flags are compared in every round, the others stored once at the end: what was
 *              lost stays lost. r15 points to it all and is tested by being used.
 * Rejected     intrinsics and C code for the loop: the compiler would own the registers.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "patience.h"

enum { GPRS = 13, VECTORS = 32, MASKS = 7, VECTOR_BYTES = 64, X87 = 8 };
enum level { LEVEL_SSE, LEVEL_AVX, LEVEL_AVX512 };

struct hold {
    uint64_t gpr[GPRS];             /* rax rbx rdx rsi rdi rbp r8..r14; rcx counts */
    uint64_t flags, flags_seen;
    uint64_t mask[8], mask_seen[8];
    const _Atomic(uint32_t) *stop;
    uint64_t level, bad;
    uint32_t mxcsr, mxcsr_seen, mxcsr_before;
    uint16_t fcw, fcw_seen, fcw_before, spare;
    unsigned char x87[X87][16], x87_seen[X87][16];
    unsigned char vector[VECTORS][VECTOR_BYTES], vector_seen[VECTORS][VECTOR_BYTES];
};
_Static_assert(offsetof(struct hold, flags) == 104, "known to registers_hold");
_Static_assert(offsetof(struct hold, mask) == 120, "known to registers_hold");
_Static_assert(offsetof(struct hold, stop) == 248, "known to registers_hold");
_Static_assert(offsetof(struct hold, mxcsr) == 272, "known to registers_hold");
_Static_assert(offsetof(struct hold, fcw) == 284, "known to registers_hold");
_Static_assert(offsetof(struct hold, x87) == 292, "known to registers_hold");
_Static_assert(offsetof(struct hold, vector) == 548, "known to registers_hold");

/*
 * void registers_hold(struct hold *h);
 *   in   rdi = h      out  h->bad, h->*_seen      keeps what the calling convention says
 * 1 control words  2 x87 stack  3 vectors  4 general registers  5 the loop  6 all of it back
 * The direction flag may be set in the loop: interrupt code has to clear it for itself.
 */
__asm__(
    ".set FLAGS, 104; .set FLAGS_SEEN, 112; .set MASK, 120; .set MASK_SEEN, 184\n"
    ".set STOP, 248; .set LEVEL, 256; .set BAD, 264\n"
    ".set MXCSR, 272; .set MXCSR_SEEN, 276; .set MXCSR_BEFORE, 280\n"
    ".set FCW, 284; .set FCW_SEEN, 286; .set FCW_BEFORE, 288\n"
    ".set X87S, 292; .set X87S_SEEN, 420; .set VECTOR, 548; .set VECTOR_SEEN, 2596\n"
    ".text\n"
    ".globl registers_hold\n"
    ".type registers_hold, @function\n"
    "registers_hold:\n"
    "    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "    mov %rdi, %r15\n"
    /* 1 */
    "    stmxcsr MXCSR_BEFORE(%r15); fnstcw FCW_BEFORE(%r15)\n"
    "    ldmxcsr MXCSR(%r15); fldcw FCW(%r15)\n"
    /* 2 */
    "    .irp i, 0,1,2,3,4,5,6,7\n"
    "    fldt X87S + 16*\\i(%r15)\n"
    "    .endr\n"
    /* 3 */
    "    mov LEVEL(%r15), %rax\n"
    "    cmp $1, %rax; je 11f; ja 12f\n"
    "    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "    movdqu VECTOR + 64*\\i(%r15), %xmm\\i\n"
    "    .endr\n"
    "    jmp 4f\n"
    "11: .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "    vmovdqu VECTOR + 64*\\i(%r15), %ymm\\i\n"
    "    .endr\n"
    "    jmp 4f\n"
    "12: .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
    "30,31\n"
    "    vmovdqu64 VECTOR + 64*\\i(%r15), %zmm\\i\n"
    "    .endr\n"
    "    .irp i, 1,2,3,4,5,6,7\n"
    "    kmovw MASK + 8*\\i(%r15), %k\\i\n"
    "    .endr\n"
    /* 4 */
    "4:  mov 0(%r15), %rax; mov 8(%r15), %rbx; mov 16(%r15), %rdx; mov 24(%r15), %rsi\n"
    "    mov 32(%r15), %rdi; mov 40(%r15), %rbp; mov 48(%r15), %r8; mov 56(%r15), %r9\n"
    "    mov 64(%r15), %r10; mov 72(%r15), %r11; mov 80(%r15), %r12; mov 88(%r15), %r13\n"
    "    mov 96(%r15), %r14\n"
    /* 5: loop touches no flag */
    "5:  mov $300, %ecx\n"
    "    pushq FLAGS(%r15); popfq\n"
    "51: loop 51b\n"
    "    pushfq; popq FLAGS_SEEN(%r15)\n"
    "    cld\n"
    "    mov FLAGS_SEEN(%r15), %rcx; xor FLAGS(%r15), %rcx; test $0xcd5, %ecx; jne 7f\n"
    "    cmp 0(%r15), %rax; jne 7f; cmp 8(%r15), %rbx; jne 7f; cmp 16(%r15), %rdx; jne 7f\n"
    "    cmp 24(%r15), %rsi; jne 7f; cmp 32(%r15), %rdi; jne 7f; cmp 40(%r15), %rbp; jne 7f\n"
    "    cmp 48(%r15), %r8; jne 7f; cmp 56(%r15), %r9; jne 7f; cmp 64(%r15), %r10; jne 7f\n"
    "    cmp 72(%r15), %r11; jne 7f; cmp 80(%r15), %r12; jne 7f; cmp 88(%r15), %r13; jne 7f\n"
    "    cmp 96(%r15), %r14; jne 7f\n"
    "    mov STOP(%r15), %rcx; cmpl $0, (%rcx); je 5b\n"
    "    jmp 6f\n"
    "7:  incq BAD(%r15)\n"
    /* 6 */
    "6:  stmxcsr MXCSR_SEEN(%r15); fnstcw FCW_SEEN(%r15)\n"
    "    .irp i, 7,6,5,4,3,2,1,0\n"
    "    fstpt X87S_SEEN + 16*\\i(%r15)\n"
    "    .endr\n"
    "    mov LEVEL(%r15), %rax\n"
    "    cmp $1, %rax; je 61f; ja 62f\n"
    "    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "    movdqu %xmm\\i, VECTOR_SEEN + 64*\\i(%r15)\n"
    "    .endr\n"
    "    jmp 64f\n"
    "61: .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "    vmovdqu %ymm\\i, VECTOR_SEEN + 64*\\i(%r15)\n"
    "    .endr\n"
    "    jmp 63f\n"
    "62: .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
    "30,31\n"
    "    vmovdqu64 %zmm\\i, VECTOR_SEEN + 64*\\i(%r15)\n"
    "    .endr\n"
    "    .irp i, 1,2,3,4,5,6,7\n"
    "    kmovw %k\\i, MASK_SEEN + 8*\\i(%r15)\n"
    "    .endr\n"
    "63: vzeroupper\n"
    "64: ldmxcsr MXCSR_BEFORE(%r15); fldcw FCW_BEFORE(%r15)\n"
    "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "    ret\n"
    ".size registers_hold, . - registers_hold\n");
void registers_hold(struct hold *h);

static uint64_t
xcr0(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static void
cpuid(uint32_t leaf, uint32_t r[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                     : "a"(leaf), "c"(0));
}

/* The widest registers that processor and kernel offer both. */
static enum level
vector_level(void)
{
    uint32_t r[4], max;

    cpuid(0, r);
    max = r[0];
    cpuid(1, r);
    if ((r[2] & 1u << 27) == 0 || (r[2] & 1u << 28) == 0 || (xcr0() & 6) != 6) {
        return LEVEL_SSE;
    }
    if (max < 7) {
        return LEVEL_AVX;
    }
    cpuid(7, r);
    return (r[1] & 1u << 16) != 0 && (xcr0() & 0xe6) == 0xe6 ? LEVEL_AVX512 : LEVEL_AVX;
}

/* ---- holding ---- */

static struct waitgroup all;
static _Atomic(uint32_t) stop;
static atomic_uint lost_gpr, lost_control, lost_x87, lost_vector, lost_mask;

static void
hold_fill(struct hold *h, uint64_t seed)
{
    memset(h, 0, sizeof(*h));
    h->level = vector_level();
    h->stop = &stop;
    for (int i = 0; i < GPRS; i++) {
        h->gpr[i] = next_random(&seed);
    }
    h->flags = 0x202 | (next_random(&seed) & 0xcd5);
    h->mxcsr = 0x1f80 | (seed & 3) << 13 | (seed >> 2 & 1) << 15 | (seed >> 8 & 0x3f);
    h->fcw = (uint16_t)(0x37f | (seed >> 16 & 3) << 10);
    for (int i = 1; i <= MASKS; i++) {
        h->mask[i] = next_random(&seed) & 0xffff;
    }
    for (int i = 0; i < X87; i++) {
        long double value = (long double)(int64_t)next_random(&seed);

        memcpy(h->x87[i], &value, 10);
    }
    for (int i = 0; i < VECTORS; i++) {
        for (int k = 0; k < VECTOR_BYTES; k++) {
            h->vector[i][k] = (unsigned char)next_random(&seed);
        }
    }
}

static void
hold_check(const struct hold *h)
{
    int vectors = h->level == LEVEL_AVX512 ? 32 : 16;
    size_t bytes = (size_t)16 << h->level;

    atomic_fetch_add(&lost_gpr, h->bad != 0);
    atomic_fetch_add(&lost_control, h->mxcsr_seen != h->mxcsr || h->fcw_seen != h->fcw);
    atomic_fetch_add(&lost_x87, memcmp(h->x87, h->x87_seen, sizeof(h->x87)) != 0);
    for (int i = 0; i < vectors; i++) {
        atomic_fetch_add(&lost_vector, memcmp(h->vector[i], h->vector_seen[i], bytes) != 0);
    }
    if (h->level == LEVEL_AVX512) {
        atomic_fetch_add(&lost_mask, memcmp(h->mask, h->mask_seen, sizeof(h->mask)) != 0);
    }
}

static void
hold_registers(void *arg)
{
    struct hold h;

    hold_fill(&h, (uintptr_t)arg * 0x9e3779b97f4a7c15 + 1);
    registers_hold(&h);
    hold_check(&h);
    waitgroup_done(&all);
}

/* n goroutines that hold registers until `times` more preemptions have been counted. */
static void
hold_for(unsigned n, uint64_t times)
{
    uint64_t start = stats_now().preemptions;

    atomic_store(&stop, 0);
    waitgroup_add(&all, (int)n);
    for (unsigned i = 0; i < n; i++) {
        go(hold_registers, (void *)(uintptr_t)(i + 1));
    }
    CHECK(WAIT_UNTIL(stats_now().preemptions >= start + times));
}

TEST(registers_survive_preemption_and_migration)
{
    unsigned n = 3 * (unsigned)num_cpu();

    printf("# vectors of %d bytes\n", 16 << vector_level());
    hold_for(n, 12 * n);
    atomic_store(&stop, 1);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&lost_gpr), 0);
    CHECK_EQ(atomic_load(&lost_control), 0);
    CHECK_EQ(atomic_load(&lost_x87), 0);
    CHECK_EQ(atomic_load(&lost_vector), 0);
    CHECK_EQ(atomic_load(&lost_mask), 0);
}

/* A preempted goroutine may leave eight values on the x87 stack; the calling convention promises an
 * empty one to the next, which comes back from a call. A full one turns what it loads into NaNs,
 * though not under TCG; so the tags are looked at. */
static atomic_uint not_empty, looks;

static void
look_at_x87_tags(void *arg)
{
    _Alignas(16) unsigned char image[512];

    (void)arg;
    while (!atomic_load(&stop)) {
        gosched();
        __asm__ volatile("fxsave %0" : "=m"(image));
        atomic_fetch_add(&not_empty, image[4] != 0);
        atomic_fetch_add(&looks, 1);
        gosleep(50 * MICROSECOND);
    }
    waitgroup_done(&all);
}

TEST(registers_of_the_x87_are_empty_after_a_call)
{
    unsigned n = (unsigned)num_cpu();

    atomic_store(&stop, 0);
    waitgroup_add(&all, (int)n);
    for (unsigned i = 0; i < n; i++) {
        go(look_at_x87_tags, NULL);
    }
    hold_for(n, 0);
    CHECK(WAIT_UNTIL(atomic_load(&looks) > 100 * n));
    atomic_store(&stop, 1);
    waitgroup_wait(&all);
    CHECK_EQ(atomic_load(&not_empty), 0);
    CHECK_EQ(atomic_load(&lost_x87), 0);
}

/* ---- across calls ---- */

static void
control_words(uint32_t *mxcsr, uint16_t *fcw)
{
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(*mxcsr), "=m"(*fcw));
}

static void
keep_control_words(void *arg)
{
    uintptr_t n = (uintptr_t)arg;
    uint32_t mxcsr, mine = 0x1f80 | (uint32_t)(n & 3) << 13;
    uint16_t fcw, my_fcw = (uint16_t)(0x37f | (n >> 1 & 3) << 10);

    control_words(&mxcsr, &fcw);
    atomic_fetch_add(&lost_control, mxcsr != 0x1f80 || fcw != 0x37f);
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mine), "m"(my_fcw));
    for (int i = 0; i < 300; i++) {
        if (i % 50 == 0) {
            gosleep(MICROSECOND);
        }
        gosched();
        control_words(&mxcsr, &fcw);
        atomic_fetch_add(&lost_control, mxcsr != mine || fcw != my_fcw);
    }
    waitgroup_done(&all);
}

TEST(registers_that_control_arithmetic_belong_to_the_goroutine)
{
    atomic_store(&lost_control, 0);
    for (int wave = 0; wave < 2; wave++) { /* the second on used goroutines */
        waitgroup_add(&all, 32);
        for (uintptr_t i = 0; i < 32; i++) {
            go(keep_control_words, (void *)i);
        }
        waitgroup_wait(&all);
    }
    CHECK_EQ(atomic_load(&lost_control), 0);
}

static const struct test tests[] = {
    TEST_ENTRY(registers_survive_preemption_and_migration),
    TEST_ENTRY(registers_of_the_x87_are_empty_after_a_call),
    TEST_ENTRY(registers_that_control_arithmetic_belong_to_the_goroutine),
};

int
main(void)
{
    return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
