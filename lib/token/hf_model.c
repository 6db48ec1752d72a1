/* SPDX-License-Identifier: MIT */
/*
 * hf_model.c - the two lists of a tokenizer.json, made into tokens and merges
 *
 * A merge counts by its place in the list, not by the id it makes.
 */
#include <string.h>

#include "io/json.h"
#include "nt/err.h"
#include "token/hf.h"

enum { AHEAD = 32 }; /* merges: a cache miss takes about as long as so many */

static int no_id(struct json_object *value)
{
	struct nt_buf text = {0};
	int rc = nt_json_text(&text, value);
	if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "an id is %s: not a number from 0 on", (char *)text.data);
	nt_buf_release(&text);
	return rc;
}

int nt_hf_read_id(struct json_object *value, uint32_t *id)
{
	int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
	if (n < 0 || n >= UINT32_MAX)
		return no_id(value);
	*id = (uint32_t)n;
	return 0;
}

/* An entry of the vocabulary that the added tokens also name is theirs. */
static bool is_added(const struct nt_tokenizer *t, uint32_t id, const uint8_t *text, size_t len)
{
	return id < t->ident.vocab_size && t->token[id].kind != NT_KIND_NONE &&
	       t->token[id].len == len && memcmp(nt_token_text(t, id), text, len) == 0;
}

/* An added token is part of merges under its name, which must be its spelling there. */
static bool may_merge(const struct nt_tokenizer *t, uint32_t id, const uint8_t *text, size_t len)
{
	bool is_itself = true;
	for (size_t i = 0; i < len; i++)
		is_itself &= text[i] > ' ' && text[i] < 0x7f;
	return (t->is_written || is_itself) && !(t->token[id].flags & NT_OUTSIDE);
}

static int make_room(struct nt_tokenizer *t, const struct nt_hf_file *f)
{
	size_t bytes = 0;
	uint32_t top = 0;
	for (size_t i = 0; i < f->n_vocab; i++) {
		bytes += f->vocab[i].key.len + 1;
		top = f->vocab[i].id > top ? f->vocab[i].id : top;
	}
	return nt_tokenizer_reserve(t, top, bytes);
}

int nt_hf_read_vocab(struct nt_tokenizer *t, const struct nt_hf_file *f)
{
	if (!f->has_vocab)
		return nt_fail(NT_EFORMAT, "its model has no vocab");
	int rc = make_room(t, f);
	for (size_t i = 0; rc == 0 && i < f->n_vocab; i++) {
		size_t len = f->vocab[i].key.len, n, room;
		const uint8_t *text = nt_hf_string_text(f, f->vocab[i].key, &room);
		uint32_t id = f->vocab[i].id;
		uint8_t *to = t->bytes.data + t->bytes.len;
		if (is_added(t, id, text, len)) {
			nt_token_flag(&t->token[id], NT_IN_VOCAB, may_merge(t, id, text, len));
			continue;
		}
		if (t->is_written)
			memcpy(to, text, n = len);
		else if (nt_alphabet_read_some(to, &n, text, len, room) < len)
			return nt_fail(NT_EFORMAT, "token %u, '%.*s': not in the alphabet of bytes", id,
				       (int)len, (const char *)text);
		rc = nt_tokenizer_claim(t, id, n, NT_KIND_ORDINARY);
	}
	return rc;
}

/* Is there an entry of the vocab that is a token of another kind? */
static bool has_added(const struct nt_tokenizer *t, const struct nt_hf_file *f)
{
	size_t n = 0;
	for (uint32_t id = 0; id < t->ident.vocab_size; id++)
		n += t->token[id].kind == NT_KIND_ORDINARY;
	return n < f->n_vocab;
}

static int check_merge(const struct nt_tokenizer *t, size_t i, struct nt_hf_merge m)
{
	const uint32_t id[3] = {m.left, m.right, m.made};
	for (int k = 0; k < 3; k++)
		if (!nt_token_merges(t->token[id[k]]))
			return nt_fail(NT_EFORMAT, "merge %zu: '%s' is not in the vocabulary but an added token",
				       i, (const char *)nt_token_text(t, id[k]));
	return 0;
}

int nt_hf_read_merges(struct nt_tokenizer *t, const struct nt_hf_file *f)
{
	if (!f->has_merges)
		return nt_fail(NT_EFORMAT, "its model has no merges");
	bool checks = has_added(t, f);
	int rc = nt_merges_expect(t, f->n_merge);
	for (size_t i = 0; rc == 0 && i < f->n_merge; i++) {
		struct nt_hf_merge m = f->merge[i], ahead = f->merge[i + AHEAD < f->n_merge ? i + AHEAD : i];
		__builtin_prefetch(&t->merge[nt_pair_slot(ahead.left, ahead.right, t->merge_mask)], 1);
		if (!checks || (rc = check_merge(t, i, m)) == 0)
			nt_merges_add(t, m.left, m.right, m.made);
	}
	return rc;
}
