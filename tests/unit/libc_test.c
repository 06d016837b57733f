/* SPDX-License-Identifier: MIT */
/* libc_test.c -- kernel/libc's strings, character classes and console calls against the host's. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>

#include "libc_host.h"

OURS(memcpy); OURS(memmove); OURS(memset); OURS(memcmp); OURS(memchr); OURS(memrchr);
OURS(memmem); OURS(strlen); OURS(strnlen); OURS(strcpy); OURS(strncpy); OURS(strcat);
OURS(strncat); OURS(strcmp); OURS(strncmp); OURS(strcasecmp); OURS(strspn); OURS(strcspn);
OURS(strtok_r); OURS(strsep); OURS(strdup); OURS(strerror);
OURS(puts); OURS(putchar); OURS(printf); OURS(getchar);
/* Macros in some host headers, or not there. */
char *gamp_strstr(const char *, const char *), *gamp_strchr(const char *, int);
char *gamp_strrchr(const char *, int), *gamp_strpbrk(const char *, const char *);
size_t gamp_strlcpy(char *, const char *, size_t), gamp_strlcat(char *, const char *, size_t);
struct gamp_file;
extern struct gamp_file *const gamp_stdin, *const gamp_stdout;
char *gamp_fgets(char *, int, struct gamp_file *);
int gamp_ungetc(int, struct gamp_file *), gamp_feof(struct gamp_file *);
int gamp_fputs(const char *, struct gamp_file *);
size_t gamp_fwrite(const void *, size_t, size_t, struct gamp_file *);

static int
sign(int n)
{
    return (n > 0) - (n < 0);
}

/* Few letters, so that random strings share parts. */
static void
random_string(char *s, unsigned max)
{
    unsigned n = random_below(max);

    for (unsigned i = 0; i < n; i++) {
        s[i] = "aAbB\xe4."[random_below(6)];
    }
    s[n] = '\0';
}

/* ---- memory and strings ---- */

TEST(memory_copies_every_size_and_overlap)
{
    static unsigned char a[1400], b[1400];

    for (int i = 0; i < 60000; i++) {
        size_t n = random_below(i % 8 == 0 ? 700 : 70), from = random_below(600);
        size_t to = i % 3 == 0 ? random_below(600) : from + random_below(40);
        unsigned kind = random_below(3);
        for (size_t k = 0; i % 50 == 0 && k < sizeof a; k++) {
            a[k] = b[k] = (unsigned char)random_u64();
        }
        if (kind == 0) {
            memset(a + to, i, n);
            CHECK_EQ(gamp_memset(b + to, i, n), b + to);
        } else if (kind == 1 && (to + n <= from || from + n <= to)) {
            memcpy(a + to, a + from, n);
            CHECK_EQ(gamp_memcpy(b + to, b + from, n), b + to);
        } else {
            memmove(a + to, a + from, n);
            CHECK_EQ(gamp_memmove(b + to, b + from, n), b + to);
        }
        if (!CHECK(memcmp(a, b, sizeof a) == 0)) {
            printf("# kind %u, %zu bytes from %zu to %zu\n", kind, n, from, to);
            return;
        }
        CHECK_EQ(sign(gamp_memcmp(a + from, a + to, n)), sign(memcmp(a + from, a + to, n)));
        CHECK_EQ(gamp_memchr(a + from, i & 255, n), memchr(a + from, i & 255, n));
        CHECK_EQ(gamp_memrchr(a + from, i & 255, n), memrchr(a + from, i & 255, n));
    }
}

TEST(memcmp_finds_every_difference)
{
    unsigned char a[64] = {0}, b[64] = {0};

    for (size_t n = 1; n <= sizeof a; n++) {
        for (size_t i = 0; i < n; i++) {
            a[i] = 0x80;
            CHECK(gamp_memcmp(a, b, n) > 0);
            CHECK(gamp_memcmp(b, a, n) < 0);
            a[i] = 0;
        }
        CHECK_EQ(gamp_memcmp(a, b, n), 0);
    }
}

