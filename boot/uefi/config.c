/* SPDX-License-Identifier: MIT */
/*
 * config.c -- what to boot and with which words, from gamp.cfg and from the load options.
 *
 * gamp.cfg lies beside the loader and need not be there. Lines that begin with # say nothing. Of
 * the others these are for the loader; the rest, joined, are the kernel's command line:
 *     kernel PATH            else the one built in, else /boot/gamp.elf
 *     module PATH [NAME]     loads a file for the kernel
 *     reboot                 starts the machine again, and no kernel
 *     entry TITLE            what follows, to the next `entry`, counts only if this is chosen
 *     timeout SECONDS        how long the menu waits for a key; 5; 0: it is not shown
 * What stands above the first `entry` counts always. There is a menu where there are two entries
 * or more and no load options; else the first entry is taken.
 *
 * The load options are what stands behind the loader's name in the UEFI shell, or what a boot entry
 * holds: [NAME.EFI] [/PATH/OF/KERNEL] [WORDS] [-- ARGUMENTS]. Their words come after those of
 * gamp.cfg, so they win; their arguments take the place of those in gamp.cfg.
 *
 * Context      boot services
 */
#include "loader.h"

enum { LINES_MAX = 256, SECONDS = 5, SECONDS_MAX = 3600 };

static const CHAR16 config_name[] = L"gamp.cfg";

/* gamp.cfg without comments and empty lines. */
static char *lines[LINES_MAX];
static unsigned nlines;
static struct menu menu = { .seconds = SECONDS };
static CHAR16 file_kernel[PATH_LEN]; /* "": not told */

/* A command line in two parts, as the kernel parts it: before and after the word `--`. */
struct line {
    char *words, *arguments; /* NULL: no such word */
};

static bool
blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char *
skip_blanks(char *s)
{
    while (blank(*s)) {
        s++;
    }
    return s;
}

static char *
word_end(char *s)
{
    while (*s && !blank(*s)) {
        s++;
    }
    return s;
}

/* Splits text in place. */
static struct line
split(char *text)
{
    struct line line = { text, NULL };

    for (char *s = skip_blanks(text); *s; s = skip_blanks(word_end(s))) {
        if (s[0] == '-' && s[1] == '-' && word_end(s) == s + 2) {
            line.arguments = s + 2;
            s[0] = 0;
            break;
        }
    }
    return line;
}

static bool
append(char *out, const char *text)
{
    size_t n = strlena((CHAR8 *)out), len = strlena((const CHAR8 *)text);

    if (n + len + 2 > WORDS_LEN) {
        return refuse(L"the command line is longer than %d characters", WORDS_LEN - 2);
    }
    if (n != 0) {
        out[n++] = ' ';
    }
    CopyMem(out + n, text, len + 1);
    return true;
}

/* ---- paths ---- */

/* False where it does not fit. The firmware's separator is the backslash. */
static bool
widen_path(CHAR16 *out, const char *path, size_t len)
{
    if (len >= PATH_LEN) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = path[i] == '/' ? '\\' : (uint8_t)path[i];
    }
    out[len] = 0;
    return true;
}

/* gamp.cfg in the folder that the loader was read from. */
static bool
config_path(const EFI_LOADED_IMAGE *self, CHAR16 *out)
{
    CHAR16 *own = self->FilePath ? DevicePathToStr(self->FilePath) : NULL;
    size_t folder = own ? StrLen(own) : 0;

    while (folder > 0 && own[folder - 1] != '\\') {
        folder--;
    }
    if (folder + sizeof config_name / sizeof(CHAR16) > PATH_LEN) {
        return refuse(L"the loader's own path is too long: %s", own);
    }
    CopyMem(out, own, folder * sizeof(CHAR16));
    CopyMem(out + folder, config_name, sizeof config_name);
    if (own) {
        BS->FreePool(own);
    }
    return true;
}

/* ---- gamp.cfg ---- */

/* s: behind the word `module`. */
static bool
add_module(struct config *cfg, char *s)
{
    struct module_file *m = &cfg->modules[cfg->nmodules];
    char *path = skip_blanks(s), *path_end = word_end(path), *name = skip_blanks(path_end);

    if (cfg->nmodules == MODULES_MAX) {
        return refuse(L"%s: more than %d modules", config_name, MODULES_MAX);
    }
    if (path == path_end || !widen_path(m->path, path, path_end - path)) {
        return refuse(L"%s: module: no path, or one of more than %d characters", config_name,
                      PATH_LEN - 1);
    }
    if (!*name) {
        name = path;
    }
    for (size_t i = 0; i + 1 < NAME_LEN && name[i] && !blank(name[i]); i++) {
        m->name[i] = name[i];
    }
    cfg->nmodules++;
    return true;
}

/* What stands behind the word in a line that begins with it; NULL: it begins otherwise. */
static char *
behind(char *line, const char *word)
{
    size_t n = strlena((const CHAR8 *)word);

    return strncmpa((const CHAR8 *)line, (const CHAR8 *)word, n) == 0 && word_end(line) == line + n
               ? skip_blanks(line + n)
               : NULL;
}

static bool
split_lines(char *text)
{
    while (*text) {
        char *line = skip_blanks(text), *end = line;

        while (*end && *end != '\n') {
            end++;
        }
        text = *end ? end + 1 : end;
        while (end > line && blank(end[-1])) {
            end--;
        }
        *end = 0;
        if (*line && *line != '#') {
            if (nlines == LINES_MAX) {
                return refuse(L"%s: more than %d lines", config_name, LINES_MAX);
            }
            lines[nlines++] = line;
        }
    }
    return true;
}

