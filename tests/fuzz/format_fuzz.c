/* SPDX-License-Identifier: MIT */
/* format_fuzz.c -- kernel/libc's vsnprintf against the host's; the form is format_gen.h's. */
#include "format_gen.h"
#include "libc_host.h"

OURS(vsnprintf);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dialect libc = { "diuoxXcspeEfFgGaA%", true, gamp_vsnprintf };

    fuzz_format(data, size, &libc);
    return 0;
}
