/* SPDX-License-Identifier: MIT */
/*
 * vga.h -- the text mode of PC graphics adapters: 80 x 25 characters of code page 437.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { VGA_COLS = 80, VGA_ROWS = 25 };

/* Boot core, once memory is managed. told: the loader says that text mode is on; else the adapter
 * is asked. False: no adapter, or it shows pixels. */
bool vga_init(bool told);

/* A cell as in drivers/terminal.h. */
void vga_put(unsigned x, unsigned y, uint32_t cell);
