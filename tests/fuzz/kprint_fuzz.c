/* SPDX-License-Identifier: MIT */
/* kprint_fuzz.c -- the kernel's own kvsnprintf against the host's; the form is format_gen.h's. */
#include "format_gen.h"
#include "print.h"

void console_write(const char *s, size_t n);

/* print_sink's first value; nothing here prints to it. */
void
console_write(const char *s, size_t n)
{
    (void)s, (void)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dialect kernel = { "diuoxXcsp%", false, kvsnprintf };

    fuzz_format(data, size, &kernel);
    return 0;
}
