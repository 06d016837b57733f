/* SPDX-License-Identifier: MIT */
/*
 * console.c -- the operator's terminal: an output ring and an input line discipline.
 *
 * Output goes into a ring; each writer sends as much of it as the port takes at once, and the
 * port's interrupt sends the rest. Input is edited in place in a second ring:
 *
 *     head           commit         edit
 *      | whole lines   | line typed  |        (each index counts for ever, modulo INPUT_SIZE)
 *
 * Invariants   1. Output: sent <= filled <= sent + OUTPUT_SIZE.
 *              2. Input: head <= commit <= edit <= head + INPUT_SIZE.
 *              3. The transmit interrupt is enabled exactly while the output ring is not empty.
 * Locks        `lock`, with interrupts off; everything here and in drivers/uart.c is under it.
 * Context      any but NMI and #MC; those use console_write_sync.
 * Rejected     dropping output when the ring is full: the last lines before a failure are the ones
 *              that matter, so the writer pays and sends by polling.
 */
#include "console.h"

#include <cpu.h>
#include <x86.h>
#include "spin.h"
#include "uart.h"

enum {
    OUTPUT_SIZE = 16384,
    INPUT_SIZE = 4096,
    STALL_LOOKS = 2000000, /* about 100 ms under emulation, 2 s on hardware: nobody listens */
    LOCK_LOOKS = 5000000,
    NMI_LOOKS = 2000,
    INTERRUPT_CAUSES = 64, /* bounds a port that never stops asking */
};

enum {
    CTRL_C = 0x03,
    CTRL_D = 0x04, /* in the input ring: the end of input, or of a line without a newline */
    BACKSPACE = 0x08,
    BELL = 0x07,
    CTRL_U = 0x15,
    ESCAPE = 0x1b,
    DELETE = 0x7f,
};

bool console_echo;
void (*console_input_ready)(void);
void (*console_interrupt_key)(void);

static struct spin lock;
static bool present;
static bool by_interrupt;
static bool stalled; /* the port has stopped taking bytes: do not wait for it again */

static struct {
    uint32_t sent, filled;
    uint8_t bytes[OUTPUT_SIZE];
} out;

static struct {
    uint32_t head, commit, edit;
    bool held_back; /* full: the port is left alone, and its FIFO holds the sender back */
    uint8_t escape; /* how far into a terminal's key sequence: 0, ESC seen, ESC [ seen */
    uint8_t bytes[INPUT_SIZE];
} in;

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
}

static void
put_text(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n' && console_echo) { /* a terminal: a pipe gets the bytes as they are */
            put_byte('\r');
        }
        put_byte((uint8_t)s[i]);
    }
}

static void
send_and_arm(void)
{
    while (output_pending() && send_some()) {
    }
    if (by_interrupt) {
        uart_interrupts((in.held_back ? 0 : UART_INT_RX) | (output_pending() ? UART_INT_TX : 0));
    }
}

void
console_init(void)
{
    present = uart_init();
}

