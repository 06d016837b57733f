/* SPDX-License-Identifier: MIT */
/*
 * scancode.h -- what keys mean: scan codes of set 1 in, what a terminal would send out. US layout.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCANCODE_TEXT = 8 }; /* no key sends more bytes */

struct scancodes {
    bool left_shift, right_shift, left_ctrl, right_ctrl, left_alt, right_alt, caps;
    bool extended; /* e0 has come */
    uint8_t skip;  /* bytes of a key that means nothing */
};

/* One byte from the keyboard; the answer is how many bytes it makes. *reboot: Ctrl-Alt-Del. */
size_t scancode_decode(struct scancodes *k, uint8_t byte, char *text, bool *reboot);
