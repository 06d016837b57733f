# SPDX-License-Identifier: MIT
# font.awk -- makes drivers/font.txt a table in C, in the order of drivers/font.h.
#
# Usage: LC_ALL=C awk -f tools/font.awk drivers/font.txt > font_.c      (bytes, not characters)
#
# Box drawing (2500 to 257f) is computed from four digits a character: what goes up, right, down and left:
# 0 nothing, 1 a light line, 2 a heavy one, 3 a double one.

BEGIN {
    for (i = 1; i < 256; i++) {
        byte[sprintf("%c", i)] = i
    }
    lines(9472, "0101 0202 1010 2020 h3 H3 v3 V3 h4 H4 v4 V4 0110 0210 0120 0220 0011 0012 0021 0022 " \
        "1100 1200 2100 2200 1001 1002 2001 2002 1110 1210 2110 1120 2120 2210 1220 2220 " \
        "1011 1012 2011 1021 2021 2012 1022 2022 0111 0112 0211 0212 0121 0122 0221 0222 " \
        "1101 1102 1201 1202 2101 2102 2201 2202 1111 1112 1211 1212 2111 1121 2121 2112 " \
        "2211 1122 1221 2212 1222 2122 2221 2222 h2 H2 v2 V2 0303 3030 0310 0130 " \
        "0330 0013 0031 0033 1300 3100 3300 1003 3001 3003 1310 3130 3330 1013 3031 3033 " \
        "0313 0131 0333 1303 3101 3303 1313 3131 3333 0110 0011 1001 1100 / \\ x " \
        "0001 1000 0100 0010 0002 2000 0200 0020 0201 1020 0102 2010")
    blocks()
    glyph[32] = 1
}

# The code point of a character in UTF-8.
function code(s,    n, i, v) {
    v = byte[substr(s, 1, 1)]
    n = v < 192 ? 0 : v < 224 ? 1 : v < 240 ? 2 : 3
    v = n == 0 ? v : v % (n == 1 ? 32 : n == 2 ? 16 : 8)
    for (i = 0; i < n; i++) {
        v = v * 64 + byte[substr(s, i + 2, 1)] % 64
    }
    return v
}

function paint(c, top, bottom, left, right,    y, x) {
    glyph[c] = 1
    for (y = top; y <= bottom; y++) {
        for (x = left; x <= right; x++) {
            pixel[c, y, x] = 1
        }
    }
}

# A row as drawn: # is two pixels wide.
function art(c, y, text,    x, p) {
    glyph[c] = 1
    for (x = 0; x < length(text); x++) {
        p = substr(text, x + 1, 1)
        if (p == "#") {
            pixel[c, y, x] = pixel[c, y, x + 1] = 1
        } else if (p == "o") {
            pixel[c, y, x] = 1
        }
    }
}

# ---- lines ----

function lines(first, list,    n, i, kind) {
    n = split(list, kind, " ")
    if (n != 128) {
        print "font.awk: " n " lines, not 128" > "/dev/stderr"
        exit 1
    }
    for (i = 1; i <= n; i++) {
        if (kind[i] ~ /^[0-3]/) {
            arms(first + i - 1, kind[i])
        } else if (kind[i] ~ /^[hv]/) {
            dashes(first + i - 1, kind[i])
        } else if (kind[i] ~ /^[HV]/) {
            dashes(first + i - 1, kind[i])
        } else {
            diagonals(first + i - 1, kind[i])
        }
    }
}

function arms(c, kind,    u, r, d, l) {
    u = substr(kind, 1, 1); r = substr(kind, 2, 1); d = substr(kind, 3, 1); l = substr(kind, 4, 1)
    glyph[c] = 1
    # A double line ends at the near line of one that it meets, and goes on to the far one of a corner.
    if (u == 1) { paint(c, 0, 7, 3, 4) }
    if (u == 2) { paint(c, 0, 8, 2, 5) }
    if (u == 3) {
        paint(c, 0, l == 3 ? 6 : r == 3 ? 8 : 7, 2, 2)
        paint(c, 0, r == 3 ? 6 : l == 3 ? 8 : 7, 5, 5)
    }
    if (d == 1) { paint(c, 7, 15, 3, 4) }
    if (d == 2) { paint(c, 6, 15, 2, 5) }
    if (d == 3) {
        paint(c, l == 3 ? 8 : r == 3 ? 6 : 7, 15, 2, 2)
        paint(c, r == 3 ? 8 : l == 3 ? 6 : 7, 15, 5, 5)
    }
    if (r == 1) { paint(c, 7, 7, u == 3 || d == 3 ? 5 : 3, 7) }
    if (r == 2) { paint(c, 6, 8, 3, 7) }
    if (r == 3) {
        paint(c, 6, 6, u == 3 ? 5 : d == 3 ? 2 : 3, 7)
        paint(c, 8, 8, d == 3 ? 5 : u == 3 ? 2 : 3, 7)
    }
    if (l == 1) { paint(c, 7, 7, 0, u == 3 || d == 3 ? 2 : 4) }
    if (l == 2) { paint(c, 6, 8, 0, 4) }
    if (l == 3) {
        paint(c, 6, 6, 0, u == 3 ? 2 : d == 3 ? 5 : 4)
        paint(c, 8, 8, 0, d == 3 ? 2 : u == 3 ? 5 : 4)
    }
}

