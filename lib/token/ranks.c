/* SPDX-License-Identifier: MIT */
/*
 * ranks.c - a tokenizer written as a list of ranks
 *
 * Ranks say less than merges: a token's rank is its id, and what two neighbours become
 * follows from their bytes. A tokenizer can be written so only if the pairs that its
 * tokens' bytes imply are its merges, in order.
 */
#include "nt/vocab.h"

#include <string.h>

#include "nt/err.h"
#include "token/reach.h"

/* The tokenizer that a reader of the ranks would get, as far as merges go. */
static int implied(struct nt_tokenizer **out, const struct nt_tokenizer *t, bool *all_reached)
{
	int rc = nt_tokenizer_new(out, "");
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++)
		if (t->token[id].kind == NT_KIND_ORDINARY)
			rc = nt_tokenizer_add(*out, id, nt_token_text(t, id), t->token[id].len,
					      NT_KIND_ORDINARY);
	if (rc == 0)
		rc = nt_tokenizer_index(*out);
	return rc < 0 ? rc : nt_pairs_from_ranks(*out, all_reached);
}

static int check(const struct nt_tokenizer *t)
{
	struct nt_tokenizer *read = NULL;
	bool all_reached, differs;
	if (!t->is_plain || t->n_normalizer)
		return nt_fail(NT_EFORMAT, "a list of ranks cannot hold what its %s does to text",
			       t->n_normalizer ? "normalizer" : "pre_tokenizer");
	int rc = implied(&read, t, &all_reached);
	if (rc == 0)
		rc = nt_whole_differs(t, &differs);
	if (rc == 0 && (read->n_pair != t->n_pair || differs == all_reached ||
			memcmp(read->pair, t->pair, t->n_pair * sizeof(*t->pair)) != 0))
		rc = nt_fail(NT_EFORMAT, "its %zu merges are not what the order of its ids implies: a "
			     "list of ranks cannot hold it", t->n_pair);
	nt_tokenizer_free(read);
	return rc;
}

static int add_base64(struct nt_buf *out, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i += 3) {
		uint32_t bits = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) |
				(i + 2 < n ? p[i + 2] : 0);
		char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
				i + 1 < n ? digits[bits >> 6 & 63] : '=',
				i + 2 < n ? digits[bits & 63] : '='};
		rc = nt_buf_add(out, four, 4);
	}
	return rc;
}

int nt_vocab_ranks(const struct nt_tokenizer *t, struct nt_buf *out)
{
	int rc = check(t);
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		if (t->token[id].kind != NT_KIND_ORDINARY)
			continue;
		rc = add_base64(out, nt_token_text(t, id), t->token[id].len);
		if (rc == 0)
			rc = nt_buf_printf(out, " %u\n", id);
	}
	return rc;
}
