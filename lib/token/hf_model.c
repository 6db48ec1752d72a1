/* SPDX-License-Identifier: MIT */
/*
 * hf_model.c - the text of a tokenizer.json, and its two long lists: vocab and merges
 *
 * A file of 28 MB is half a million short strings, and a page of everything else. The
 * text is read once: of the two lists it is only written down where their strings are,
 * because what a string means may be said behind it; the rest becomes a tree. Then the
 * strings become bytes, and halves of merges ids, many at a time.
 *
 * A merge counts by its place in the list, not by the id it makes.
 */
#include "token/hf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"

enum { DEPTH_MOST = 64, BATCH = 64 };

/* --- where the strings are ---------------------------------------------------------- */

static const uint8_t *string_text(const struct nt_hf_file *f, struct nt_hf_string s)
{
	return s.at < f->len ? f->text + s.at : f->aside.data + (s.at - f->len);
}

static int note(struct nt_hf_file *f, struct nt_hf_string *s, const struct nt_json_text *text)
{
	*s = (struct nt_hf_string){.len = (uint32_t)text->len};
	if (!text->had_escape) {
		s->at = (uint32_t)(text->p - f->text);
		return 0;
	}
	s->at = (uint32_t)(f->len + f->aside.len);
	return nt_buf_add(&f->aside, text->p, text->len);
}

static bool is_id(const struct nt_json_text *number, uint32_t *id)
{
	uint64_t n = 0;
	for (size_t i = 0; i < number->len; i++) {
		if (number->p[i] < '0' || number->p[i] > '9' || n > UINT32_MAX)
			return false;
		n = n * 10 + (number->p[i] - '0');
	}
	*id = (uint32_t)n;
	return n < UINT32_MAX;
}

static int scan_vocab(struct nt_hf_file *f, struct nt_json *j)
{
	struct nt_json_text key, value;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		struct nt_hf_entry e;
		if ((rc = note(f, &e.key, &key)) < 0 || (rc = nt_json_skip(j, &value)) < 0)
			break;
		if (!is_id(&value, &e.id))
			return nt_fail(NT_EFORMAT, "an id is %.*s: not a number from 0 on",
				       (int)value.len, (const char *)value.p);
		rc = nt_grow(&f->vocab, &f->vocab_cap, f->n_vocab + 1, sizeof(*f->vocab));
		if (rc == 0)
			f->vocab[f->n_vocab++] = e;
	}
	return rc;
}

/* A merge written "a b". */
static int scan_joined(struct nt_hf_file *f, struct nt_json *j, struct nt_hf_string half[2])
{
	struct nt_json_text text;
	int rc = nt_json_read_string(j, &text);
	if (rc < 0)
		return rc;
	const uint8_t *space = memchr(text.p, ' ', text.len);
	if (!space)
		return 0;
	if ((rc = note(f, &half[0], &text)) < 0)
		return rc;
	half[0].len = (uint32_t)(space - text.p);
	half[1].at = half[0].at + half[0].len + 1;
	half[1].len = (uint32_t)text.len - half[0].len - 1;
	return 1;
}

/* A merge written ["a", "b"]. */
static int scan_pair(struct nt_hf_file *f, struct nt_json *j, struct nt_hf_string half[2])
{
	struct nt_json_text text;
	int rc = nt_json_enter(j, '['), n = 0;
	while (rc >= 0 && (rc = nt_json_more(j)) > 0) {
		if (n == 2 || (rc = nt_json_peek(j)) != '"')
			return rc < 0 ? rc : 0;
		if ((rc = nt_json_read_string(j, &text)) == 0)
			rc = note(f, &half[n++], &text);
	}
	return rc < 0 ? rc : n == 2;
}

