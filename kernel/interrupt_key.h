/* SPDX-License-Identifier: MIT */
/*
 * interrupt_key.h -- what ^C does: ends the program, or begins it again.
 */
#pragma once

#include <stdbool.h>

/* What the next ^C does. It always discards the line being typed. */
enum interrupt_key {
    INTERRUPT_ENDS, /* the program, and with it everything: status 130, as a shell would see it */
    INTERRUPT_RESTARTS, /* ends it likewise, and runs the same image again */
    INTERRUPT_CLEARS,   /* no more than the line */
};

/* Any context. Until it is called: INTERRUPT_ENDS. */
void interrupt_key_set(enum interrupt_key what);

/* From here on ^C does something. Boot core, the console working. */
void interrupt_key_init(void);
