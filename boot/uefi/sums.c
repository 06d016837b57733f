/* SPDX-License-Identifier: MIT */
/*
 * sums.c -- is a kernel still what it was when the stick was made?
 *
 * SHA256SUMS in the kernel's folder is a file of sha256sum's, so people can check and renew it
 * without us. Who puts a kernel of his own there renews its line, or removes the file: what is not
 * listed is not checked. It is against damage, not against people: whoever can change the kernel
 * can change its line.
 *
 * Context      boot services
 * Rejected     The firmware's CalculateCrc32: GRUB and people would need a file of another kind.
 */
#include "loader.h"

enum { DIGEST_WORDS = 8, DIGEST_DIGITS = 64, BLOCK = 64 };

/* FIPS 180-4, section 4.2.2 */
static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t
turn(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

/* One block into the digest (section 6.2.2). */
static void
mix(uint32_t digest[DIGEST_WORDS], const uint8_t *block)
{
    uint32_t w[64], s[DIGEST_WORDS];

    for (unsigned i = 0; i < 16; i++) {
        const uint8_t *b = block + 4 * i;
        w[i] = (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7]
               + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
    CopyMem(s, digest, sizeof s);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t a = s[0], e = s[4];
        uint32_t one = s[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & s[5]) ^ (~e & s[6]))
                       + rounds[i] + w[i];
        uint32_t two =
            (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        for (unsigned k = DIGEST_WORDS - 1; k > 0; k--) {
            s[k] = s[k - 1];
        }
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned i = 0; i < DIGEST_WORDS; i++) {
        digest[i] += s[i];
    }
}

static void
sha256(struct blob file, uint32_t digest[DIGEST_WORDS])
{
    static const uint32_t start[DIGEST_WORDS] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    const uint8_t *data = (const uint8_t *)file.base;
    uint8_t last[2 * BLOCK] = { 0 };
    uint64_t rest = file.len % BLOCK, padded = rest + 9 > BLOCK ? 2 * BLOCK : BLOCK;

    CopyMem(digest, start, sizeof start);
    for (uint64_t at = 0; at + BLOCK <= file.len; at += BLOCK) {
        mix(digest, data + at);
    }
    CopyMem(last, data + file.len - rest, rest);
    last[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++) {
        last[padded - 1 - i] = (uint8_t)(file.len * 8 >> 8 * i);
    }
    for (uint64_t at = 0; at < padded; at += BLOCK) {
        mix(digest, last + at);
    }
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* FAT knows no capitals. */
static bool
names(const char *line, const CHAR16 *name)
{
    while (*name && lower(*line) == lower((char)*name)) {
        line++;
        name++;
    }
    return !*name && (*line == '\n' || *line == '\r' || !*line);
}

/* The line of the file: its digits; NULL: none. A line is `DIGITS  NAME` or `DIGITS *NAME`. */
static const char *
find_line(const char *text, const CHAR16 *name)
{
    while (*text) {
        const char *end = text;

        while (*end && *end != '\n') {
            end++;
        }
        if (end - text > DIGEST_DIGITS + 2 && names(text + DIGEST_DIGITS + 2, name)) {
            return text;
        }
        text = *end ? end + 1 : end;
    }
    return NULL;
}

static bool
digits_are(const char *digits, const uint32_t digest[DIGEST_WORDS])
{
    for (unsigned i = 0; i < DIGEST_DIGITS; i++) {
        unsigned value = digest[i / 8] >> (28 - i % 8 * 4) & 15;

        if (lower(digits[i]) != "0123456789abcdef"[value]) {
            return false;
        }
    }
    return true;
}

bool
sums_check(EFI_FILE *root, const CHAR16 *path, struct blob file)
{
    static const CHAR16 sums_name[] = L"SHA256SUMS";
    CHAR16 sums[PATH_LEN];
    struct blob listing;
    uint32_t digest[DIGEST_WORDS];
    size_t folder = StrLen(path);

    while (folder > 0 && path[folder - 1] != '\\') {
        folder--;
    }
    if (folder + sizeof sums_name / sizeof(CHAR16) > PATH_LEN) {
        return true;
    }
    CopyMem(sums, path, folder * sizeof(CHAR16));
    CopyMem(sums + folder, sums_name, sizeof sums_name);
    if (!file_exists(root, sums)) {
        return true;
    }
    if (!file_read(root, sums, &listing)) {
        return false;
    }
    const char *line = find_line((const char *)listing.base, path + folder);
    if (!line) {
        return true;
    }
    sha256(file, digest);
    return digits_are(line, digest)
           || refuse(L"%s: damaged, or another file than the one that %s lists", path, sums);
}
