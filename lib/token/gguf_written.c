/* SPDX-License-Identifier: MIT */
/*
 * gguf_written.c - a tokenizer of SentencePiece's kind as llama.cpp reads it from a GGUF file
 *
 * llama.cpp knows no merges there. Two neighbours become one wherever their text together is a
 * token, the token of the highest score first, the leftmost where scores are equal. Here, as in
 * tokenizer.json, pairs that are listed become one, in the list's order. The two are nearer than
 * they seem. When two neighbours a and b are there, nothing has crossed the borders of their text
 * so far, so in that text alone they come about as well. It follows that
 *
 *   - a token is made by one merge at most, however many are listed: the last one when
 *     its own text is merged. That merge's place in the list is its turn, and its score is minus that;
 *   - a pair that is no merge, and whose text is a token, only ever shows as the two that are
 *     left of that token's text. llama.cpp would join them: such a tokenizer is refused.
 *
 * All others give the same ids for every text. What came from SentencePiece is one of them, since
 * Hugging Face's converter lists every pair, in order of score.
 */
#include "token/gguf.h"

#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "token/written.h"

enum { TEXT_MOST = 256 }; /* bytes of a token, whose merging takes their square */

static int refuse(const struct nt_tokenizer *t, uint32_t id, const char *why)
{
	return nt_fail(NT_EARG, "token %u, '%.80s', %s", id, (const char *)nt_token_text(t, id), why);
}

/* --- what happens to text before it is merged ------------------------------------------- */

static bool is_metaspace(const struct nt_tokenizer *t)
{
	return t->n_normalizer == 0 && t->n_presplit == 1 && t->presplit[0].kind == NT_PRESPLIT_METASPACE &&
	       strcmp(t->presplit[0].replacement, NT_SPACE_MARK) == 0;
}

/* Pieces begin at spaces: then nothing may reach over one. */
static int check_cuts(const struct nt_tokenizer *t)
{
	for (size_t i = 0; i < t->n_pair; i++) {
		struct nt_pair p = t->pair[i];
		struct nt_token left = t->token[p.left], right = t->token[p.right];
		const char *behind = (const char *)nt_token_text(t, p.left) + 1;
		if ((left.len > 1 && memmem(behind, left.len - 1, NT_SPACE_MARK, 3)) ||
		    memmem(nt_token_text(t, p.right), right.len, NT_SPACE_MARK, 3))
			return nt_fail(NT_EARG, "the tokenizer cuts text at spaces, over which it has merges: llama.cpp would "
						"do them");
	}
	return 0;
}

static int check_steps(const struct nt_tokenizer *t, bool *prepends, struct nt_buf *remark)
{
	if (nt_written_is_whole(t, prepends))
		return 0;
	if (!is_metaspace(t))
		return nt_fail(NT_EARG, "the tokenizer is not byte-level, and does not write spaces as SentencePiece does: llama.cpp "
					"has no such tokenizer");
	const struct nt_presplit *s = t->presplit;
	*prepends = s->prepend != NT_PREPEND_NEVER;
	int rc = s->cuts ? check_cuts(t) : 0;
	if (rc == 0 && *prepends)
		rc = nt_buf_printf(remark, "llama.cpp puts a space also in front of text that begins with one%s",
				   s->prepend == NT_PREPEND_FIRST ? ", and behind special tokens" : "");
	return rc;
}

/* --- tokens ------------------------------------------------------------------------------ */

static int check_token(const struct nt_tokenizer *t, uint32_t id)
{
	struct nt_token token = t->token[id];
	const uint8_t *text = nt_token_text(t, id);
	bool is_added = token.kind == NT_KIND_ADDED;
	if (token.len > TEXT_MOST)
		return refuse(t, id, "is longer than 256 bytes");
	if (is_added && memmem(text, token.len, NT_SPACE_MARK, 3))
		return refuse(t, id, "is found before all else and writes spaces, which llama.cpp takes apart");
	if (is_added && token.flags & NT_NORMALIZED)
		return refuse(t, id, "is looked for in normalized text, which llama.cpp does not do");
	return 0;
}

static int check_tokens(const struct nt_tokenizer *t)
{
	int rc = 0;
	if (t->prefers_whole)
		return nt_fail(NT_EARG, "the tokenizer takes pieces whole (ignore_merges), which llama.cpp does with byte-level "
					"ones only");
	if (!nt_written_has_bytes(t))
		return nt_fail(NT_EARG, "the tokenizer has no tokens for the bytes of unknown characters (byte_fallback), which "
					"llama.cpp asks for");
	for (size_t i = 0; i < t->n_pair; i++)
		if (nt_written_is_byte(t, t->pair[i].left) || nt_written_is_byte(t, t->pair[i].right))
			return nt_fail(NT_EARG, "the tokenizer merges bytes of unknown characters, which llama.cpp does not");
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++)
		if (t->token[id].kind != NT_KIND_NONE)
			rc = check_token(t, id);
	return rc;
}

/* --- turns -------------------------------------------------------------------------------- */

/* The characters of a token; one that is no token itself is NT_NO_TOKEN. */
static size_t take_apart(const struct nt_tokenizer *t, uint32_t id, uint32_t part[TEXT_MOST])
{
	const uint8_t *p = nt_token_text(t, id), *end = p + t->token[id].len;
	size_t n = 0;
	while (p < end) {
		uint32_t c;
		size_t len = nt_utf8_decode(p, (size_t)(end - p), &c);
		len = len ? len : 1;
		part[n++] = nt_token_find_ordinary(t, p, len);
		p += len;
	}
	return n;
}

static const struct nt_merge *first_merge(const struct nt_tokenizer *t, const uint32_t *part, size_t n, size_t *at)
{
	const struct nt_merge *first = NULL;
	for (size_t i = 0; i + 1 < n; i++) {
		bool are_known = part[i] != NT_NO_TOKEN && part[i + 1] != NT_NO_TOKEN;
		const struct nt_merge *m = are_known ? nt_merge_find(t, part[i], part[i + 1]) : NULL;
		if (m && (!first || m->rank < first->rank)) {
			first = m;
			*at = i;
		}
	}
	return first;
}

/* Merges the text of a token, and takes the turn of the merge that made it. */
static int take_turn(const struct nt_tokenizer *t, uint32_t id, uint32_t *turn)
{
	uint32_t part[TEXT_MOST];
	size_t n = take_apart(t, id, part), at = 0;
	const struct nt_merge *m;
	*turn = NT_NO_TURN;
	while ((m = first_merge(t, part, n, &at))) {
		*turn = m->rank;
		part[at] = m->id;
		n--;
		memmove(part + at + 1, part + at + 2, (n - at - 1) * sizeof(*part));
	}
	if (n == 1 && part[0] == id)
		return 0;
	*turn = NT_NO_TURN;
	bool is_found_first = n == 1 && t->token[id].kind == NT_KIND_ADDED;
	return n > 2 || is_found_first ? 0 : refuse(t, id, "is not made by merges, and llama.cpp would make it");
}

int nt_gguf_written(const struct nt_tokenizer *t, uint32_t *turn, bool *prepends, struct nt_buf *remark)
{
	int rc = check_steps(t, prepends, remark);
	if (rc == 0)
		rc = check_tokens(t);
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		turn[id] = NT_NO_TURN;
		if (t->token[id].kind != NT_KIND_NONE)
			rc = take_turn(t, id, &turn[id]);
	}
	return rc;
}
