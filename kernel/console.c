/* SPDX-License-Identifier: MIT */
/*
 * console.c -- the operator's terminal: the first serial port, the screen and the keyboard.
 *
 * Output goes to the screen's cells at once (kernel/screen.c) and into a ring; each writer sends as
 * much of that as the port takes at once, and the port's interrupt sends the rest. What comes in
 * from either side is collected in kernel/input.c, and edited if somebody types it.
 *
 * Invariants   1. sent <= filled <= sent + OUTPUT_SIZE; without a port, sent == filled: then the
 *                 ring only remembers, for a screen that is found later.
 *              2. The transmit interrupt is enabled exactly while the output ring is not empty.
 * Locks        `lock`, with interrupts off; everything here, in kernel/input.c, lineedit.c and
 *              drivers/uart.c is under it. The screen is drawn when it has been let go.
 * Context      any but NMI and #MC; those use console_write_sync.
 * Rejected     dropping output when the ring is full: the last lines before a failure are the ones
 *              that matter, so the writer pays and sends by polling.
 */
#include "console.h"

#include <cpu.h>
#include <x86.h>
#include "input.h"
#include <keyboard.h>
#include <screen.h>
#include "spin.h"
#include "uart.h"

enum {
    OUTPUT_SIZE = 16384,
    STALL_LOOKS = 2000000, /* about 100 ms under emulation, 2 s on hardware: nobody listens */
    LOCK_LOOKS = 5000000,
    NMI_LOOKS = 2000,
    INTERRUPT_CAUSES = 64, /* bounds a port that never stops asking */
};

bool console_echo;
void (*console_input_ready)(void);
void (*console_interrupt_key)(void);

static struct spin lock;
static bool serial;      /* there is a port */
static bool screen;      /* there is a screen */
static bool keyboard;    /* there is a keyboard */
static bool interrupted; /* ^C has been typed, and nobody told yet */
static bool held_back;   /* no room: the port is left alone, and its FIFO holds the sender back */
static unsigned columns = 80; /* of the narrowest terminal */
static bool by_interrupt;
static bool stalled; /* the port has stopped taking bytes: do not wait for it again */

static struct {
    uint32_t sent, filled;
    uint8_t bytes[OUTPUT_SIZE];
} out;

static bool
output_pending(void)
{
    return out.filled != out.sent;
}

/* Sends what the port takes now; false when it takes nothing. */
static bool
send_some(void)
{
    unsigned room = uart_tx_room();
    for (unsigned i = 0; i < room && output_pending(); i++) {
        uart_put(out.bytes[out.sent++ % OUTPUT_SIZE]);
    }
    return room > 0;
}

/* Sends until at least `room` bytes of the ring are free. */
static void
send_by_polling(uint32_t room)
{
    for (int looks = 0; OUTPUT_SIZE - (out.filled - out.sent) < room;) {
        if (send_some()) {
            stalled = false;
            looks = 0;
        } else if (stalled || ++looks > STALL_LOOKS) {
            stalled = true;
            out.sent = out.filled + room - OUTPUT_SIZE; /* the oldest are lost */
        } else {
            cpu_relax();
        }
    }
}

static void
put_byte(uint8_t byte)
{
    if (out.filled - out.sent == OUTPUT_SIZE) {
        send_by_polling(1);
    }
    out.bytes[out.filled++ % OUTPUT_SIZE] = byte;
    if (!serial) {
        out.sent = out.filled;
    }
}

static void
put_text(const char *s, size_t n, int looks)
{
    if (screen) {
        screen_write(s, n, looks);
    }
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n' && console_echo) { /* a terminal: a pipe gets the bytes as they are */
            put_byte('\r');
        }
        put_byte((uint8_t)s[i]);
    }
}

/* To the screen, so that one sees what one types; to the port only where it is a terminal. False:
 * that takes no more now. */
static bool
echo(const char *s, size_t n)
{
    if (console_echo) {
        if (out.filled - out.sent + 2 * n >= OUTPUT_SIZE) {
            return false;
        }
        put_text(s, n, LOCK_LOOKS);
    } else if (screen && keyboard) {
        screen_write(s, n, LOCK_LOOKS);
    }
    return true;
}

static void
send_and_arm(void)
{
    if (!serial) {
        return;
    }
    while (output_pending() && send_some()) {
    }
    if (by_interrupt) {
        uart_interrupts((held_back ? 0 : UART_INT_RX) | (output_pending() ? UART_INT_TX : 0));
    }
}

void
console_init(void)
{
    serial = uart_init();
    input_init(echo, columns);
}

void
console_set_columns(unsigned n)
{
    columns = n;
    input_init(echo, n);
}

void
console_enable_interrupts(void)
{
    if (!serial) {
        return;
    }
    uint64_t flags = irq_save();
    spin_lock(&lock);
    by_interrupt = true;
    send_and_arm();
    spin_unlock(&lock);
    irq_restore(flags);
}

