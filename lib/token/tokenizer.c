/* SPDX-License-Identifier: MIT */
/*
 * tokenizer.c - the table of tokens and merges, whatever file they came from
 */
#include "token/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nt/err.h"
#include "nt/text.h"
#include "token/written.h"

enum {
	ID_LIMIT = (1 << 24) - 1, /* an id and a tag fit 32 bits */
	ID_GAPS = 1 << 16,        /* ids without a token, ... */
	IDS_PER_TOKEN = 16,       /* ... and so many more for each token: a few bytes must not take 16 M */
	SLACK = 17,               /* a NUL, and room for a load of 16 bytes anywhere */
};

void nt_tokenizer_free(struct nt_tokenizer *t)
{
	if (!t)
		return;
	nt_pattern_release(&t->split);
	for (size_t i = 0; i < t->n_normalizer; i++)
		nt_normalizer_release(&t->normalizer[i]);
	for (size_t i = 0; i < t->n_presplit; i++)
		nt_presplit_release(&t->presplit[i]);
	free(t->normalizer);
	free(t->presplit);
	free(t->shown);
	nt_added_release(&t->raw);
	nt_added_release(&t->normalized);
	nt_buf_release(&t->bytes);
	nt_canonical_free(t->canonical);
	nt_briefs_free(t->briefs);
	free(t->token);
	free(t->find);
	free(t->pair);
	free(t->merge);
	free(t->byte_pair);
	free(t->joints);
	free(t);
}

int nt_tokenizer_new(struct nt_tokenizer **out, const char *name)
{
	struct nt_tokenizer *t = nt_calloc(1, sizeof(*t));
	*out = NULL;
	if (!t || !(t->canonical = nt_canonical_new()) || !(t->briefs = nt_briefs_new())) {
		nt_tokenizer_free(t);
		return NT_ESYS;
	}
	*out = t;
	snprintf(t->ident.name, sizeof(t->ident.name), "%s", name);
	t->ident.bos = t->ident.eos = t->ident.pad = NT_NO_TOKEN;
	t->named_first = NT_NO_TOKEN;
	t->id_end = ID_LIMIT;
	t->unk = NT_NO_TOKEN;
	t->is_plain = true;
	for (int b = 0; b < 256; b++)
		t->byte_id[b] = NT_NO_TOKEN;
	return 0;
}

/* A token takes more than a byte: what passes nt_tokenizer_check_gaps is never stopped here. */
void nt_tokenizer_expect(struct nt_tokenizer *t, size_t len)
{
	t->id_end = len < (ID_LIMIT - ID_GAPS) / IDS_PER_TOKEN ? (uint32_t)len * IDS_PER_TOKEN + ID_GAPS : ID_LIMIT;
}

static int check_id(const struct nt_tokenizer *t, uint32_t id)
{
	return id < t->id_end ? 0 : nt_fail(NT_EFORMAT, "token %u: ids end at %u%s", id, t->id_end - 1,
					    t->id_end < ID_LIMIT ? " in a file of so few bytes" : "");
}

int nt_tokenizer_check_gaps(const struct nt_tokenizer *t)
{
	size_t n = 0;
	for (uint32_t id = 0; id < t->ident.vocab_size; id++)
		n += t->token[id].kind != NT_KIND_NONE;
	if (t->ident.vocab_size <= ID_GAPS + n * IDS_PER_TOKEN)
		return 0;
	return nt_fail(NT_EFORMAT, "token %u: far above the %zu tokens there are", t->ident.vocab_size - 1, n);
}

int nt_tokenizer_reserve(struct nt_tokenizer *t, uint32_t top, size_t bytes)
{
	int rc = check_id(t, top);
	if (rc == 0)
		rc = nt_grow(&t->token, &t->token_cap, (size_t)top + 1, sizeof(*t->token));
	return rc < 0 ? rc : nt_buf_reserve(&t->bytes, bytes + SLACK);
}

