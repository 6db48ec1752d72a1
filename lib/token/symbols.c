/* SPDX-License-Identifier: MIT */
/*
 * symbols.c - what a piece begins as where tokens are written in characters
 *
 * Each character is a token. One that is not becomes the tokens <0xNN> of its bytes if
 * the tokenizer has all of them, and else the unknown token, which may stand for several
 * in a row. An unknown that waits to grow is put behind byte tokens that come after it:
 * so does the reference, Hugging Face's tokenizers 0.23.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "nt/text.h"
#include "token/written.h"

enum { WINDOW = 64 << 10 }; /* bytes of text, unless merging has not come to an end in more */

static int add(struct nt_symbols *s, uint32_t id, size_t len)
{
	int rc = nt_grow(&s->id, &s->id_cap, s->n + 1, sizeof(*s->id));
	if (rc == 0)
		rc = nt_grow(&s->len, &s->len_cap, s->n + 1, sizeof(*s->len));
	if (rc < 0)
		return rc;
	s->id[s->n] = id;
	s->len[s->n++] = (uint32_t)len;
	return 0;
}

static bool has_bytes(const struct nt_tokenizer *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (t->byte_id[p[i]] == NT_NO_TOKEN)
			return false;
	return t->has_fallback;
}

/* Character p[n] is unknown. */
static int add_unknown(struct nt_symbols *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n)
{
	int rc = 0;
	if (t->unk == NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT, "the vocabulary has no token for '%.*s', and none for the unknown",
			       (int)n, (const char *)p);
	if (s->unknown && !t->fuses_unk) {
		rc = add(s, t->unk, s->unknown);
		s->unknown = 0;
	}
	s->unknown += n;
	return rc;
}

static int add_character(struct nt_symbols *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n)
{
	uint32_t id = n == 1 && *p < 0x80 && t->joints ? t->joints->ascii[*p] : nt_token_find_ordinary(t, p, n);
	int rc = 0;
	if (id != NT_NO_TOKEN) {
		if (s->unknown)
			rc = add(s, t->unk, s->unknown);
		s->unknown = 0;
		return rc < 0 ? rc : add(s, id, n);
	}
	if (!has_bytes(t, p, n))
		return add_unknown(s, t, p, n);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add(s, t->byte_id[p[i]], 1);
	return rc;
}

size_t nt_symbols_window(const struct nt_symbols *s, const uint8_t *text, size_t left)
{
	size_t n = s->n > WINDOW ? s->n : WINDOW;
	return n < left ? n - nt_utf8_unfinished(text, n) : left;
}

int nt_symbols_add(struct nt_symbols *s, const struct nt_tokenizer *t, const uint8_t *p, size_t n, bool goes_on)
{
	int rc = 0;
	for (size_t i = 0, len; rc == 0 && i < n; i += len) {
		uint32_t c;
		len = nt_utf8_decode(p + i, n - i, &c);
		if (len == 0)
			len = 1; /* a byte that is not UTF-8 */
		rc = add_character(s, t, p + i, len);
	}
	if (rc < 0 || goes_on || !s->unknown)
		return rc;
	rc = add(s, t->unk, s->unknown);
	s->unknown = 0;
	return rc;
}

void nt_symbols_drop(struct nt_symbols *s, size_t n)
{
	if (n == 0)
		return;
	s->n -= n;
	memmove(s->id, s->id + n, s->n * sizeof(*s->id));
	memmove(s->len, s->len + n, s->n * sizeof(*s->len));
}

void nt_symbols_release(struct nt_symbols *s)
{
	free(s->id);
	free(s->len);
	*s = (struct nt_symbols){0};
}