function dashes(c, kind,    n, step, heavy, i) {
    n = substr(kind, 2)
    heavy = kind ~ /^[HV]/
    for (i = 0; i < n; i++) {
        if (kind ~ /^[hH]/) {
            step = int(8 / n)
            paint(c, heavy ? 6 : 7, heavy ? 8 : 7, i * step, i * step + step - 2)
        } else {
            step = int(16 / n)
            paint(c, i * step, i * step + step - 2, heavy ? 2 : 3, heavy ? 5 : 4)
        }
    }
}

function diagonals(c, kind,    y) {
    for (y = 0; y < 16; y++) {
        if (kind != "\\") { paint(c, y, y, 7 - int(y / 2), 7 - int(y / 2)) }
        if (kind != "/") { paint(c, y, y, int(y / 2), int(y / 2)) }
    }
}

# ---- blocks ----

function blocks(    i, y, x, q, set) {
    paint(9600, 0, 7, 0, 7)
    for (i = 1; i <= 8; i++) {
        paint(9600 + i, 16 - 2 * i, 15, 0, 7)
    }
    for (i = 7; i >= 1; i--) {
        paint(9616 - i, 0, 15, 0, i - 1)
    }
    paint(9616, 0, 15, 4, 7)
    for (y = 0; y < 16; y++) {
        for (x = 0; x < 8; x++) {
            if ((x + 2 * (y % 2)) % 4 == 0) { paint(9617, y, y, x, x) }
            if ((x + y) % 2 == 0) { paint(9618, y, y, x, x) }
            if ((x + 2 * (y % 2)) % 4 != 0) { paint(9619, y, y, x, x) }
        }
    }
    paint(9620, 0, 1, 0, 7)
    paint(9621, 0, 15, 7, 7)
    # quadrants: upper left, upper right, lower left, lower right
    split("0010 0001 1000 1011 1001 1110 1101 0100 0110 0111", set, " ")
    for (i = 1; i <= 10; i++) {
        for (q = 0; q < 4; q++) {
            if (substr(set[i], q + 1, 1) == 1) {
                paint(9621 + i, q < 2 ? 0 : 8, q < 2 ? 7 : 15, q % 2 * 4, q % 2 * 4 + 3)
            }
        }
    }
}

# ---- what is drawn ----

/^#/ || /^$/ { next }

/^= / {
    for (i = 2; i <= NF; i++) {
        band[i - 1] = code($i)
    }
    row = 3
    next
}

/^\+ / {
    for (i = 4; i <= NF; i++) {
        n = byte[substr($i, 1, 1)] < 224 ? 2 : 3
        c = code($i)
        from = code(substr($i, n + 1))
        for (y = 0; y < 16; y++) {
            for (x = 0; x < 8; x++) {
                if ((from, y, x) in pixel) { pixel[c, y, x] = 1 }
            }
        }
        capital = from >= 65 && from <= 90
        top = c == 199 || c == 231 ? 12 : capital ? 0 : 2
        art(c, top, $2)
        art(c, top + 1, $3)
    }
    next
}

{
    for (i = 1; i <= NF; i++) {
        art(band[i], row, $i)
    }
    row++
}

END {
    print "/* made by tools/font.awk */"
    print "#include \"font.h\""
    print "const struct glyph font_glyphs[] = {"
    for (c = 32; c < 65536; c++) {
        if (!(c in glyph)) {
            continue
        }
        count++
        printf "    { 0x%04x, { ", c
        for (y = 0; y < 16; y++) {
            v = 0
            for (x = 0; x < 8; x++) {
                v = v * 2 + ((c, y, x) in pixel)
            }
            printf "%d, ", v
        }
        print "} },"
    }
    print "};"
    printf "const unsigned font_count = %d;\n", count
}
