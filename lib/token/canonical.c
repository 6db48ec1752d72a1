/* SPDX-License-Identifier: MIT */
/*
 * canonical.c - one spelling and one number for a tokenizer, whatever file it came from
 *
 * The JSON is what Hugging Face's tokenizers load; streams, data files and checkpoints
 * carry it, and reading it gives the same ids and the same fingerprint. Specials stand in
 * the model's vocab too, because HF numbers added tokens anew unless it finds them there.
 *
 * The fingerprint is XXH3_128 over, all integers little-endian u32 but kind:
 *	"NTFP1", vocab_size, for every id {u8 kind, length, bytes or name},
 *	length and bytes of the rule, the number of merges, {left, right} of each.
 * The rule is "split:" and the regular expression in its canonical spelling (nothing for
 * one single piece), a line feed, and where it makes a difference "ignore_merges" and
 * another line feed.
 */
#include "token/tokenizer.h"

#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/hash.h"

/* Appends the JSON string of a token; `with` is scratch. */
static int add_token(struct nt_buf *out, const struct nt_tokenizer *t, uint32_t id,
		     struct nt_buf *with)
{
	if (t->token[id].kind != NT_KIND_ORDINARY)
		return nt_json_string(out, nt_token_text(t, id), t->token[id].len);
	with->len = 0;
	int rc = nt_alphabet_write(with, nt_token_text(t, id), t->token[id].len);
	return rc < 0 ? rc : nt_json_string(out, with->data, with->len);
}

static int add_text(struct nt_buf *out, const char *text)
{
	return nt_buf_add(out, text, strlen(text));
}

static int add_added(struct nt_buf *out, const struct nt_tokenizer *t)
{
	int rc = add_text(out, "\"added_tokens\":[");
	bool is_first = true;
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		if (t->token[id].kind < NT_KIND_SPECIAL)
			continue;
		rc = nt_buf_printf(out, "%s\n{\"id\":%u,\"content\":", is_first ? "" : ",", id);
		is_first = false;
		if (rc == 0)
			rc = nt_json_string(out, nt_token_text(t, id), t->token[id].len);
		if (rc == 0)
			rc = nt_buf_printf(out, ",\"single_word\":false,\"lstrip\":false,"
					   "\"rstrip\":false,\"normalized\":false,\"special\":%s}",
					   t->token[id].kind == NT_KIND_SPECIAL ? "true" : "false");
	}
	return rc < 0 ? rc : add_text(out, "],\n");
}

#define BYTE_LEVEL(use_regex)                                                                      \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"               \
	"\"use_regex\":" use_regex "}"

static int add_split(struct nt_buf *out, const struct nt_tokenizer *t)
{
	int rc = add_text(out, "\"normalizer\":null,\n\"pre_tokenizer\":");
	if (rc < 0)
		return rc;
	if (t->split.name && strcmp(t->split.name, "gpt2") == 0)
		return add_text(out, BYTE_LEVEL("true"));
	if (!*t->split.regex)
		return add_text(out, BYTE_LEVEL("false"));
	rc = add_text(out, "{\"type\":\"Sequence\",\"pretokenizers\":["
			   "{\"type\":\"Split\",\"pattern\":{\"Regex\":");
	if (rc == 0)
		rc = nt_json_string(out, t->split.regex, strlen(t->split.regex));
	if (rc == 0)
		rc = add_text(out, "},\"behavior\":\"Isolated\",\"invert\":false}," BYTE_LEVEL("false")
			      "]}");
	return rc;
}

static int add_vocab(struct nt_buf *out, const struct nt_tokenizer *t, struct nt_buf *with)
{
	int rc = add_text(out, "\"vocab\":{");
	bool is_first = true;
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		if (t->token[id].kind == NT_KIND_NONE)
			continue;
		rc = add_text(out, is_first ? "\n" : ",\n");
		is_first = false;
		if (rc == 0)
			rc = add_token(out, t, id, with);
		if (rc == 0)
			rc = nt_buf_printf(out, ":%u", id);
	}
	return rc < 0 ? rc : add_text(out, "},\n");
}

static int add_merges(struct nt_buf *out, const struct nt_tokenizer *t, struct nt_buf *with)
{
	int rc = add_text(out, "\"merges\":[");
	for (size_t i = 0; rc == 0 && i < t->n_pair; i++) {
		const struct nt_pair *p = &t->pair[i];
		with->len = 0;
		rc = nt_alphabet_write(with, nt_token_text(t, p->left), t->token[p->left].len);
		if (rc == 0)
			rc = add_text(with, " ");
		if (rc == 0)
			rc = nt_alphabet_write(with, nt_token_text(t, p->right),
					       t->token[p->right].len);
		if (rc == 0)
			rc = add_text(out, i ? ",\n" : "\n");
		if (rc == 0)
			rc = nt_json_string(out, with->data, with->len);
	}
	return rc < 0 ? rc : add_text(out, "]}}\n");
}

int nt_canonical_json(struct nt_tokenizer *t)
{
	struct nt_buf with = {0}, *out = &t->json;
	int rc = add_text(out, "{\"version\":\"1.0\",\n\"truncation\":null,\n\"padding\":null,\n");
	if (rc == 0)
		rc = add_added(out, t);
	if (rc == 0)
		rc = add_split(out, t);
	if (rc == 0)
		rc = add_text(out, ",\n\"post_processor\":null,\n\"decoder\":" BYTE_LEVEL("true") ",\n"
			      "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,"
			      "\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,"
			      "\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":");
	if (rc == 0)
		rc = add_text(out, t->prefers_whole ? "true,\n" : "false,\n");
	if (rc == 0)
		rc = add_vocab(out, t, &with);
	if (rc == 0)
		rc = add_merges(out, t, &with);
	nt_buf_release(&with);
	t->ident.json = out->data;
	t->ident.json_len = out->len;
	return rc;
}

static void hash_u32(struct nt_hasher *h, uint32_t v)
{
	uint8_t le[4];
	nt_put32(le, v);
	nt_hasher_add(h, le, 4);
}

int nt_canonical_fingerprint(struct nt_tokenizer *t)
{
	struct nt_buf rule = {0};
	struct nt_hasher *h = nt_hasher_new();
	int rc = h ? nt_buf_printf(&rule, "split:%s\n%s", t->split.regex,
				   t->prefers_whole ? "ignore_merges\n" : "") : NT_ESYS;
	if (rc < 0)
		goto out;
	nt_hasher_add(h, "NTFP1", 5);
	hash_u32(h, t->ident.vocab_size);
	for (uint32_t id = 0; id < t->ident.vocab_size; id++) {
		nt_hasher_add(h, &t->token[id].kind, 1);
		hash_u32(h, t->token[id].len);
		nt_hasher_add(h, nt_token_text(t, id), t->token[id].len);
	}
	hash_u32(h, (uint32_t)rule.len);
	nt_hasher_add(h, rule.data, rule.len);
	hash_u32(h, (uint32_t)t->n_pair);
	for (size_t i = 0; i < t->n_pair; i++) {
		hash_u32(h, t->pair[i].left);
		hash_u32(h, t->pair[i].right);
	}
	struct nt_hash128 sum = nt_hasher_sum128(h);
	nt_put64(t->ident.fingerprint, sum.lo);
	nt_put64(t->ident.fingerprint + 8, sum.hi);
out:
	nt_hasher_free(h);
	nt_buf_release(&rule);
	return rc;
}
