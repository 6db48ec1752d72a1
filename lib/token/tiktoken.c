/* SPDX-License-Identifier: MIT */
/*
 * tiktoken.c - vocabularies as lists of ranks
 *
 * A line is base64(bytes of the token) SPACE rank, and the rank is the id; ranks need not
 * be dense. from_ranks.c says what that means for merges.
 *
 * The file says neither how text is cut nor what its special tokens are: for the famous
 * ones both are known by their content. Source: tiktoken's openai_public.py.
 */
#include "token/short.h"
#include "token/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/hash.h"

struct special {
	uint32_t id;
	const char *name;
};

/* Known by XXH3_128 over {u32 rank, u32 length, bytes} of all tokens, by rank. */
static const struct known {
	uint64_t lo, hi;
	const char *name, *pattern;
	struct special special[6];
} known[] = {
	{0x38824f2c2063699b, 0xa2bf067e70b47a36, "r50k_base", "gpt2", {{50256, "<|endoftext|>"}}},
	{0x80a02f24d08aa6b8, 0xf6f861b144694e22, "p50k_base", "gpt2", {{50256, "<|endoftext|>"}}},
	{0x6fb518802d59c138, 0x96dbd69bf31ed981, "cl100k_base", "cl100k",
	 {{100257, "<|endoftext|>"}, {100258, "<|fim_prefix|>"}, {100259, "<|fim_middle|>"},
	  {100260, "<|fim_suffix|>"}, {100276, "<|endofprompt|>"}}},
	{0xb44b3fb21bd7171c, 0x5884735633b0aa7b, "o200k_base", "o200k",
	 {{199999, "<|endoftext|>"}, {200018, "<|endofprompt|>"}}},
};

/* The value of a digit of base64 and one more; 0 for what is none. */
static const uint8_t digit[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
	23, 24, 25, 26, ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 52, ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};

/* Decodes p[n] to out; returns the bytes, or -1. out has room for n bytes. */
static ptrdiff_t decode_base64(uint8_t *out, const uint8_t *p, size_t n)
{
	if (n % 4 != 0 || n == 0)
		return -1;
	size_t n_pad = (p[n - 1] == '=') + (p[n - 1] == '=' && p[n - 2] == '=');
	uint8_t last[4] = {p[n - 4], p[n - 3], n_pad > 1 ? 'A' : p[n - 2], n_pad ? 'A' : p[n - 1]};
	uint32_t wrong = 0;
	for (size_t i = 0; i < n; i += 4) {
		const uint8_t *four = i + 4 < n ? p + i : last;
		uint32_t a = digit[four[0]] - 1u, b = digit[four[1]] - 1u;
		uint32_t c = digit[four[2]] - 1u, d = digit[four[3]] - 1u;
		uint32_t bits = a << 18 | b << 12 | c << 6 | d;
		wrong |= a | b | c | d;
		out[i / 4 * 3] = (uint8_t)(bits >> 16);
		out[i / 4 * 3 + 1] = (uint8_t)(bits >> 8);
		out[i / 4 * 3 + 2] = (uint8_t)bits;
	}
	return wrong < 64 ? (ptrdiff_t)(n / 4 * 3 - n_pad) : -1;
}

/* Reads digits up to the end of p[n]; false if there is anything else, or too many. */
static bool read_rank(const uint8_t *p, size_t n, uint32_t *rank)
{
	*rank = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*rank = *rank * 10 + (p[i] - '0');
	}
	return n >= 1 && n <= 9;
}

static int read_line(struct nt_tokenizer *t, const uint8_t *p, size_t n, size_t number)
{
	const uint8_t *space = memchr(p, ' ', n);
	size_t len = space ? (size_t)(space - p) : 0;
	uint32_t rank;
	int rc = nt_buf_reserve(&t->bytes, n + NT_SHORT_MOST);
	if (rc < 0)
		return rc;
	ptrdiff_t made = decode_base64(t->bytes.data + t->bytes.len, p, len);
	if (made <= 0 || !read_rank(space + 1, n - len - 1, &rank))
		return nt_fail(NT_EFORMAT, "line %zu: not 'BASE64 RANK': neither a .tiktoken file "
			       "nor a tokenizer.json", number);
	return nt_tokenizer_claim(t, rank, (size_t)made, NT_KIND_ORDINARY);
}

