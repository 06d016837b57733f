/* SPDX-License-Identifier: MIT */
/*
 * config.c -- what to boot and with which words, from gamp.cfg and from the load options.
 *
 * gamp.cfg lies beside the loader and need not be there. Lines that begin with # say nothing;
 * `module PATH [NAME]` loads a file for the kernel; all others, joined, are its command line.
 *
 * The load options are what stands behind the loader's name in the UEFI shell, or what a boot entry
 * holds: [NAME.EFI] [/PATH/OF/KERNEL] [WORDS] [-- ARGUMENTS]. Their words come after those of
 * gamp.cfg, so they win; their arguments take the place of those in gamp.cfg.
 *
 * Context      boot services
 */
#include "loader.h"

static const CHAR16 config_name[] = L"gamp.cfg";

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

static bool
is_module(const char *line)
{
    return strncmpa((const CHAR8 *)line, (const CHAR8 *)"module", 6) == 0 && blank(line[6]);
}

/* Goes through text line by line; words gets what is for the kernel. */
static bool
read_lines(char *text, struct config *cfg, char *words)
{
    while (*text) {
        char *line = skip_blanks(text), *end = line;

        while (*end && *end != '\n') {
            end++;
        }
        text = *end ? end + 1 : end;
        *end = 0;
        if (is_module(line) ? !add_module(cfg, line + 6)
                            : *line && *line != '#' && !append(words, line)) {
            return false;
        }
    }
    return true;
}

static bool
read_config_file(const EFI_LOADED_IMAGE *self, EFI_FILE *root, struct config *cfg, char *words)
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
    return read_lines(text, cfg, words);
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
    if (!take_names(&options, cfg) || !read_config_file(self, root, cfg, file_words)) {
        return false;
    }
    struct line from_file = split(file_words), from_options = split(options);
    const char *arguments = from_options.arguments ? from_options.arguments : from_file.arguments;
    return append(cfg->words, from_file.words) && append(cfg->words, from_options.words)
           && (!arguments || (append(cfg->words, "--") && append(cfg->words, arguments)));
}
