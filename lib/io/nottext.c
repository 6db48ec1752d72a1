/* SPDX-License-Identifier: MIT */
/*
 * nottext.c - files that were given where text is read
 *
 * Whoever names data.bin where text is due wants what it was made of, or another command.
 * Taken for text it would be a document of noise. Told by first bytes that no text has, as
 * wrappings are (magic.c); a GGUF and a safetensors file have no better ones than a small
 * number and zeros.
 */
#include <string.h>

#include "nt/err.h"
#include "nt/file.h"

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *magic;
	size_t len;
	const char *what; /* and what to do with it */
} kinds[] = {
	{MAGIC("NTS1\1"), "a token stream, not text: nt-tokenize -d makes text of it"},
	{MAGIC("\x89NTD\r\n\x1a\n"), "a data file, not text: nt-tokenize -d makes text of it"},
	{MAGIC("\x89NTC\r\n\x1a\n"), "counts of pieces, not text: nt-vocab takes them as a FILE"},
	{MAGIC("\x89NTK\r\n\x1a\n"), "a state of nt-dedup, not text: its --state takes it"},
};

static bool is_gguf(const uint8_t *p, size_t n)
{
	return n >= 8 && memcmp(p, "GGUF", 4) == 0 && p[4] > 0 && p[4] < ' ' && memcmp(p + 5, "\0\0", 3) == 0;
}

/* Eight bytes of length, of less than 16 MB, and an object. */
static bool is_safetensors(const uint8_t *p, size_t n)
{
	return n >= 10 && memcmp(p + 3, "\0\0\0\0", 5) == 0 && p[8] == '{' && p[9] == '"';
}

int nt_check_text(const char *name, const void *begin, size_t n)
{
	const uint8_t *p = begin;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (n >= kinds[i].len && memcmp(p, kinds[i].magic, kinds[i].len) == 0)
			return nt_fail(NT_EFORMAT, "%s: %s", name, kinds[i].what);
	if (is_gguf(p, n))
		return nt_fail(NT_EFORMAT, "%s: a GGUF file, not text: nt-info shows what is in it", name);
	if (is_safetensors(p, n))
		return nt_fail(NT_EFORMAT, "%s: the weights of a model, not text: nt-sample and nt-score take "
					   "the folder they are in", name);
	return 0;
}
