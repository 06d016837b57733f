/* SPDX-License-Identifier: MIT */
/*
 * memmap_fuzz.c -- claims in any order, overlapping and too many, against the model.
 *
 * Form         a byte: what to do and with which type; then base and length, each two bytes and a
 *              shift; a comb repeats a claim up to 255 times, so that few bytes fill the map.
 */
#include "memmap_model.h"

static struct memmap map;

static uint64_t
take_shifted(struct input *in)
{
    uint64_t value = take(in, 2);

    return value << take(in, 1) % 49;
}

static void
add(uint64_t base, uint64_t len, enum mem_type type)
{
    memmap_add(&map, base, len, type);
    model_add(base, len, type);
}

static void
claim(uint64_t base, uint64_t len)
{
    memmap_claim(&map, base, len);
    model_claim(base, len);
}

static void
comb(struct input *in, uint64_t base, uint64_t len, enum mem_type type)
{
    uint64_t step = take_shifted(in);

    for (uint64_t n = take(in, 1); n > 0; n--, base += step) {
        add(base, len, type);
    }
}

static void
claim_the_rest(struct input *in)
{
    while (in->size > 0) {
        uint64_t base = take_shifted(in);

        claim(base, take_shifted(in));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    bool finish = false;

    memset(&map, 0, sizeof map);
    model_reset();
    while (in.size > 0 && !finish) {
        unsigned what = (unsigned)take(&in, 1);
        enum mem_type type = MEM_USABLE + what / 8 % MEM_BAD;
        uint64_t base = take_shifted(&in), len = take_shifted(&in);

        switch (what % 8) {
        case 0:
            finish = true;
            break;
        case 1:
            claim(base, len);
            break;
        case 2:
        case 3:
            comb(&in, base, len, type);
            break;
        default:
            add(base, len, type);
            break;
        }
    }
    memmap_finish(&map);
    demand_sound_map(&map);
    claim_the_rest(&in);
    model_finish();
    demand_model(&map);
    return 0;
}
