/* SPDX-License-Identifier: MIT */
/*
 * menu.c -- asks on the firmware's console which entry of gamp.cfg to boot.
 *
 * Invariants   1 Without a keyboard, or with one that fails, the marked entry boots when the time
 *                is over: the first, until a key has moved the mark. The countdown goes on where
 *                the keyboard that stopped it fails.
 *              2 No watchdog ends a menu that somebody has touched.
 * Context      boot services
 * Rejected     Waiting for events: a console made of several keyboards signals for the one whose
 *              next read has nothing. Looking twenty times a second works everywhere.
 */
#include "loader.h"

enum {
    LOOK_US = 50000,
    LOOKS_A_SECOND = 1000000 / LOOK_US,
    TYPED_AHEAD = 100,
    TOP = 3, /* rows above the entries */
    NORMAL = EFI_TEXT_ATTR(EFI_LIGHTGRAY, EFI_BLACK),
    MARKED = EFI_TEXT_ATTR(EFI_BLACK, EFI_LIGHTGRAY),
};

enum answer { NOTHING, MOVED, CHOSEN, LEAVE };

static void
draw_entry(const struct menu *menu, unsigned i, unsigned marked)
{
    ST->ConOut->SetCursorPosition(ST->ConOut, 0, TOP + i);
    ST->ConOut->SetAttribute(ST->ConOut, i == marked ? MARKED : NORMAL);
    Print(L"  %s %d  %s ", i == marked ? L">" : L" ", i + 1, menu->entries[i].title);
    ST->ConOut->SetAttribute(ST->ConOut, NORMAL);
}

static void
draw(const struct menu *menu, unsigned marked)
{
    ST->ConOut->SetAttribute(ST->ConOut, NORMAL);
    ST->ConOut->ClearScreen(ST->ConOut);
    ST->ConOut->EnableCursor(ST->ConOut, FALSE);
    Print(L"\n  gamp: goroutines on the bare machine\n");
    for (unsigned i = 0; i < menu->nentries; i++) {
        draw_entry(menu, i, marked);
    }
    ST->ConOut->SetCursorPosition(ST->ConOut, 0, TOP + menu->nentries + 1);
    Print(L"  Arrows and Enter, or a digit. Esc: back to the firmware.");
}

/* seconds < 0: somebody has touched a key. Blanks erase the digit before, on any console. */
static void
draw_countdown(const struct menu *menu, int seconds)
{
    ST->ConOut->SetCursorPosition(ST->ConOut, 0, TOP + menu->nentries + 2);
    if (seconds < 0) {
        Print(L"  It waits for you.                              ");
    } else {
        Print(L"  1 starts in %d s; any key stops that.  ", seconds);
    }
}

static enum answer
obey(const struct menu *menu, const EFI_INPUT_KEY *key, unsigned *marked)
{
    unsigned digit = key->UnicodeChar - '1', last = menu->nentries - 1;

    switch (key->ScanCode) {
    case SCAN_UP:
        *marked = *marked > 0 ? *marked - 1 : last;
        return MOVED;
    case SCAN_DOWN:
        *marked = *marked < last ? *marked + 1 : 0;
        return MOVED;
    case SCAN_HOME:
        *marked = 0;
        return MOVED;
    case SCAN_END:
        *marked = last;
        return MOVED;
    case SCAN_ESC:
        return LEAVE;
    }
    if (digit < 9 && digit <= last) {
        *marked = digit;
        return CHOSEN;
    }
    return key->UnicodeChar == '\r' || key->UnicodeChar == '\n' ? CHOSEN : NOTHING;
}

/* A key, if one is there; false, too, where the keyboard fails, and *failed says so. */
static bool
read_key(EFI_INPUT_KEY *key, bool *failed)
{
    EFI_STATUS status = ST->ConIn ? ST->ConIn->ReadKeyStroke(ST->ConIn, key) : EFI_UNSUPPORTED;

    *failed = EFI_ERROR(status) && status != EFI_NOT_READY;
    return !EFI_ERROR(status);
}

static enum answer
ask(const struct menu *menu, unsigned *marked)
{
    int left = (int)menu->seconds * LOOKS_A_SECOND;
    bool counting = true, failed;
    EFI_INPUT_KEY key;

    for (; left > 0; left -= counting) {
        if (counting && left % LOOKS_A_SECOND == 0) {
            draw_countdown(menu, left / LOOKS_A_SECOND);
        }
        if (read_key(&key, &failed)) {
            unsigned before = *marked;
            enum answer answer = obey(menu, &key, marked);

            counting = false;
            BS->SetWatchdogTimer(0, 0, 0, NULL);
            draw_entry(menu, before, *marked);
            draw_entry(menu, *marked, *marked);
            draw_countdown(menu, -1);
            if (answer >= CHOSEN) {
                return answer;
            }
            continue;
        }
        counting |= failed;
        BS->Stall(LOOK_US);
    }
    return CHOSEN;
}

int
menu_choose(const struct menu *menu)
{
    EFI_INPUT_KEY key;
    bool failed;
    unsigned marked = 0;

    for (int i = 0; i < TYPED_AHEAD && read_key(&key, &failed); i++) {
        /* it was meant for a menu of the firmware's */
    }
    draw(menu, marked);
    enum answer answer = ask(menu, &marked);
    ST->ConOut->SetCursorPosition(ST->ConOut, 0, TOP + menu->nentries + 4);
    ST->ConOut->EnableCursor(ST->ConOut, TRUE);
    return answer == LEAVE ? -1 : (int)marked;
}