/* Ids up to and with `id` exist from now on, as tokens of no kind where none is added. */
static int reach(struct nt_tokenizer *t, uint32_t id)
{
	int rc = check_id(t, id);
	if (rc == 0)
		rc = nt_grow(&t->token, &t->token_cap, (size_t)id + 1, sizeof(*t->token));
	while (rc == 0 && t->ident.vocab_size <= id)
		t->token[t->ident.vocab_size++] = (struct nt_token){0};
	return rc;
}

int nt_tokenizer_claim(struct nt_tokenizer *t, uint32_t id, size_t len, enum nt_token_kind kind)
{
	const uint8_t *bytes = t->bytes.data + t->bytes.len;
	int rc = reach(t, id);
	if (rc < 0)
		return rc;
	if (len == 0 || len > NT_TOKEN_LIMIT)
		return nt_fail(NT_EFORMAT, "token %u: %zu bytes long, expected 1 to %d", id, len,
			       NT_TOKEN_LIMIT);
	/* JSON, which carries it, holds neither; a name is a C string besides */
	if (kind >= NT_KIND_SPECIAL && (nt_utf8_check(bytes, len).n_byte || memchr(bytes, 0, len)))
		return nt_fail(NT_EFORMAT, "token %u: its name is not UTF-8, or has a NUL in it", id);
	if (t->token[id].kind != NT_KIND_NONE)
		return nt_fail(NT_EFORMAT, "token %u: two tokens have this id", id);
	if (t->bytes.len > UINT32_MAX)
		return nt_fail(NT_EFORMAT, "token %u: all tokens together are too long", id);
	t->token[id] = (struct nt_token){.at = (uint32_t)t->bytes.len, .len = (uint32_t)len & 0xffffff,
					 .kind = kind & 3};
	if (kind >= NT_KIND_SPECIAL && id < t->named_first)
		t->named_first = id;
	if (kind >= NT_KIND_SPECIAL && id >= t->named_end)
		t->named_end = id + 1;
	t->bytes.len += len;
	t->bytes.data[t->bytes.len++] = 0; /* names are C strings too */
	return 0;
}

int nt_tokenizer_add(struct nt_tokenizer *t, uint32_t id, const void *bytes, size_t len,
		     enum nt_token_kind kind)
{
	int rc = nt_buf_reserve(&t->bytes, len + SLACK);
	if (rc < 0)
		return rc;
	memcpy(t->bytes.data + t->bytes.len, bytes, len);
	return nt_tokenizer_claim(t, id, len, kind);
}

int nt_tokenizer_merge(struct nt_tokenizer *t, uint32_t left, uint32_t right)
{
	int rc = nt_grow(&t->pair, &t->pair_cap, t->n_pair + 1, sizeof(*t->pair));
	if (rc == 0)
		t->pair[t->n_pair++] = (struct nt_pair){left, right};
	return rc;
}

/* A special written like an ordinary token could not be told from it in the JSON. */
static int check_names(const struct nt_tokenizer *t)
{
	struct nt_buf bytes = {0};
	int rc = 0;
	for (uint32_t id = 0; rc >= 0 && id < t->ident.vocab_size; id++) {
		if (t->token[id].kind < NT_KIND_SPECIAL)
			continue;
		const char *name = (const char *)nt_token_text(t, id);
		bytes.len = 0;
		rc = t->is_written ? nt_buf_add(&bytes, name, t->token[id].len)
				   : nt_alphabet_read(&bytes, name, t->token[id].len);
		if (rc < 0 || (rc == 0 && !t->is_written))
			continue; /* no memory, or not in the alphabet */
		uint32_t same = nt_token_find_ordinary(t, bytes.data, bytes.len);
		if (same != NT_NO_TOKEN && same != id)
			rc = nt_fail(NT_EFORMAT, "special token '%s' is written like token %u", name, same);
	}
	nt_buf_release(&bytes);
	return rc < 0 ? rc : 0;
}

static bool is_added_character(const struct nt_tokenizer *t, uint32_t id)
{
	uint32_t c;
	const struct nt_token *token = &t->token[id];
	return t->is_written && token->kind >= NT_KIND_SPECIAL &&
	       nt_utf8_decode(nt_token_text(t, id), token->len, &c) == token->len;
}

/* Added tokens take part in merges if some merge says so, whatever the vocabulary lists; or
 * if it lists them, and they are what merging begins with. */