static int scan_merges(struct nt_hf_file *f, struct nt_json *j)
{
	int rc = nt_json_enter(j, '[');
	while (rc >= 0 && (rc = nt_json_more(j)) > 0) {
		struct nt_hf_string half[2];
		int kind = nt_json_peek(j);
		if (kind < 0)
			return kind;
		rc = kind == '"' ? scan_joined(f, j, half) : kind == '[' ? scan_pair(f, j, half) : 0;
		if (rc == 0)
			return nt_fail(NT_EFORMAT, "merge %zu, before byte %zu: neither \"a b\" nor [\"a\", \"b\"]",
				       f->n_half / 2, (size_t)(j->at - j->text));
		if (rc > 0)
			rc = nt_grow(&f->half, &f->half_cap, f->n_half + 2, sizeof(*f->half));
		if (rc < 0)
			break;
		f->half[f->n_half++] = half[0];
		f->half[f->n_half++] = half[1];
	}
	return rc;
}

/* Adds to rest what stands before the list that comes next, and an empty one for it. */
static int leave_out(struct nt_json *j, struct nt_buf *rest, const uint8_t **kept, const char *empty)
{
	int rc = nt_buf_add(rest, *kept, (size_t)(j->at - *kept));
	return rc < 0 ? rc : nt_buf_add(rest, empty, 2);
}

/* A list that is none, as in the files of other models, stays with the rest. */
static int scan_model(struct nt_hf_file *f, struct nt_json *j, struct nt_buf *rest,
		      const uint8_t **kept)
{
	struct nt_json_text key;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		bool is_vocab = nt_json_is(&key, "vocab"), is_merges = nt_json_is(&key, "merges");
		int kind = nt_json_peek(j);
		if (kind != (is_vocab ? '{' : is_merges ? '[' : 0)) {
			rc = kind < 0 ? kind : nt_json_skip(j, NULL);
			continue;
		}
		bool *has = is_vocab ? &f->has_vocab : &f->has_merges;
		if (*has)
			return nt_fail(NT_EFORMAT, "its model has %s twice", is_vocab ? "vocab" : "merges");
		*has = true;
		if ((rc = leave_out(j, rest, kept, is_vocab ? "{}" : "[]")) < 0)
			break;
		rc = is_vocab ? scan_vocab(f, j) : scan_merges(f, j);
		*kept = j->at;
	}
	return rc;
}

static int scan(struct nt_hf_file *f, struct nt_json *j, struct nt_buf *rest)
{
	struct nt_json_text key;
	const uint8_t *kept = f->text;
	int rc = nt_json_peek(j);
	if (rc == '{') {
		rc = nt_json_enter(j, '{');
		while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
			rc = nt_json_is(&key, "model") ? nt_json_peek(j) : 0;
			if (rc >= 0)
				rc = rc == '{' ? scan_model(f, j, rest, &kept) : nt_json_skip(j, NULL);
		}
	} else if (rc > 0) {
		rc = nt_json_skip(j, NULL);
	}
	if (rc == 0)
		rc = nt_json_end(j);
	return rc < 0 ? rc : nt_buf_add(rest, kept, (size_t)(j->end - kept));
}

/* --- the rest ------------------------------------------------------------------------ */

static int make_tree(struct json_object **root, const struct nt_buf *rest)
{
	if (rest->len > INT_MAX)
		return nt_fail(NT_EFORMAT, "%zu bytes of JSON are too many", rest->len);
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MOST);
	if (!tok)
		return nt_fail(NT_ESYS, "out of memory: a JSON parser");
	*root = json_tokener_parse_ex(tok, (const char *)rest->data, (int)rest->len);
	enum json_tokener_error err = json_tokener_get_error(tok);
	json_tokener_free(tok);
	return *root ? 0 : nt_fail(NT_EFORMAT, "not JSON: %s", json_tokener_error_desc(err));
}

int nt_hf_open(struct nt_hf_file *f, const void *json, size_t len)
{
	struct nt_buf rest = {0};
	struct nt_json j;
	*f = (struct nt_hf_file){.text = json, .len = len};
	if (len > INT_MAX)
		return nt_fail(NT_EFORMAT, "%zu bytes of JSON are too many", len);
	nt_json_init(&j, json, len);
	int rc = scan(f, &j, &rest);
	if (rc == 0)
		rc = make_tree(&f->root, &rest);
	nt_json_release(&j);
	nt_buf_release(&rest);
	return rc;
}

void nt_hf_close(struct nt_hf_file *f)
{
	json_object_put(f->root);
	nt_buf_release(&f->aside);
	free(f->vocab);
	free(f->half);
	*f = (struct nt_hf_file){0};
}