void
console_enable_interrupts(void)
{
    if (!present) {
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
    if (!present) {
        return;
    }
    uint64_t flags = irq_save();
    if (!this_cpu()->in_nmi) {
        spin_lock(&lock);
    } else if (!lock_or_give_up(NMI_LOOKS)) {
        return; /* interrupted with the lock in its hand: this text is lost, the machine is not */
    }
    put_text(s, n);
    send_and_arm();
    spin_unlock(&lock);
    irq_restore(flags);
}

void
console_write_sync(const char *s, size_t n)
{
    if (!present) {
        return;
    }
    uint64_t flags = irq_save();
    lock_or_give_up(LOCK_LOOKS);
    put_text(s, n);
    send_by_polling(OUTPUT_SIZE);
    spin_unlock(&lock); /* broken or not: the next message need not wait again */
    irq_restore(flags);
}

void
console_flush(void)
{
    if (!present) {
        return;
    }
    uint64_t flags = irq_save();
    lock_or_give_up(LOCK_LOOKS);
    send_by_polling(OUTPUT_SIZE);
    for (int i = 0; i < STALL_LOOKS && !stalled && !uart_tx_idle(); i++) {
        cpu_relax();
    }
    spin_unlock(&lock);
    irq_restore(flags);
}

static void
echo(const char *s, size_t n)
{
    if (console_echo && out.filled - out.sent + 2 * n < OUTPUT_SIZE) {
        put_text(s, n);
    }
}

static uint8_t *
input_at(uint32_t index)
{
    return &in.bytes[index % INPUT_SIZE];
}

/* A character may be several bytes of UTF-8; all but its first look like 10xxxxxx. */
static void
erase_character(void)
{
    while (in.edit != in.commit) {
        uint8_t byte = *input_at(--in.edit);
        if ((byte & 0xc0) != 0x80) {
            echo("\b \b", 3);
            return;
        }
    }
}

/* True when the byte belongs to a key sequence (cursor keys and the like), which is ignored. */
static bool
in_escape(uint8_t byte)
{
    if (in.escape == 0) {
        in.escape = byte == ESCAPE;
        return byte == ESCAPE;
    }
    if (in.escape == 1) {
        in.escape = byte == '[' || byte == 'O' ? 2 : 0;
        return true;
    }
    if (byte >= 0x40) {
        in.escape = 0;
    }
    return true;
}

static void
append(uint8_t byte)
{
    *input_at(in.edit++) = byte;
    if (in.edit - in.head == INPUT_SIZE) {
        in.commit = in.edit; /* a line longer than the ring is handed over in pieces */
    }
}

static void
end_line(uint8_t byte)
{
    append(byte);
    in.commit = in.edit;
    if (byte == '\n') {
        echo("\n", 1);
    }
}

static void
edit_byte(uint8_t byte)
{
    if (in_escape(byte)) {
        return;
    }
    switch (byte) {
    case '\r':
    case '\n':
        end_line('\n');
        break;
    case CTRL_D:
        end_line(CTRL_D);
        break;
    case BACKSPACE:
    case DELETE:
        erase_character();
        break;
    case CTRL_U:
        while (in.edit != in.commit) {
            erase_character();
        }
        break;
    case CTRL_C:
        in.edit = in.commit;
        echo("^C\n", 3);
        break;
    default:
        if (byte >= ' ' || byte == '\t') {
            append(byte);
            echo((const char *)&byte, 1);
        }
        break;
    }
}

/* Takes what has arrived while there is room; true when ^C was among it. */
static bool
receive(void)
{
    bool interrupted = false;
    while (in.edit - in.head < INPUT_SIZE) {
        int byte = uart_get();
        if (byte < 0) {
            in.held_back = false;
            return interrupted;
        }
        interrupted |= byte == CTRL_C;
        edit_byte((uint8_t)byte);
    }
    in.held_back = true;
    return interrupted;
}

void
console_interrupt(void)
{
    if (!present) {
        return;
    }
    spin_lock(&lock);
    uint32_t lines = in.commit;
    bool interrupted = false;
    for (int i = 0; i < INTERRUPT_CAUSES && uart_interrupt_pending(); i++) {
        interrupted |= receive();
        send_and_arm();
    }
    bool ready = in.commit != lines;
    spin_unlock(&lock);
    if (interrupted && console_interrupt_key != NULL) {
        console_interrupt_key();
    }
    if (ready && console_input_ready != NULL) {
        console_input_ready();
    }
}

static long
take_line(char *buf, size_t n)
{
    if (in.head == in.commit) {
        return CONSOLE_NOTHING;
    }
    size_t used = 0;
    while (used < n && in.head != in.commit && *input_at(in.head) != CTRL_D) {
        buf[used++] = (char)*input_at(in.head++);
        if (buf[used - 1] == '\n') {
            return (long)used;
        }
    }
    /* ^D ends a line, also one that has just filled buf; where there is none, the input. */
    if (in.head != in.commit && *input_at(in.head) == CTRL_D) {
        in.head++;
    }
    return used > 0 ? (long)used : CONSOLE_EOF;
}

long
console_try_readline(char *buf, size_t n)
{
    if (!present) {
        return CONSOLE_EOF;
    }
    bool interrupted = false;
    uint64_t flags = irq_save();
    spin_lock(&lock);
    long got = n > 0 ? take_line(buf, n) : 0;
    if (in.held_back && got != CONSOLE_NOTHING) { /* the end of input makes room, too */
        interrupted = receive();
        send_and_arm();
    }
    spin_unlock(&lock);
    irq_restore(flags);
    if (interrupted && console_interrupt_key != NULL) {
        console_interrupt_key();
    }
    return got;
}
