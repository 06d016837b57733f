/* SPDX-License-Identifier: MIT */
/*
 * console.h -- the operator's terminal: the first serial port, the screen and the keyboard.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct framebuffer;

enum {
    CONSOLE_EOF = -1,     /* ^D on an empty line */
    CONSOLE_NOTHING = -2, /* no complete line yet */
};

extern bool console_echo; /* the port is a terminal: typed characters are sent back */

/* Run by the interrupt of the port or the keyboard, on its stack, when a line has been completed
 * or input has ended. */
extern void (*console_input_ready)(void);

/* Run on ^C from the keyboard or a terminal, when set, likewise; ^C always discards the line. */
extern void (*console_interrupt_key)(void);

/* Looks for the port; output works from here on, by polling. Without a port output is discarded. */
void console_init(void);

/* How wide the port's terminal is at least; 80 if nobody says so. Boot core, before interrupts. */
void console_set_columns(unsigned n);

/* Boot core, memory managed: from now on, and what has been written so far, on the screen, too. */
void console_attach_screen(const struct framebuffer *fb);

/* The port is left alone from now on. */
void console_detach_serial(void);

/* What is typed at the keyboard, as a terminal would send it; interrupts off. What finds no room is
 * lost. console_enable_keyboard comes first: there may be input without a port. */
void console_type(const char *s, size_t n);
void console_enable_keyboard(void);

/* Once the interrupt is routed: what the port cannot take at once is sent from the interrupt. */
void console_enable_interrupts(void);

/* The serial port's interrupt, interrupts off; the caller sends the EOI. */
void console_interrupt(void);

/* Any context but NMI and #MC; n bytes stay together, unless they exceed the ring. */
void console_write(const char *s, size_t n);

/* For panics: no interrupt is needed, and a lock whose holder is dead is broken after 100 ms. */
void console_write_sync(const char *s, size_t n);

bool console_on_screen(void);

/* Has a key been struck, or anything been sent to the port? For the very end: no interrupt is
 * needed, no lock taken, and what it was is lost. */
bool console_struck(void);

/* Returns when all that was written has left the port, or when it has stopped taking bytes. */
void console_flush(void);

/* Readers get bytes as they are typed, unechoed; or lines again. What has been typed of a line is
 * discarded. A goroutine. */
void console_set_raw(bool raw);

/* The next line with its newline (at most n bytes of it; the rest comes next time), or
 * CONSOLE_NOTHING or CONSOLE_EOF. Does not wait. */
long console_try_readline(char *buf, size_t n);