/* Finds the entries and their titles. */
static bool
split_entries(void)
{
    for (unsigned i = 0; i < nlines; i++) {
        const char *title = behind(lines[i], "entry");

        if (!title) {
            continue;
        }
        if (menu.nentries == ENTRIES_MAX) {
            return refuse(L"%s: more than %d entries", config_name, ENTRIES_MAX);
        }
        menu.entries[menu.nentries].first = i;
        for (unsigned k = 0; k + 1 < TITLE_LEN && title[k]; k++) {
            menu.entries[menu.nentries].title[k] = (uint8_t)title[k];
        }
        menu.nentries++;
    }
    return true;
}

static bool
set_seconds(const char *digits)
{
    unsigned n = 0;

    for (; *digits >= '0' && *digits <= '9' && n <= SECONDS_MAX; digits++) {
        n = 10 * n + *digits - '0';
    }
    if (*digits || n > SECONDS_MAX) {
        return refuse(L"%s: timeout: not a number up to %d", config_name, SECONDS_MAX);
    }
    menu.seconds = n;
    return true;
}

static bool
set_kernel(const char *path)
{
    return widen_path(file_kernel, path, strlena((const CHAR8 *)path))
           || refuse(L"%s: kernel: a path of more than %d characters", config_name, PATH_LEN - 1);
}

/* The lines from one on, until an entry begins; words gets what is for the kernel. */
static bool
read_lines(unsigned i, struct config *cfg, char *words)
{
    for (; i < nlines && !behind(lines[i], "entry"); i++) {
        char *line = lines[i], *rest;
        bool good = true;

        if ((rest = behind(line, "module"))) {
            good = add_module(cfg, rest);
        } else if ((rest = behind(line, "kernel"))) {
            good = set_kernel(rest);
        } else if ((rest = behind(line, "timeout"))) {
            good = set_seconds(rest);
        } else if ((rest = behind(line, "reboot")) && !*rest) {
            cfg->reboot = true;
        } else {
            good = append(words, line);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

/* What the file says, in all and of the entry that was chosen. */
static bool
obey_lines(struct config *cfg, char *words, bool has_options)
{
    int entry = 0;

    if (!split_entries() || !read_lines(0, cfg, words)) {
        return false;
    }
    if (menu.nentries == 0) {
        return true;
    }
    if (menu.nentries > 1 && menu.seconds > 0 && !has_options) {
        entry = menu_choose(&menu);
    }
    cfg->leave = entry < 0;
    return cfg->leave || read_lines(menu.entries[entry].first + 1, cfg, words);
}

static bool
read_config_file(const EFI_LOADED_IMAGE *self, EFI_FILE *root, struct config *cfg, char *words,
                 bool has_options)
{
    CHAR16 path[PATH_LEN];
    struct blob file;
    char *text;

    if (!config_path(self, path)) {
        return false;
    }
    if (!file_exists(root, path)) {
        return true;
    }
    if (!file_read(root, path, &file)) {
        return false;
    }
    text = (char *)file.base;
    if (file.len >= 3 && CompareMem(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3; /* the mark that some editors put before UTF-8 */
    }
    return split_lines(text) && obey_lines(cfg, words, has_options);
}

/* ---- load options ---- */

/* False: not text. Boot entries hold whatever their maker liked. */
static bool
narrow_options(const EFI_LOADED_IMAGE *self, char *out)
{
    const CHAR16 *from = self->LoadOptions;
    size_t n = from ? self->LoadOptionsSize / sizeof *from : 0;

    for (size_t i = 0; i < n && from[i]; i++) {
        if (i + 1 == WORDS_LEN || from[i] >= 127 || (from[i] < ' ' && !blank((char)from[i]))) {
            out[0] = 0;
            return false;
        }
        out[i] = (char)from[i];
    }
    return true;
}

static bool
names_loader(const char *word, const char *end)
{
    return end - word > 4 && end[-4] == '.' && (end[-3] | 32) == 'e' && (end[-2] | 32) == 'f'
           && (end[-1] | 32) == 'i';
}

/* Takes the loader's and the kernel's name off the front of the options. */
static bool
take_names(char **options, struct config *cfg)
{
    char *s = skip_blanks(*options), *end = word_end(s);

    if (names_loader(s, end)) {
        s = skip_blanks(end);
        end = word_end(s);
    }
    if (*s == '/' || *s == '\\') {
        if (!widen_path(cfg->kernel, s, end - s)) {
            return refuse(L"load options: a path of more than %d characters", PATH_LEN - 1);
        }
        s = end;
    }
    *options = s;
    return true;
}

bool
config_read(const EFI_LOADED_IMAGE *self, EFI_FILE *root, struct config *cfg)
{
    static char file_words[WORDS_LEN], option_words[WORDS_LEN];
    char *options = option_words;

    if (!narrow_options(self, option_words)) {
        Print(L"gamp: the load options are not text, and are ignored\n");
    }
    if (!take_names(&options, cfg)) {
        return false;
    }
    bool has_options = cfg->kernel[0] || *skip_blanks(options);
    if (!read_config_file(self, root, cfg, file_words, has_options)) {
        return false;
    }
    if (!cfg->kernel[0]) {
        CopyMem(cfg->kernel, file_kernel, sizeof file_kernel);
    }
    struct line from_file = split(file_words), from_options = split(options);
    const char *arguments = from_options.arguments ? from_options.arguments : from_file.arguments;
    return append(cfg->words, from_file.words) && append(cfg->words, from_options.words)
           && (!arguments || (append(cfg->words, "--") && append(cfg->words, arguments)));
}