TEST(string_searches_agree_with_the_host)
{
    char s[80], t[80];

    for (int i = 0; i < 100000; i++) {
        random_string(s, 60);
        random_string(t, i % 2 ? 5 : 60);
        size_t n = random_below(60);
        int c = "aAbB\xe4.x"[random_below(8)];
        CHECK_EQ(gamp_strlen(s), strlen(s));
        CHECK_EQ(gamp_strnlen(s, n), strnlen(s, n));
        CHECK_EQ(sign(gamp_strcmp(s, t)), sign(strcmp(s, t)));
        CHECK_EQ(sign(gamp_strncmp(s, t, n)), sign(strncmp(s, t, n)));
        CHECK_EQ(sign(gamp_strcasecmp(s, t)), sign(strcasecmp(s, t)));
        CHECK_EQ(gamp_strchr(s, c), strchr(s, c));
        CHECK_EQ(gamp_strrchr(s, c), strrchr(s, c));
        CHECK_EQ(gamp_strstr(s, t), strstr(s, t));
        CHECK_EQ(gamp_strpbrk(s, t), strpbrk(s, t));
        CHECK_EQ(gamp_strspn(s, t), strspn(s, t));
        CHECK_EQ(gamp_strcspn(s, t), strcspn(s, t));
    }
}

TEST(memmem_finds_long_needles)
{
    static char hay[3000];

    for (int i = 0; i < 2000; i++) {
        size_t len = 1000 + random_below(2000), n = random_below(600);
        for (size_t k = 0; k < len; k++) {
            hay[k] = (char)random_below(2);
        }
        char needle[600];
        memcpy(needle, hay + random_below((unsigned)(len - n)), n);
        CHECK_EQ(gamp_memmem(hay, len, needle, n), memmem(hay, len, needle, n));
        if (n > 0) {
            needle[random_below((unsigned)n)] ^= 2;
            CHECK_EQ(gamp_memmem(hay, len, needle, n), NULL);
        }
    }
}

TEST(string_copies_agree_with_the_host)
{
    char s[80], a[200], b[200], *save, *rest = s;

    for (int i = 0; i < 20000; i++) {
        size_t n = random_below(80);
        random_string(s, 60);
        memset(a, '#', sizeof a);
        memset(b, '#', sizeof b);
        strncpy(a, s, n);
        gamp_strncpy(b, s, n);
        CHECK(memcmp(a, b, sizeof a) == 0);
        strcat(strcpy(a, s), "tail");
        gamp_strcat(gamp_strcpy(b, s), "tail");
        strncat(a, s, n);
        gamp_strncat(b, s, n);
        CHECK_STREQ(a, b);
    }
    CHECK_EQ(gamp_strlcpy(a, "gopher", 4), 6);
    CHECK_STREQ(a, "gop");
    CHECK_EQ(gamp_strlcat(a, "pher", 6), 7);
    CHECK_STREQ(a, "gopph");
    CHECK_EQ(gamp_strlcat(a, "x", 3), 4);
    strcpy(s, ",,one,,two,three,");
    CHECK_STREQ(gamp_strtok_r(s, ",", &save), "one");
    CHECK_STREQ(gamp_strtok_r(NULL, ",", &save), "two");
    CHECK_STREQ(gamp_strtok_r(NULL, ",", &save), "three");
    CHECK_EQ(gamp_strtok_r(NULL, ",", &save), NULL);
    CHECK_EQ(gamp_strtok_r(NULL, ",", &save), NULL);
    strcpy(s, "a,,b");
    CHECK_STREQ(gamp_strsep(&rest, ","), "a");
    CHECK_STREQ(gamp_strsep(&rest, ","), "");
    CHECK_STREQ(gamp_strsep(&rest, ","), "b");
    CHECK_EQ(gamp_strsep(&rest, ","), NULL);
    char *copy = gamp_strdup("copy");
    CHECK_STREQ(copy, "copy");
    free(copy);
    for (int e = 0; e < 140; e++) {
        CHECK(strcmp(gamp_strerror(e), "Unknown error") == 0 ||
              strcmp(gamp_strerror(e), strerror(e)) == 0);
    }
}

#define CLASSES(F)                                                                           \
    F(isalnum) F(isalpha) F(isascii) F(isblank) F(iscntrl) F(isdigit) F(isgraph) F(islower)  \
    F(isprint) F(ispunct) F(isspace) F(isupper) F(isxdigit)
#define DECLARE_CLASS(name) int gamp_##name(int);
#define CHECK_CLASS(name) CHECK_EQ(gamp_##name(c) != 0, name(c) != 0);
CLASSES(DECLARE_CLASS)
int gamp_tolower(int), gamp_toupper(int);

