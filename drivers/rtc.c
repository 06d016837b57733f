/* SPDX-License-Identifier: MIT */
/*
 * rtc.c -- the MC146818 clock in CMOS memory.
 *
 * Context      boot core, once: nobody else uses the index port.
 */
#include "rtc.h"

#include <stdbool.h>

#include "x86.h"

/* Motorola MC146818A data sheet */
enum {
    INDEX = 0x70, /* bit 7 would block NMIs */
    DATA = 0x71,
    REG_STATUS_A = 0x0a,
    REG_STATUS_B = 0x0b,
    A_UPDATING = 0x80,
    B_24_HOURS = 0x02,
    B_BINARY = 0x04,
    HOUR_PM = 0x80,
    UPDATE_LOOKS = 20000, /* an update lasts 2 ms, a look about 1 us */
    ATTEMPTS = 8,
};

enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, CENTURY, FIELDS };

static uint8_t
cmos_read(uint8_t reg)
{
    outb(INDEX, reg & 0x7f);
    return inb(DATA);
}

static bool
wait_no_update(void)
{
    for (int i = 0; i < UPDATE_LOOKS; i++) {
        if ((cmos_read(REG_STATUS_A) & A_UPDATING) == 0) {
            return true;
        }
    }
    return false;
}

static void
read_fields(uint8_t *f, uint8_t century_reg)
{
    static const uint8_t regs[] = {0x00, 0x02, 0x04, 0x07, 0x08, 0x09};
    for (int i = 0; i < CENTURY; i++) {
        f[i] = cmos_read(regs[i]);
    }
    f[CENTURY] = century_reg != 0 ? cmos_read(century_reg) : 0;
}

/* Two equal readings outside an update: neither was torn by one. */
static bool
read_stable(uint8_t *f, uint8_t century_reg)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint8_t again[FIELDS];
        if (!wait_no_update()) {
            return false;
        }
        read_fields(f, century_reg);
        read_fields(again, century_reg);
        if (__builtin_memcmp(f, again, FIELDS) == 0) {
            return true;
        }
    }
    return false;
}

static void
decode(uint8_t *f)
{
    uint8_t status = cmos_read(REG_STATUS_B);
    bool pm = (status & B_24_HOURS) == 0 && (f[HOUR] & HOUR_PM) != 0;
    if ((status & B_24_HOURS) == 0) {
        f[HOUR] &= 0x7f;
    }
    if ((status & B_BINARY) == 0) {
        for (int i = 0; i < FIELDS; i++) {
            f[i] = (uint8_t)((f[i] >> 4) * 10 + (f[i] & 0xf));
        }
    }
    if ((status & B_24_HOURS) == 0) {
        f[HOUR] = (uint8_t)(f[HOUR] % 12 + (pm ? 12 : 0));
    }
}

/* Days from 1970-01-01 in the Gregorian calendar, with the year taken to begin in March so that
 * the leap day comes last. */
static int64_t
days_from_civil(int64_t year, int month, int day)
{
    if (month <= 2) {
        year--;
        month += 12;
    }
    int64_t leaps = year / 4 - year / 100 + year / 400;
    int64_t days_before_month = (153 * (month - 3) + 2) / 5;
    return 365 * year + leaps + days_before_month + day - 1 - 719468;
}

int64_t
rtc_read_unix(uint8_t century_reg)
{
    uint8_t f[FIELDS];
    if (!read_stable(f, century_reg)) {
        return -1;
    }
    decode(f);
    if (f[SECOND] > 60 || f[MINUTE] > 59 || f[HOUR] > 23 || f[DAY] < 1 || f[DAY] > 31 ||
        f[MONTH] < 1 || f[MONTH] > 12 || f[YEAR] > 99) {
        return -1;
    }
    int64_t century = f[CENTURY] >= 19 && f[CENTURY] <= 29 ? f[CENTURY] : 20;
    int64_t days = days_from_civil(century * 100 + f[YEAR], f[MONTH], f[DAY]);
    return ((days * 24 + f[HOUR]) * 60 + f[MINUTE]) * 60 + f[SECOND];
}
