/* SPDX-License-Identifier: MIT */
/*
 * added.c - tokens that are looked for in the text itself, before it is cut into pieces
 *
 * Specials and added tokens are few, and few bytes begin one: a place in the text is
 * looked at closely only where its byte does. At one place the longest wins.
 */
#include "token/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

/* By first byte, then longest first, then by id. */
static int by_match_order(const void *a, const void *b, void *arg)
{
	const struct nt_tokenizer *t = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint8_t first_x = *nt_token_text(t, x), first_y = *nt_token_text(t, y);
	if (first_x != first_y)
		return first_x < first_y ? -1 : 1;
	if (t->token[x].len != t->token[y].len)
		return t->token[x].len > t->token[y].len ? -1 : 1;
	return x < y ? -1 : x > y;
}

int nt_added_index(struct nt_tokenizer *t)
{
	uint32_t n = 0;
	for (uint32_t id = 0; id < t->ident.vocab_size; id++)
		n += t->token[id].kind >= NT_KIND_SPECIAL;
	if (!(t->added = nt_alloc(n, sizeof(*t->added))))
		return NT_ESYS;
	for (uint32_t id = 0; id < t->ident.vocab_size; id++)
		if (t->token[id].kind >= NT_KIND_SPECIAL) {
			t->has_plain_added |= t->token[id].kind == NT_KIND_ADDED;
			t->added[t->n_added++] = id;
		}
	qsort_r(t->added, n, sizeof(*t->added), by_match_order, t);
	for (uint32_t i = 0; i < n; i++)
		t->added_first[*nt_token_text(t, t->added[i]) + 1] = i + 1;
	for (int b = 1; b <= 256; b++)
		if (t->added_first[b] < t->added_first[b - 1])
			t->added_first[b] = t->added_first[b - 1];
	return 0;
}

uint32_t nt_added_find(const struct nt_tokenizer *t, const uint8_t *text, size_t at, size_t len,
		       bool specials, size_t *where)
{
	if (!specials && !t->has_plain_added)
		return NT_NO_TOKEN;
	for (size_t i = at; t->n_added && i < len; i++) {
		uint32_t end = t->added_first[text[i] + 1];
		for (uint32_t k = t->added_first[text[i]]; k < end; k++) {
			uint32_t id = t->added[k];
			const struct nt_token *token = &t->token[id];
			if ((!specials && token->kind == NT_KIND_SPECIAL) || token->len > len - i ||
			    memcmp(text + i, nt_token_text(t, id), token->len) != 0)
				continue;
			*where = i;
			return id;
		}
	}
	return NT_NO_TOKEN;
}