static void settle_parts(struct nt_tokenizer *t)
{
	bool any = false;
	for (uint32_t id = 0; id < t->ident.vocab_size; id++) {
		struct nt_token *token = &t->token[id];
		bool is_character = is_added_character(t, id), is_in = token->flags & NT_IN_VOCAB;
		any |= is_in;
		nt_token_flag(token, NT_OUTSIDE, is_character && !is_in);
		nt_token_flag(token, NT_IN_VOCAB, is_character && is_in);
	}
	for (size_t i = 0; any && t->merge && i <= t->merge_mask; i++) {
		const struct nt_merge *m = &t->merge[i];
		const uint32_t part[3] = {m->left, m->right, m->id};
		for (size_t k = 0; k < 3 && m->left != NT_NO_TOKEN; k++)
			if (part[k] - t->named_first < t->named_end - t->named_first &&
			    t->token[part[k]].kind >= NT_KIND_SPECIAL)
				nt_token_flag(&t->token[part[k]], NT_IN_VOCAB, true);
	}
}

/* What a written token stands for in text goes behind the others' bytes. */
static int show(struct nt_tokenizer *t, uint32_t id, size_t n_space)
{
	size_t at = t->bytes.len;
	struct nt_token token = t->token[id];
	int rc = nt_buf_reserve(&t->bytes, token.len + SLACK);
	if (rc < 0)
		return rc;
	const uint8_t *p = nt_token_text(t, id), *end = p + token.len;
	uint8_t *to = t->bytes.data + at;
	while (p < end) {
		bool is_space = n_space && *p == (uint8_t)t->space[0] && (size_t)(end - p) >= n_space &&
				memcmp(p, t->space, n_space) == 0;
		*to++ = is_space ? ' ' : *p;
		p += is_space ? n_space : 1;
	}
	t->bytes.len = (size_t)(to - t->bytes.data);
	t->shown[id] = (struct nt_token){.at = (uint32_t)at, .len = (uint32_t)(t->bytes.len - at) & 0xffffff};
	return 0;
}

static int show_bytes(struct nt_tokenizer *t)
{
	int rc = 0;
	for (int b = 0; rc == 0 && b < 256; b++) {
		char name[8];
		snprintf(name, sizeof(name), "<0x%02X>", (uint8_t)b);
		uint32_t id = nt_token_find_ordinary(t, name, 6);
		if (id == NT_NO_TOKEN)
			continue;
		t->byte_id[b] = id;
		t->shown[id] = (struct nt_token){.at = (uint32_t)t->bytes.len, .len = 1};
		rc = nt_buf_add(&t->bytes, &(uint8_t){(uint8_t)b}, 1);
		if (rc == 0)
			rc = nt_buf_reserve(&t->bytes, SLACK);
	}
	return rc;
}

static int show_all(struct nt_tokenizer *t)
{
	if (!(t->shown = nt_calloc(t->ident.vocab_size, sizeof(*t->shown))))
		return NT_ESYS;
	size_t n_space = strlen(t->space);
	int rc = 0;
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++)
		if (t->token[id].kind != NT_KIND_NONE)
			rc = show(t, id, n_space);
	if (rc == 0 && t->has_fallback)
		rc = show_bytes(t);
	if (rc == 0 && t->bytes.len > UINT32_MAX)
		rc = nt_fail(NT_EFORMAT, "all tokens together are too long");
	return rc;
}

static bool is_engine(const struct nt_pattern *p)
{
	return p->code != NULL;
}

/* Says so where a general engine for regular expressions has part in the work. */
static void remark_engine(struct nt_tokenizer *t)
{
	size_t n = strlen(t->remark);
	bool has_engine = is_engine(&t->split);
	for (size_t i = 0; i < t->n_presplit; i++)
		has_engine |= is_engine(&t->presplit[i].matcher.pattern);
	for (size_t i = 0; i < t->n_normalizer; i++)
		has_engine |= is_engine(&t->normalizer[i].matcher.pattern);
	if (has_engine)
		snprintf(t->remark + n, sizeof(t->remark) - n, "%san expression without a matcher of ours: "
			 "by PCRE2, which is slower", n ? "; " : "");
}

