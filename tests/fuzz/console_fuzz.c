/* SPDX-License-Identifier: MIT */
/*
 * console_fuzz.c -- the console: a line discipline fed by an interrupt, and an output ring.
 *
 * Form         a byte: whether a terminal is there; then a byte: what happens, and how much of it;
 *              bytes where some are typed or written.
 *
 * The model has one list of bytes typed and not yet read. Of a pipe, it edits the end of that; what
 * the port has sent must be the beginning of what the model says, and all of it in the end. At a
 * terminal there is an editor beside it, and the terminal must show that one's line whenever
 * all has been sent (edit_model.h). The console has static state only, so it is drained at the end
 * of each input and goes on with the next.
 */
#include "fuzz.h"
#include "stub/fake_uart.h"

#include "edit_model.h"

enum {
    RING = 4096,
    ECHO_RING = 16384,
    COLUMNS = 80,
    ECHO_MAX = 400, /* of a line, in bytes */
    MANY = 60,
    OFTEN = 32,
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
    unsigned origin; /* the column where the line begins */
    size_t echoes;   /* on their way, at most */
    bool unsure;     /* a newline may have been one too many for the ring, and left out */
} model;

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
model_piped(uint8_t byte)
{
    if (model_escape(byte)) {
        return;
    }
    if (byte == '\n' || byte == '\r') {
        model_append('\n', true);
    } else if (byte == 0x04) {
        model_append(END, true);
    } else if (byte == 0x08 || byte == 0x7f) {
        model_erase();
    } else if (byte == 0x15) {
        while (model_erase()) {
        }
    } else if (byte == 0x03) {
        model.len = model.whole;
    } else if (byte >= ' ' || byte == '\t') {
        model_append(byte, false);
    }
}

static void
model_typed(uint8_t byte)
{
    char text[LINETEXT_SIZE];
    bool enter = byte == '\n' || byte == '\r';
    size_t n = enter ? edit_bytes(&edit.line, text) : 0;
    enum lineedit_event event = edit_key(byte);

    model.interrupts += event == LINEEDIT_BREAK;
    if (event == LINEEDIT_LINE) {
        for (size_t i = 0; i < n; i++) {
            model_append((uint8_t)text[i], false);
        }
        model_append('\n', true);
    } else if (event == LINEEDIT_END) {
        model_append(END, true);
    }
    if (event == LINEEDIT_LINE || event == LINEEDIT_BREAK) {
        edit_drop();
        model.origin = 0;
        model.echoes += ECHO_MAX;
        model.unsure |= model.echoes > ECHO_RING / 2;
    }
}

/* The model has seen what the console took. */
static void
catch_up(void)
{
    while (model.typed < fake.taken) {
        uint8_t byte = fake.input[model.typed++];

        if (console_echo) {
            model_typed(byte);
        } else {
            model_piped(byte);
        }
    }
    DEMAND(model.len - model.first <= RING, "%zu bytes taken without room",
           model.len - model.first);
    DEMAND(model.interrupts == 0 || model.interrupts_told > 0, "^C is lost");
    model.interrupts = model.interrupts_told = 0;
    for (; model.seen < fake.sent && !console_echo; model.seen++) {
        DEMAND(model.seen < model.wanted && fake.output[model.seen] == model.output[model.seen],
               "byte %zu sent is %x", model.seen, fake.output[model.seen]);
    }
}

/* At a terminal that takes what it is sent. */
static void
look(void)
{
    size_t before;

    model.echoes += ECHO_MAX;
    if (!console_echo || fake.room == 0) {
        return;
    }
    do {
        before = fake.sent;
        fake_room(fake.room);
    } while (fake.sent != before);
    catch_up();
    glass_write((char *)fake.output + model.seen, fake.sent - model.seen);
    model.seen = fake.sent;
    model.echoes = 0;
    if (!model.unsure) {
        edit_check(model.origin, COLUMNS);
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
write_piped(const uint8_t *text, size_t n)
{
    memcpy(model.output + model.wanted, text, n);
    model.wanted += n;
    console_write((const char *)text, n);
}

/* Letters and blanks, and a prompt in the end: it is known then where the line begins. */
static void
write_terminal(const uint8_t *text, size_t n)
{
    char plain[64];

    for (size_t i = 0; i < n; i++) {
        uint8_t byte = text[i] & 0x7f;

        plain[i] = (char)(byte == 0x7f ? '\b' : byte >= ' ' || byte == '\r' ? byte : '\n');
    }
    memcpy(plain + n, "\n> ", 3);
    for (int i = 0; i < (n == OFTEN ? OFTEN : 1); i++) {
        console_write(plain, n + 3);
        model.echoes += 2 * n + 6;
    }
    model.origin = 2;
    if (edit.line.n > 0) {
        fake_type("\005", 1); /* any key: the line shows again */
    }
}

static void
write_some(const uint8_t *text, size_t n)
{
    if (!console_echo) {
        write_piped(text, n);
        return;
    }
    look(); /* what is on its way before that is of no interest any more */
    model.unsure &= fake.room == 0;
    write_terminal(text, n);
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
    look();
}

/* Whatever came before: all that was typed can be read, all that was written is sent. */
static void
drain(void)
{
    fake_room(16);
    look();
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
    DEMAND(console_echo || fake.sent == model.wanted, "%zu bytes sent of %zu", fake.sent,
           model.wanted);
    fake_type("x\x15\x1b[A", 5); /* an escape that was begun ends here */
    fake_type("\n", 1);
    catch_up();
    read_line(LARGE);
}

/* The lines before and what ^U took are the same at first, whatever the last input was. */
static void
begin_terminal(void)
{
    edit_drop();
    glass_clear(COLUMNS);
    for (int i = 0; i <= LINEEDIT_HISTORY; i++) {
        fake_type((const char[]){ 'a' + i % 26, '\n' }, 2);
        catch_up();
        read_line(LARGE);
    }
    fake_type("k\025", 2);
    catch_up();
    write_some((const uint8_t *)"", 0);
    look();
}

static bool
full(void)
{
    return model.wanted > WANTED_MAX / 2 || fake.typed > FAKE_UART_MAX / 2
           || fake.sent > FAKE_UART_MAX / 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };

    console_init();
    console_enable_interrupts();
    model.first = model.len = model.whole = model.wanted = model.typed = 0;
    model.seen = model.escape = model.interrupts = model.interrupts_told = 0;
    model.origin = model.echoes = model.unsure = 0;
    console_interrupt_key = note_interrupt;
    console_echo = take(&in, 1) & 1;
    if (console_echo) {
        begin_terminal();
    }
    while (in.size > 0 && !full()) {
        step(&in);
    }
    drain();
    return 0;
}
