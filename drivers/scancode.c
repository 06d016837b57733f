/* SPDX-License-Identifier: MIT */
/*
 * scancode.c -- what keys mean: scan codes of set 1 in, what a terminal would send out. US layout.
 *
 * The keypad moves the cursor; there is no Num Lock. Alt alone changes nothing.
 */
#include "scancode.h"

enum {
    RELEASED = 0x80,
    PREFIX = 0xe0,
    PAUSE = 0xe1, /* and two bytes more, twice */
    CTRL = 0x1d,
    LEFT_SHIFT = 0x2a,
    KEYPAD_SLASH = 0x35,
    RIGHT_SHIFT = 0x36,
    ALT = 0x38,
    CAPS = 0x3a,
    HOME = 0x47,
    LEFT = 0x4b,
    RIGHT = 0x4d,
    DEL = 0x53,
};

/* By code; 0: no character. */
static const char plain[] = "\0\x1b"
                            "1234567890-=\x7f\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./"
                            "\0*\0 ";
static const char shifted[] = "\0\x1b"
                              "!@#$%^&*()_+\x7f\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM"
                              "<>?\0*\0 ";
_Static_assert(sizeof(plain) == sizeof(shifted), "one table for each state of Shift");

/* From HOME to DEL. */
static const char *const cursor[] = {
    "\x1b[H", "\x1b[A", "\x1b[5~", "-",       "\x1b[D",  "",        "\x1b[C",
    "+",      "\x1b[F", "\x1b[B",  "\x1b[6~", "\x1b[2~", "\x1b[3~",
};

static bool
is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* True when the key is one that changes others. */
static bool
modifier(struct scancodes *k, uint8_t code, bool pressed)
{
    switch (code) {
    case CTRL:
        *(k->extended ? &k->right_ctrl : &k->left_ctrl) = pressed;
        return true;
    case ALT:
        *(k->extended ? &k->right_alt : &k->left_alt) = pressed;
        return true;
    case LEFT_SHIFT: /* with e0 in front: not the key, but what old keyboards put around others */
        k->left_shift = k->extended ? k->left_shift : pressed;
        return true;
    case RIGHT_SHIFT:
        k->right_shift = k->extended ? k->right_shift : pressed;
        return true;
    case CAPS:
        k->caps ^= pressed;
        return true;
    default:
        return false;
    }
}

static size_t
character(const struct scancodes *k, uint8_t code, char *text)
{
    char c = code < sizeof(plain) - 1 ? plain[code] : 0;
    bool shift = k->left_shift || k->right_shift;
    if (shift != (k->caps && is_letter(c)) && c != 0) {
        c = shifted[code];
    }
    if ((k->left_ctrl || k->right_ctrl) && (c & 0x40) != 0 && c != 0x7f) {
        c &= 0x1f;
    }
    text[0] = c;
    return c != 0;
}

static size_t
press(const struct scancodes *k, uint8_t code, char *text, bool *reboot)
{
    if (code == DEL && (k->left_ctrl || k->right_ctrl) && (k->left_alt || k->right_alt)) {
        *reboot = true;
        return 0;
    }
    if ((code == LEFT || code == RIGHT) && (k->left_ctrl || k->right_ctrl)) {
        __builtin_memcpy(text, code == LEFT ? "\x1b[1;5D" : "\x1b[1;5C", 6);
        return 6;
    }
    if (code >= HOME && code <= DEL) {
        size_t n = __builtin_strlen(cursor[code - HOME]);
        __builtin_memcpy(text, cursor[code - HOME], n);
        return n;
    }
    if (k->extended && code != 0x1c && code != KEYPAD_SLASH) {
        return 0; /* of these, only Enter and the slash are characters */
    }
    return character(k, code, text);
}

size_t
scancode_decode(struct scancodes *k, uint8_t byte, char *text, bool *reboot)
{
    size_t n = 0;
    *reboot = false;
    if (k->skip > 0) {
        k->skip--;
        return 0;
    }
    if (byte == PREFIX) {
        k->extended = true;
        return 0;
    }
    uint8_t code = byte & (RELEASED - 1);
    if (byte == PAUSE) {
        k->skip = 2;
    } else if (!modifier(k, code, byte < RELEASED) && byte < RELEASED) {
        n = press(k, code, text, reboot);
    }
    k->extended = false;
    return n;
}