/* The holder may be this core's own interrupted code, or a core already stopped. */
static bool
lock_or_give_up(int looks)
{
    for (int i = 0; i < looks; i++) {
        if (spin_trylock(&lock)) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

void
console_write(const char *s, size_t n)
{
    uint64_t flags = irq_save();
    bool nmi = this_cpu()->in_nmi;
    if (!nmi) {
        spin_lock(&lock);
    } else if (!lock_or_give_up(NMI_LOOKS)) {
        return; /* interrupted with the lock in its hand: this text is lost, the machine is not */
    }
    put_text(s, n, nmi ? NMI_LOOKS : LOCK_LOOKS);
    input_wrote(s, n);
    send_and_arm();
    spin_unlock(&lock);
    irq_restore(flags);
    if (screen && !nmi) {
        screen_refresh();
    }
}

static void
send_all(void)
{
    if (serial) {
        send_by_polling(OUTPUT_SIZE);
    }
    if (screen) {
        screen_draw_all();
    }
}

void
console_write_sync(const char *s, size_t n)
{
    uint64_t flags = irq_save();
    lock_or_give_up(LOCK_LOOKS);
    put_text(s, n, LOCK_LOOKS);
    send_all();
    spin_unlock(&lock); /* broken or not: the next message need not wait again */
    irq_restore(flags);
}

void
console_flush(void)
{
    uint64_t flags = irq_save();
    lock_or_give_up(LOCK_LOOKS);
    send_all();
    for (int i = 0; serial && i < STALL_LOOKS && !stalled && !uart_tx_idle(); i++) {
        cpu_relax();
    }
    spin_unlock(&lock);
    irq_restore(flags);
}

bool
console_on_screen(void)
{
    return screen;
}

bool
console_struck(void)
{
    return (serial && uart_get() >= 0) || (keyboard && keyboard_struck());
}

/* Takes what has arrived while there is room. Where nobody types, ^C is a byte like any other. */
static void
receive(void)
{
    enum input_source source = console_echo ? INPUT_TERMINAL : INPUT_PIPE;
    bool any = false;
    int byte = 0;
    while (input_has_room(source) && (byte = uart_get()) >= 0) {
        bool key = input_byte(source, (uint8_t)byte);
        interrupted = interrupted || (key && console_echo);
        any = true;
    }
    held_back = byte >= 0;
    if (any) {
        input_show();
    }
}

/* Lets the lock go; what has been typed leads to something. */
static void
unlock_and_tell(uint32_t lines)
{
    bool key = interrupted, ready = input_lines() != lines;
    interrupted = false;
    spin_unlock(&lock);
    if (key && console_interrupt_key != NULL) {
        console_interrupt_key();
    }
    if (ready && console_input_ready != NULL) {
        console_input_ready();
    }
}

void
console_interrupt(void)
{
    if (!serial) {
        return;
    }
    spin_lock(&lock);
    uint32_t lines = input_lines();
    for (int i = 0; i < INTERRUPT_CAUSES && uart_interrupt_pending(); i++) {
        receive();
        send_and_arm();
    }
    if (input_show_due()) { /* the port has taken some since */
        input_show();
        send_and_arm();
    }
    unlock_and_tell(lines);
}

void
console_type(const char *s, size_t n)
{
    spin_lock(&lock);
    uint32_t lines = input_lines();
    enum input_source source = console_echo || screen ? INPUT_TERMINAL : INPUT_PIPE;
    for (size_t i = 0; i < n && input_has_room(source); i++) {
        bool key = input_byte(source, (uint8_t)s[i]);
        interrupted = interrupted || key;
    }
    input_show();
    send_and_arm();
    unlock_and_tell(lines);
}

void
console_enable_keyboard(void)
{
    keyboard = true;
}

/* The ring still has what was written before the screen was found. */
void
console_attach_screen(const struct framebuffer *fb)
{
    if (!screen_init(fb)) {
        return;
    }
    screen = true;
    if (screen_columns() < columns) {
        console_set_columns(screen_columns());
    }
    uint32_t first = out.filled > OUTPUT_SIZE ? out.filled - OUTPUT_SIZE : 0;
    for (uint32_t i = first; i < out.filled; i++) {
        screen_write((const char *)&out.bytes[i % OUTPUT_SIZE], 1, LOCK_LOOKS);
    }
    screen_refresh();
}

void
console_detach_serial(void)
{
    console_flush();
    serial = false;
}

void
console_set_raw(bool raw)
{
    uint64_t flags = irq_save();
    spin_lock(&lock);
    input_set_raw(raw);
    spin_unlock(&lock);
    irq_restore(flags);
}

long
console_try_readline(char *buf, size_t n)
{
    if (!serial && !keyboard) {
        return screen ? CONSOLE_NOTHING : CONSOLE_EOF; /* somebody watches who cannot type */
    }
    uint64_t flags = irq_save();
    spin_lock(&lock);
    long got = n > 0 ? input_take(buf, n) : 0;
    if (held_back && got != CONSOLE_NOTHING) { /* the end of input makes room, too */
        receive(); /* a ^C in it echoes: the port's interrupt for that tells of it */
        send_and_arm();
    }
    spin_unlock(&lock);
    irq_restore(flags);
    return got;
}