int nt_hf_read_id(struct json_object *value, uint32_t *id)
{
	int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
	if (n < 0 || n >= UINT32_MAX)
		return nt_fail(NT_EFORMAT, "an id is %s: not a number from 0 on",
			       json_object_to_json_string(value));
	*id = (uint32_t)n;
	return 0;
}

/* --- strings to tokens ---------------------------------------------------------------- */

/* An entry of the vocabulary that the added tokens also name is theirs. */
static bool is_added(const struct nt_tokenizer *t, uint32_t id, const uint8_t *text, size_t len)
{
	return id < t->ident.vocab_size && t->token[id].kind != NT_KIND_NONE &&
	       t->token[id].len == len && memcmp(nt_token_text(t, id), text, len) == 0;
}

/* An added token is part of merges under its name, which must be its spelling there. */
static bool may_merge(const struct nt_tokenizer *t, const uint8_t *text, size_t len)
{
	bool is_itself = true;
	for (size_t i = 0; i < len; i++)
		is_itself &= text[i] > ' ' && text[i] < 0x7f;
	return t->is_written || is_itself;
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
		const uint8_t *text = string_text(f, f->vocab[i].key);
		size_t len = f->vocab[i].key.len, n;
		uint32_t id = f->vocab[i].id;
		if (is_added(t, id, text, len)) {
			nt_token_flag(&t->token[id], NT_IN_VOCAB, may_merge(t, text, len));
			continue;
		}
		if (t->is_written)
			memcpy(t->bytes.data + t->bytes.len, text, n = len);
		else if (nt_alphabet_read_some(t->bytes.data + t->bytes.len, &n, text, len) < len)
			rc = nt_fail(NT_EFORMAT, "token %u, '%.*s': not in the alphabet of bytes", id,
				     (int)len, (const char *)text);
		if (rc == 0)
			rc = nt_tokenizer_claim(t, id, n, NT_KIND_ORDINARY);
	}
	return rc;
}

/* The ids of half[n]; bytes is room for them. */
static int find_halves(const struct nt_tokenizer *t, const struct nt_hf_file *f, size_t from,
		       size_t n, struct nt_lookup *lookup, struct nt_buf *bytes)
{
	size_t room = 16, at = 0;
	for (size_t i = 0; i < n; i++)
		room += f->half[from + i].len;
	bytes->len = 0;
	int rc = nt_buf_reserve(bytes, room);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct nt_hf_string s = f->half[from + i];
		const uint8_t *text = string_text(f, s);
		size_t made;
		bool is_token = true;
		if (t->is_written)
			memcpy(bytes->data + at, text, made = s.len);
		else
			is_token = nt_alphabet_read_some(bytes->data + at, &made, text, s.len) == s.len;
		lookup[i] = (struct nt_lookup){.bytes = bytes->data + at, .len = is_token ? (uint32_t)made : 0};
		at += made;
	}
	nt_token_find_many(t, lookup, n);
	for (size_t i = 0; i < n; i++)
		if (lookup[i].id == NT_NO_TOKEN)
			return nt_fail(NT_EFORMAT, "merge %zu: '%.*s' is not in the vocabulary", (from + i) / 2,
				       (int)f->half[from + i].len,
				       (const char *)string_text(f, f->half[from + i]));
	return 0;
}

int nt_hf_read_merges(struct nt_tokenizer *t, const struct nt_hf_file *f)
{
	if (!f->has_merges)
		return nt_fail(NT_EFORMAT, "its model has no merges");
	struct nt_lookup lookup[BATCH];
	struct nt_buf bytes = {0};
	int rc = nt_grow(&t->pair, &t->pair_cap, f->n_half / 2, sizeof(*t->pair));
	for (size_t i = 0, n; rc == 0 && i < f->n_half; i += n) {
		n = f->n_half - i < BATCH ? f->n_half - i : BATCH;
		rc = find_halves(t, f, i, n, lookup, &bytes);
		for (size_t k = 0; rc == 0 && k < n; k += 2)
			rc = nt_tokenizer_merge(t, lookup[k].id, lookup[k + 1].id);
	}
	nt_buf_release(&bytes);
	return rc;
}
