# SPDX-License-Identifier: MIT
# symbols.awk -- the image's symbol table, from `nm -n`, as assembly.
#
# The format kernel/symbols.c reads: pairs of 32-bit offsets (from KERNEL_BASE; into the names),
# sorted by address. An address with several names keeps the first that nm gives. Addresses stay
# text: no awk but GNU's has 64-bit numbers. Without input: an empty table, for the first link.

BEGIN {
    print "    .section .symbols, \"a\""
    print "    .balign 8"
    print "    .globl ksyms, nksyms, ksym_names"
    print "ksyms:"
}

$2 ~ /^[TtWw]$/ && $1 ~ /^ffffffff[89a-f]/ && $3 !~ /^(__text_|\.L)/ && $1 != last {
    last = $1
    printf "    .long 0x%s - 0x80000000, .Ln%d - ksym_names\n", substr($1, 9), n
    sub(/\.lto_priv\.[0-9]+/, "", $3)
    name[n++] = $3
}

END {
    print "nksyms:"
    printf "    .long %d\n", n
    print "ksym_names:"
    for (i = 0; i < n; i++) {
        printf ".Ln%d: .asciz \"%s\"\n", i, name[i]
    }
    print "    .byte 0"
    print "    .section .note.GNU-stack, \"\", @progbits"
}
