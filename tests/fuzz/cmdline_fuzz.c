/* SPDX-License-Identifier: MIT */
/*
 * cmdline_fuzz.c -- the kernel command line: no value out of range, and every word comes through.
 *
 * Form         text up to a NUL, parsed as it is; what follows, cut at NULs, are words that are
 *              quoted, handed over behind `--`, and must come back as they were.
 */
#include <cmdline.h>

#include "fuzz.h"

enum { TEXT_MAX = 3000 };

static struct cmdline cl, again;
static unsigned complaints;

static void
complain(const char *word, const char *why)
{
    DEMAND(word && why && *why, "a complaint about nothing");
    complaints += strlen(word) < CMDLINE_MAX;
}

static void
demand_ranges(const struct cmdline *c)
{
    DEMAND(c->gomaxprocs >= 0 && c->gomaxprocs <= 1024, "%d", c->gomaxprocs);
    DEMAND(c->stack >= 4096 && c->stack <= 1ul << 30, "%zu", c->stack);
    DEMAND(c->slice_ns >= 1000 && c->slice_ns <= 1000000000000, "%ld", c->slice_ns);
    DEMAND(c->schedtrace_ms >= 0 && c->schedtrace_ms <= 1000000000, "%ld", c->schedtrace_ms);
    DEMAND(c->columns >= 40 && c->columns <= 1000, "%d", c->columns);
    DEMAND(strnlen(c->demo, sizeof c->demo) < sizeof c->demo, "demo does not end");
    DEMAND(c->argc >= 1 && c->argc < CMDLINE_ARGS && !c->argv[c->argc], "argc %d", c->argc);
    for (int i = 1; i < c->argc; i++) {
        const char *s = c->argv[i];

        DEMAND(s >= c->words && s < c->words + sizeof c->words, "argv[%d] lies elsewhere", i);
        DEMAND(memchr(s, 0, (size_t)(c->words + sizeof c->words - s)), "argv[%d] does not end", i);
        DEMAND(i == 1 || s > c->argv[i - 1] + strlen(c->argv[i - 1]), "argv[%d] overlaps", i);
    }
}

static void
demand_same(const struct cmdline *a, const struct cmdline *b)
{
    DEMAND(a->gomaxprocs == b->gomaxprocs && a->stack == b->stack && a->slice_ns == b->slice_ns
               && a->schedtrace_ms == b->schedtrace_ms && a->trace == b->trace
               && a->quiet == b->quiet && a->tty == b->tty && a->columns == b->columns
               && a->seed == b->seed && strcmp(a->demo, b->demo) == 0,
           "settings differ");
}

/* Written out and read again, the settings are the same. */
static void
demand_round_trip(void)
{
    char text[512];
    int n = snprintf(text, sizeof text,
                     "stack=%zu slice=%ldns schedtrace=%ld seed=0x%lx trace=%d quiet=%d tty=%d "
                     "columns=%d",
                     cl.stack, cl.slice_ns, cl.schedtrace_ms, cl.seed, cl.trace, cl.quiet, cl.tty,
                     cl.columns);

    if (cl.gomaxprocs > 0) {
        snprintf(text + n, sizeof text - (size_t)n, " gomaxprocs=%d", cl.gomaxprocs);
    }
    complaints = 0;
    cmdline_parse(text, &again, complain);
    DEMAND(complaints == 0, "\"%s\" is complained about", text);
    memcpy(again.demo, cl.demo, sizeof cl.demo);
    demand_same(&cl, &again);
}

static void
parse_text(const char *text)
{
    memset(&cl, 0xa5, sizeof cl);
    memset(&again, 0x5a, sizeof again);
    cmdline_parse(text, &again, NULL);
    cmdline_parse(text, &cl, complain);
    demand_ranges(&cl);
    demand_same(&cl, &again);
    DEMAND(cl.argc == again.argc, "%d or %d arguments", cl.argc, again.argc);
    for (int i = 1; i < cl.argc; i++) {
        DEMAND(strcmp(cl.argv[i], again.argv[i]) == 0, "argv[%d] differs", i);
    }
    demand_round_trip();
}

/* Behind `--`, in quotes, with a backslash before what means something there. */
static size_t
quote(char *out, const char *word)
{
    char *p = out;

    *p++ = ' ';
    *p++ = '"';
    for (; *word; word++) {
        if (*word == '"' || *word == '\\') {
            *p++ = '\\';
        }
        *p++ = *word;
    }
    *p++ = '"';
    return (size_t)(p - out);
}

static bool
is_dropped(const char *word)
{
    return strncmp(word, "BOOT_IMAGE=", 11) == 0 || strncmp(word, "initrd=", 7) == 0
           || strncmp(word, "virtio_mmio.device=", 19) == 0;
}

static void
demand_words_back(struct input *in)
{
    static char text[TEXT_MAX * 3], words[CMDLINE_MAX];
    char *wanted[CMDLINE_ARGS];
    size_t used = 0, len = 2;
    int n = 1;

    memcpy(text, "--", 2);
    while (in->size > 0 && n < CMDLINE_ARGS - 1) {
        size_t size = strnlen((const char *)in->data, in->size), got;
        char *word = words + used;

        if (used + size + 1 >= sizeof words) {
            break;
        }
        memcpy(word, take_bytes(in, size, &got), size);
        word[size] = 0;
        take(in, 1);
        if (is_dropped(word)) {
            continue;
        }
        used += size + 1;
        wanted[n++] = word;
        len += quote(text + len, word);
    }
    text[len] = 0;
    complaints = 0;
    cmdline_parse(text, &cl, complain);
    DEMAND(cl.argc == n && complaints == 0, "%d words, %d came, %u complaints", n, cl.argc,
           complaints);
    for (int i = 1; i < n; i++) {
        DEMAND(strcmp(cl.argv[i], wanted[i]) == 0, "\"%s\" came as \"%s\"", wanted[i], cl.argv[i]);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size < TEXT_MAX ? size : TEXT_MAX };
    size_t len = strnlen((const char *)in.data, in.size), got;
    char *text = malloc(len + 1);

    memcpy(text, take_bytes(&in, len, &got), len);
    text[len] = 0;
    take(&in, 1);
    parse_text(text);
    demand_words_back(&in);
    free(text);
    return 0;
}