TEST(ctype_classes_agree_with_the_host)
{
    for (int c = -1; c < 256; c++) {
        CLASSES(CHECK_CLASS)
        CHECK_EQ(gamp_tolower(c), tolower(c));
        CHECK_EQ(gamp_toupper(c), toupper(c));
    }
}

/* ---- the console ---- */

TEST(stdio_prints_what_it_is_given)
{
    static char long_text[2000];

    console.len = console.writes = 0;
    CHECK_EQ(gamp_printf("%d %s\n", 42, "is"), 6);
    CHECK_EQ(console.writes, 1);
    CHECK(gamp_puts("a line") >= 0);
    CHECK_EQ(gamp_putchar(0xe4), 0xe4);
    CHECK(gamp_fputs("text", gamp_stdout) >= 0);
    CHECK_EQ(gamp_fwrite("abcdef", 2, 3, gamp_stdout), 3);
    CHECK_EQ(gamp_fwrite("abcdef", 1, 6, gamp_stdin), 0);
    memset(long_text, 'x', sizeof long_text - 1);
    CHECK_EQ(gamp_printf("<%s>", long_text), 2001);
    CHECK_EQ(console.len, 6 + 1 + 7 + 1 + 4 + 6 + 2001 - 1);
    CHECK(memcmp(console.text, "42 is\na line\n\xe4textabcdef<xxx", 28) == 0);
    CHECK_EQ(console.text[console.len - 1], '>');
}

static void *
print_lines(void *arg)
{
    for (int i = 0; i < 100; i++) {
        /* Longer than the library's buffer, so each takes several writes. */
        gamp_printf("%s%*s%s\n", (char *)arg, 700, (char *)arg, (char *)arg);
    }
    return NULL;
}

TEST(printf_calls_never_interleave)
{
    pthread_t threads[4];
    char names[4][2] = {"a", "b", "c", "d"};

    console.len = 0;
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, print_lines, names[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(console.len, 400 * 703);
    for (size_t i = 0; i < console.len; i += 703) {
        const char *line = console.text + i;
        CHECK(line[0] == line[700] && line[0] == line[701] && line[702] == '\n');
    }
}

TEST(stdin_gives_lines_and_characters)
{
    static char input[1500];
    char buf[2000];

    CHECK_EQ(gamp_feof(gamp_stdin), 0);
    console.input = "first\n\nlonger line\nab";
    CHECK_STREQ(gamp_fgets(buf, sizeof buf, gamp_stdin), "first\n");
    CHECK_STREQ(gamp_fgets(buf, sizeof buf, gamp_stdin), "\n");
    CHECK_STREQ(gamp_fgets(buf, 7, gamp_stdin), "longer");
    CHECK_EQ(gamp_getchar(), ' ');
    CHECK_EQ(gamp_ungetc('_', gamp_stdin), '_');
    CHECK_STREQ(gamp_fgets(buf, sizeof buf, gamp_stdin), "_line\n");
    CHECK_EQ(gamp_getchar(), 'a');
    for (size_t n = 505; n < 515; n++) {
        memset(input, 'y', n);
        strcpy(input + n, "\nz\n");
        console.input = input;
        if (n == 505) {
            CHECK_STREQ(gamp_fgets(buf, sizeof buf, gamp_stdin), "b\n");
        }
        CHECK_EQ(strlen(gamp_fgets(buf, sizeof buf, gamp_stdin)), n + 1);
        CHECK_EQ(buf[n], '\n');
        CHECK_STREQ(gamp_fgets(buf, sizeof buf, gamp_stdin), "z\n");
    }
    CHECK_EQ(gamp_fgets(buf, sizeof buf, gamp_stdin), NULL);
    CHECK_EQ(gamp_getchar(), EOF);
    CHECK(gamp_feof(gamp_stdin));
}

static const struct test tests[] = {
    TEST_ENTRY(memory_copies_every_size_and_overlap),
    TEST_ENTRY(memcmp_finds_every_difference),
    TEST_ENTRY(string_searches_agree_with_the_host),
    TEST_ENTRY(memmem_finds_long_needles),
    TEST_ENTRY(string_copies_agree_with_the_host),
    TEST_ENTRY(ctype_classes_agree_with_the_host),
    TEST_ENTRY(stdio_prints_what_it_is_given),
    TEST_ENTRY(printf_calls_never_interleave),
    TEST_ENTRY(stdin_gives_lines_and_characters),
};

int
main(void)
{
    return tap_main(tests, sizeof tests / sizeof tests[0]);
}
