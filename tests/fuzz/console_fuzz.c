/* SPDX-License-Identifier: MIT */
/*
 * console_fuzz.c -- the console: a line discipline fed by an interrupt, and an output ring.
 *
 * Form         a byte: what happens, and how much of it; bytes where some are typed or written.
 *
 * The model has one list of bytes typed and not yet read, and edits its end; what the port has sent
 * must be the beginning of what the model says, and all of it in the end. The console has static
 * state only, so it is drained at the end of each input and goes on with the next.
 */
#include "fuzz.h"
#include "stub/fake_uart.h"

enum {
    RING = 4096,
    ECHO_RING = 16384,
    MANY = 60,
    LARGE = 5000,
    END = 0x100, /* ^D in the model's list */
    WANTED_MAX = 1 << 17,
};

static struct {
    size_t first, whole, len; /* up to `whole` are lines, or parts of them that filled the ring */
    unsigned list[FAKE_UART_MAX];
    unsigned escape;
    size_t wanted, typed, seen; /* typed and seen: how far into fake.input and fake.output */
    uint8_t output[WANTED_MAX];
    unsigned interrupts, interrupts_told;
} model;

static void
want(uint8_t byte)
{
    if (byte == '\n' && console_echo) {
        model.output[model.wanted++] = '\r';
    }
    model.output[model.wanted++] = byte;
}

static void
want_echo(const char *s)
{
    while (console_echo && *s) {
        want((uint8_t)*s++);
    }
}

static void
model_append(unsigned byte, bool ends)
{
    model.list[model.len++] = byte;
    if (ends || model.len - model.first == RING) {
        model.whole = model.len;
    }
}

static bool
model_erase(void)
{
    while (model.len > model.whole) {
        if ((model.list[--model.len] & 0xc0) != 0x80) {
            want_echo("\b \b");
            return true;
        }
    }
    return false;
}

/* True where the byte belongs to a key's sequence: ESC, perhaps [ or O, then up to a letter. */
static bool
model_escape(uint8_t byte)
{
    bool inside = model.escape > 0 || byte == 0x1b;

    if (model.escape == 0) {
        model.escape = byte == 0x1b;
    } else if (model.escape == 1) {
        model.escape = byte == '[' || byte == 'O' ? 2 : 0;
    } else if (byte >= '@') {
        model.escape = 0;
    }
    return inside;
}

static void
model_key(uint8_t byte)
{
    model.interrupts += byte == 0x03 && console_echo;
    if (model_escape(byte)) {
        return;
    }
    if (byte == '\n' || byte == '\r') {
        model_append('\n', true);
        want_echo("\n");
    } else if (byte == 0x04) {
        model_append(END, true);
    } else if (byte == 0x08 || byte == 0x7f) {
        model_erase();
    } else if (byte == 0x15) {
        while (model_erase()) {
        }
    } else if (byte == 0x03) {
        model.len = model.whole;
        want_echo("^C\n");
    } else if (byte >= ' ' || byte == '\t') {
        model_append(byte, false);
        want_echo((const char[]){ (char)byte, 0 });
    }
}

/* The model has seen what the console took. */
static void
catch_up(void)
{
    while (model.typed < fake.taken) {
        model_key(fake.input[model.typed++]);
    }
    DEMAND(model.len - model.first <= RING, "%zu bytes taken without room",
           model.len - model.first);
    DEMAND(model.interrupts == 0 || model.interrupts_told > 0, "^C is lost");
    model.interrupts = model.interrupts_told = 0;
    for (; model.seen < fake.sent; model.seen++) {
        DEMAND(model.seen < model.wanted && fake.output[model.seen] == model.output[model.seen],
               "byte %zu sent is %x", model.seen, fake.output[model.seen]);
    }
}

static void
note_interrupt(void)
{
    model.interrupts_told++;
}

/* A line, or part of it; checked against the model. */
static long
read_line(size_t n)
{
    static char large[LARGE];
    char *buf = n < LARGE ? malloc(n + !n) : large; /* exact where that costs little */
    const unsigned *list = model.list + model.first;
    size_t whole = model.whole - model.first, used = 0, drop;
    bool ended = false;
    long wanted = CONSOLE_NOTHING;

    while (used < n && used < whole && list[used] != END && !ended) {
        ended = list[used++] == '\n';
    }
    /* ^D ends a line that has no newline; where there is no line, the input. */
    drop = used + (n > 0 && !ended && used < whole && list[used] == END);
    if (n == 0 || whole > 0) {
        wanted = n == 0 || used > 0 ? (long)used : CONSOLE_EOF;
    }
    long got = console_try_readline(buf, n);
    DEMAND(got == wanted, "a read of %zu: %ld, not %ld", n, got, wanted);
    for (size_t i = 0; i < used; i++) {
        DEMAND((uint8_t)buf[i] == list[i], "byte %zu of a line: %x", i, (uint8_t)buf[i]);
    }
    model.first += drop;
    if (buf != large) {
        free(buf);
    }
    console_interrupt(); /* what was held back may hold ^C */
    catch_up();
    return got;
}

static void
write_some(const uint8_t *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        want(text[i]);
    }
    console_write((const char *)text, n);
}

static void
step(struct input *in)
{
    unsigned what = (unsigned)take(in, 1);
    size_t n = what / 8 + 1, got;
    const uint8_t *text;
    uint8_t many[31 * MANY];

    switch (what % 8) {
    case 0:
        read_line(n * n - 1);
        break;
    case 1:
        read_line(LARGE);
        break;
    case 2:
        fake_room(what / 8 % 17);
        break;
    case 3:
        text = take_bytes(in, n, &got);
        write_some(text, got);
        break;
    case 4: /* one key, often */
        memset(many, (int)take(in, 1), sizeof many);
        fake_type(many, (n - 1) * MANY);
        break;
    default:
        text = take_bytes(in, n, &got);
        fake_type(text, got);
        break;
    }
    catch_up();
}

/* Whatever came before: all that was typed can be read, all that was written is sent. */
static void
drain(void)
{
    fake_room(16);
    fake_type("\n", 1);
    catch_up();
    while (read_line(LARGE) != CONSOLE_NOTHING) {
        console_interrupt();
    }
    console_interrupt();
    catch_up();
    DEMAND(fake.taken == fake.typed, "%zu bytes typed, %zu taken: input hangs", fake.typed,
           fake.taken);
    console_flush();
    DEMAND(fake.sent == model.wanted, "%zu bytes sent of %zu", fake.sent, model.wanted);
    fake_type("x\x15\x1b[A", 5); /* an escape that was begun ends here */
    fake_type("\n", 1);
    catch_up();
    read_line(LARGE);
}

/* With more on its way than the output ring holds an echo may be left out: ^C's is four bytes. */
static bool
may_overflow(void)
{
    return model.wanted - fake.sent + 4 * (fake.typed - fake.taken) > ECHO_RING / 4
           || model.wanted > WANTED_MAX / 2 || fake.typed > FAKE_UART_MAX / 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };

    console_init();
    console_enable_interrupts();
    model.first = model.len = model.whole = model.wanted = model.typed = 0;
    model.seen = model.escape = model.interrupts = model.interrupts_told = 0;
    console_interrupt_key = note_interrupt;
    console_echo = take(&in, 1) & 1;
    while (in.size > 0 && !may_overflow()) {
        step(&in);
    }
    drain();
    return 0;
}
