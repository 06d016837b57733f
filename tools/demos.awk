# SPDX-License-Identifier: MIT
# demos.awk -- the table of demos, from the first comment line of each of their files.

BEGIN {
    print "#include \"tour.h\"\n"
}

FNR == 1 {
    file = FILENAME
    sub(/.*\//, "", file)
    name[n++] = file
    sub(/\.c$/, "", name[n - 1])
}

about[n - 1] == "" && (at = index($0, file " -- ")) {
    text = substr($0, at + length(file) + 4)
    sub(/ *\*\/.*/, "", text)
    sub(/\.? *$/, "", text)
    gsub(/["\\]/, "\\\\&", text)
    about[n - 1] = text
}

END {
    for (i = 0; i < n; i++) {
        printf "int demo_%s_main(int argc, char **argv);\n", name[i]
    }
    print "\nconst struct demo demos[] = {"
    for (i = 0; i < n; i++) {
        printf "    { \"%s\", \"%s\", demo_%s_main },\n",
               name[i], about[i], name[i]
    }
    print "};\nconst size_t ndemos = sizeof demos / sizeof demos[0];"
}