static int read_lines(struct nt_tokenizer *t, const uint8_t *p, size_t len)
{
	size_t number = 1;
	int rc = nt_tokenizer_reserve(t, 0, len);
	for (const uint8_t *end = p + len; rc == 0 && p < end; number++) {
		const uint8_t *feed = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((feed ? feed : end) - p);
		size_t stripped = n && p[n - 1] == '\r' ? n - 1 : n;
		if (stripped)
			rc = read_line(t, p, stripped, number);
		p += n + (feed != NULL);
	}
	if (rc == 0 && t->ident.vocab_size == 0)
		rc = nt_fail(NT_EFORMAT, "empty: no token in it");
	return rc;
}

static struct nt_hash128 content(const struct nt_tokenizer *t, struct nt_hasher *h)
{
	for (uint32_t id = 0; id < t->ident.vocab_size; id++) {
		const struct nt_token *token = &t->token[id];
		uint8_t head[8];
		nt_put32(head, id);
		nt_put32(head + 4, token->len);
		if (token->kind == NT_KIND_NONE)
			continue;
		nt_hasher_add(h, head, sizeof(head));
		nt_hasher_add(h, nt_token_text(t, id), token->len);
	}
	return nt_hasher_sum128(h);
}

static int recognise(const struct nt_tokenizer *t, const struct known **found)
{
	struct nt_hasher *h = nt_hasher_new();
	if (!h)
		return NT_ESYS;
	struct nt_hash128 sum = content(t, h);
	nt_hasher_free(h);
	*found = NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].lo == sum.lo && known[i].hi == sum.hi)
			*found = &known[i];
	return 0;
}

/* --- the whole ----------------------------------------------------------------- */

static int settle(struct nt_tokenizer *t, const struct known *known_one, const char *pattern)
{
	if (!known_one && !pattern)
		return nt_fail(NT_EARG, "a list of ranks that is none of r50k_base, p50k_base, "
			       "cl100k_base, o200k_base: say how text is cut with --pattern");
	int rc = nt_pattern_init(&t->split, pattern ? pattern : known_one->pattern);
	for (size_t i = 0; known_one && rc == 0 && known_one->special[i].name; i++)
		rc = nt_tokenizer_add(t, known_one->special[i].id, known_one->special[i].name,
				      strlen(known_one->special[i].name), NT_KIND_SPECIAL);
	if (known_one)
		snprintf(t->ident.name, sizeof(t->ident.name), "%s", known_one->name);
	return rc;
}

/* Adds the merges that somebody found before: {u16 left, right} for each token of two bytes or
 * more, in order. */
static int add_found(struct nt_tokenizer *t, const uint8_t *pair, size_t n)
{
	int rc = nt_merges_expect(t, n);
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		if (t->token[id].kind != NT_KIND_ORDINARY || t->token[id].len < 2)
			continue;
		nt_assert(n-- > 0);
		nt_merges_add(t, nt_le16(pair), nt_le16(pair + 2), id);
		pair += 4;
	}
	return rc;
}

int nt_tiktoken_parse_found(struct nt_tokenizer **out, const void *text, size_t len, const char *name,
			    const char *pattern, const uint8_t *pair, size_t n_pair)
{
	struct nt_tokenizer *t;
	const struct known *known_one = NULL;
	bool all_reached = true;
	int rc = nt_tokenizer_new(&t, name);
	if (rc < 0)
		return rc;
	nt_tokenizer_expect(t, len);
	if ((rc = read_lines(t, text, len)) < 0 || (!pair && (rc = recognise(t, &known_one)) < 0) ||
	    (rc = settle(t, known_one, pattern)) < 0 || (rc = nt_tokenizer_index(t)) < 0)
		goto out;
	rc = pair ? add_found(t, pair, n_pair) : nt_pairs_from_ranks(t, &all_reached);
	if (rc == 0)
		rc = nt_tokenizer_finish(t, !all_reached);
out:
	if (rc < 0)
		nt_tokenizer_free(t);
	*out = rc == 0 ? t : NULL;
	return rc;
}

int nt_tiktoken_parse(struct nt_tokenizer **t, const void *text, size_t len, const char *name,
		      const char *pattern)
{
	return nt_tiktoken_parse_found(t, text, len, name, pattern, NULL, 0);
}