int nt_tokenizer_finish(struct nt_tokenizer *t, bool prefers_whole)
{
	int rc = t->only_tokens ? 0 : nt_merges_index(t);
	t->prefers_whole = prefers_whole;
	settle_parts(t);
	if (rc == 0 && !t->only_tokens)
		rc = nt_byte_pairs_index(t);
	if (rc == 0)
		rc = nt_tokenizer_settle_ends(t);
	if (rc == 0)
		rc = check_names(t);
	remark_engine(t);
	if (rc == 0 && t->is_written)
		rc = show_all(t);
	if (rc == 0)
		rc = nt_added_index(t);
	return rc < 0 || t->only_tokens ? rc : nt_written_index(t);
}

/* --- asking -------------------------------------------------------------------- */

const struct nt_ident *nt_tokenizer_summary(const struct nt_tokenizer *t)
{
	return &t->ident;
}

const char *nt_tokenizer_pattern(const struct nt_tokenizer *t)
{
	return t->split.name ? t->split.name : t->split.regex;
}

const char *nt_tokenizer_remark(const struct nt_tokenizer *t)
{
	return *t->remark ? t->remark : NULL;
}

static bool is_kind(const struct nt_tokenizer *t, uint32_t id, enum nt_token_kind kind)
{
	return id < t->ident.vocab_size && t->token[id].kind == kind;
}

const uint8_t *nt_token_bytes(const struct nt_tokenizer *t, uint32_t id, size_t *len)
{
	bool has_bytes = is_kind(t, id, NT_KIND_ORDINARY) || is_kind(t, id, NT_KIND_ADDED);
	const struct nt_token *token = t->shown ? &t->shown[id] : &t->token[id];
	*len = has_bytes ? token->len : 0;
	return has_bytes ? t->bytes.data + token->at : NULL;
}

uint32_t *nt_token_lengths(const struct nt_tokenizer *t)
{
	uint32_t *table = nt_calloc(t->ident.vocab_size, sizeof(*table));
	for (uint32_t id = 0; table && id < t->ident.vocab_size; id++) {
		size_t len;
		nt_token_bytes(t, id, &len);
		table[id] = (uint32_t)len;
	}
	return table;
}

bool nt_token_is_special(const struct nt_tokenizer *t, uint32_t id)
{
	return is_kind(t, id, NT_KIND_SPECIAL);
}

const char *nt_token_name(const struct nt_tokenizer *t, uint32_t id)
{
	return nt_token_is_special(t, id) ? (const char *)nt_token_text(t, id) : NULL;
}

/* The written token that stands for these bytes. */
static uint32_t find_shown(const struct nt_tokenizer *t, const uint8_t *bytes, size_t len)
{
	struct nt_buf text = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = *t->space && bytes[i] == ' ' ? nt_buf_add(&text, t->space, strlen(t->space))
						  : nt_buf_add(&text, bytes + i, 1);
	uint32_t id = rc == 0 && len ? nt_token_find_ordinary(t, text.data, text.len) : NT_NO_TOKEN;
	nt_buf_release(&text);
	return id == NT_NO_TOKEN && len == 1 && t->has_fallback ? t->byte_id[*bytes] : id;
}

uint32_t nt_token_find(const struct nt_tokenizer *t, const void *bytes, size_t len)
{
	uint32_t id = t->is_written ? find_shown(t, bytes, len) : nt_token_find_ordinary(t, bytes, len);
	if (id == NT_NO_TOKEN)
		id = nt_added_find(t, &t->raw, bytes, len);
	return id == NT_NO_TOKEN ? nt_added_find(t, &t->normalized, bytes, len) : id;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

uint32_t nt_token_trimmed(const struct nt_tokenizer *t, uint32_t id)
{
	size_t len;
	const uint8_t *bytes = nt_token_bytes(t, id, &len);
	size_t end = len;
	while (end && is_blank(bytes[end - 1]))
		end--;
	if (end == 0 || end == len)
		return end == len ? id : NT_NO_TOKEN;
	uint32_t found = nt_token_find(t, bytes, end);
	return found == NT_NO_TOKEN ? id : found;
}
