/* SPDX-License-Identifier: MIT */
/*
 * magic.c - what the first bytes say that something is
 *
 * What is told by its first bytes must not be text: a tar without "ustar" in its header
 * (before 1988) is not recognised, and of cpio's heads every digit is looked at.
 */
#include <string.h>

#include "io/layer.h"
#include "nt/err.h"

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const struct magic {
	const struct nt_layer_type *type;
	const char *suffix; /* of a name that promises it */
	const char *magic;
	size_t len;
} magics[] = {
	{&nt_gzip, ".gz", MAGIC("\x1f\x8b\x08")},
	{&nt_zstd, ".zst", MAGIC("\x28\xb5\x2f\xfd")},
	{&nt_xz, ".xz", MAGIC("\xfd" "7zXZ\0")},
	{&nt_lz4, ".lz4", MAGIC("\x04\x22\x4d\x18")},
	{&nt_lz4, "", MAGIC("\x02\x21\x4c\x18")}, /* before 2013 */
	{&nt_zip, ".zip", MAGIC("PK\3\4")},
	{&nt_zip, "", MAGIC("PK\5\6")}, /* nothing in it */
	{&nt_7z, ".7z", MAGIC("7z\xbc\xaf\x27\x1c")},
	{&nt_ar, ".deb", MAGIC("!<arch>\n")},
	{&nt_bzip2, ".bz2", MAGIC("BZh")}, /* and more: is_bzip2 */
};

static bool begins(const uint8_t *p, size_t n, const char *magic, size_t len)
{
	return n >= len && memcmp(p, magic, len) == 0;
}

/* Behind "BZh" and a level comes a block or the end: pi or its square root in BCD. */
static bool is_bzip2(const uint8_t *p, size_t n)
{
	return n >= 10 && p[3] >= '1' && p[3] <= '9' &&
	       (memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
		memcmp(p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

/* 110 bytes of hexadecimal digits, or 76 of octal ones, or 26 of binary, and a name. */
static bool is_cpio(const uint8_t *p, size_t n)
{
	if (begins(p, n, "\xc7\x71", 2) && n >= 26 + 2) {
		size_t name_len = p[20] | (size_t)p[21] << 8; /* with the 0 behind it */
		return name_len >= 2 && 26 + name_len <= n && !p[26 + name_len - 1];
	}
	bool is_hex = begins(p, n, "070701", 6) || begins(p, n, "070702", 6);
	size_t len = is_hex ? 110 : begins(p, n, "070707", 6) ? 76 : 0;
	if (len == 0 || n < len)
		return false;
	for (size_t i = 6; i < len; i++)
		if (!(p[i] >= '0' && p[i] <= (is_hex ? '9' : '7')) &&
		    !(is_hex && (p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f'))
			return false;
	return true;
}

static bool is_warc(const uint8_t *p, size_t n)
{
	return (begins(p, n, "WARC/1.", 7) || begins(p, n, "WARC/0.1", 8)) && n >= 10 &&
	       p[7] >= '0' && p[7] <= '9' && (p[8] == '\r' || p[8] == '\n' || p[9] == '\n' || p[9] == '\r');
}

const struct nt_layer_type *nt_layer_type_of(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
		if (begins(p, n, magics[i].magic, magics[i].len) &&
		    (magics[i].type != &nt_bzip2 || is_bzip2(p, n)))
			return magics[i].type;
	/* pzstd puts a skippable frame in front, 184D2A50 to 5F */
	if (n >= 4 && (p[0] & 0xf0) == 0x50 && begins(p + 1, 3, "\x2a\x4d\x18", 3))
		return &nt_zstd;
	if (is_warc(p, n))
		return &nt_warc;
	if (is_cpio(p, n))
		return &nt_cpio;
	return n >= NT_MAGIC_BYTES && begins(p + 257, 5, "ustar", 5) ? &nt_tar : NULL;
}

bool nt_is_binary(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 && !(p[i] >= '\t' && p[i] <= '\r') && p[i] != 0x1b /* ISO-2022-JP */)
			return true;
	return false;
}

int nt_layer_check_promise(const char *name, const uint8_t *p, size_t n)
{
	size_t len = strlen(name);
	bool is_tar = len > 4 && strcmp(name + len - 4, ".tar") == 0;
	bool is_warc = len > 5 && strcmp(name + len - 5, ".warc") == 0;
	if ((is_tar && n < NT_MAGIC_BYTES) || (is_warc && n < 10 && memcmp(p, "WARC/1.0\r\n", n) == 0))
		return nt_fail(NT_EFORMAT, "%s: cut at byte %zu, before its format can be told", name, n);
	if ((is_tar || is_warc) && nt_is_binary(p, n))
		return nt_fail(NT_EFORMAT, "%s: damaged: its first bytes are neither a header of %s nor text", name,
			       is_tar ? "tar" : "WARC");
	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
		const struct magic *m = &magics[i];
		size_t suffix = strlen(m->suffix);
		if (!suffix || len <= suffix || strcmp(name + len - suffix, m->suffix) != 0)
			continue;
		if (n < 10 && memcmp(p, m->magic, n < m->len ? n : m->len) == 0)
			return nt_fail(NT_EFORMAT, "%s: cut at byte %zu, before its format can be told", name, n);
		if (nt_is_binary(p, n))
			return nt_fail(NT_EFORMAT, "%s: damaged: its name promises %s, its first bytes are not "
						   "that, nor text", name, m->type->name);
	}
	return 1;
}
