/* SPDX-License-Identifier: MIT */
/*
 * hf.c - Hugging Face's tokenizer.json, as far as it is BPE
 *
 * The file is a description of a machine with many optional parts. Every part is either
 * done exactly or refused by its name: ids that are nearly right are worse than none. Not
 * done: other models than BPE, dropout, affixes, and a few normalizers and pre-tokenizers
 * (hf_steps.c). post_processor says nothing about the ids of plain text and is passed
 * over; of the decoder we want to know what became of spaces. The two long lists, vocab
 * and merges, are hf_model.c's.
 */
#include "token/hf.h"

#include <string.h>

#include "nt/err.h"

struct json_object *nt_hf_get(struct json_object *obj, const char *key)
{
	struct json_object *value;
	if (!json_object_is_type(obj, json_type_object) || !json_object_object_get_ex(obj, key, &value))
		return NULL;
	return value;
}

bool nt_hf_is_true(struct json_object *obj, const char *key, bool otherwise)
{
	struct json_object *value = nt_hf_get(obj, key);
	return value ? json_object_get_boolean(value) : otherwise;
}

const char *nt_hf_text(struct json_object *obj, const char *key)
{
	struct json_object *value = nt_hf_get(obj, key);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

int nt_hf_refuse(const char *what, const char *which)
{
	return nt_fail(NT_EFORMAT, "its %s%s%s%s is not implemented", what, *which ? " '" : "", which,
		       *which ? "'" : "");
}

/* --- the model ------------------------------------------------------------------ */

static int check_model(struct nt_tokenizer *t, struct json_object *model)
{
	static const char *const affixes[] = {"continuing_subword_prefix", "end_of_word_suffix"};
	const char *type = nt_hf_text(model, "type");
	if (!model)
		return nt_fail(NT_EFORMAT, "not a tokenizer.json: no model in it");
	if (*type ? strcmp(type, "BPE") != 0 : !nt_hf_get(model, "merges"))
		return nt_hf_refuse("model", type);
	if (json_object_get_double(nt_hf_get(model, "dropout")) > 0)
		return nt_hf_refuse("model's", "dropout");
	for (size_t i = 0; i < 2; i++)
		if (*nt_hf_text(model, affixes[i]))
			return nt_hf_refuse("model's", affixes[i]);
	t->has_fallback = nt_hf_is_true(model, "byte_fallback", false);
	t->fuses_unk = nt_hf_is_true(model, "fuse_unk", false);
	return 0;
}

/* The token of the unknown is in the vocabulary. Bytes are never unknown. */
static int read_unk(struct nt_tokenizer *t, struct json_object *model)
{
	const char *name = nt_hf_text(model, "unk_token");
	if (!*name || !t->is_written)
		return 0;
	t->unk = nt_token_find_named(t, name);
	if (t->unk == NT_NO_TOKEN)
		t->unk = nt_token_find_ordinary(t, name, strlen(name));
	return t->unk == NT_NO_TOKEN ? nt_fail(NT_EFORMAT, "its unk_token '%s' is no token", name) : 0;
}

/* --- back to text ---------------------------------------------------------------- */

static void set_space(struct nt_tokenizer *t, const char *space, size_t len)
{
	if (len == 0 || len >= sizeof(t->space))
		return;
	memcpy(t->space, space, len);
	t->space[len] = 0;
}

/* What the steps write for a space, and whether they put one in front: the decoder of a
 * file that has none. */
static void undo_steps(struct nt_tokenizer *t)
{
	for (size_t i = 0; i < t->n_normalizer; i++) {
		const struct nt_normalizer *s = &t->normalizer[i];
		if (s->kind == NT_NORMALIZE_REPLACE && s->matcher.kind == NT_MATCH_STRING &&
		    s->matcher.len == 1 && *s->matcher.string == ' ')
			set_space(t, s->content, s->content_len);
		t->strips_space |= s->kind == NT_NORMALIZE_PREPEND;
	}
	for (size_t i = 0; i < t->n_presplit; i++) {
		if (t->presplit[i].kind != NT_PRESPLIT_METASPACE)
			continue;
		set_space(t, t->presplit[i].replacement, strlen(t->presplit[i].replacement));
		t->strips_space |= t->presplit[i].prepend != NT_PREPEND_NEVER;
	}
}

static void read_decoder(struct nt_tokenizer *t, struct json_object *decoder)
{
	const char *type = nt_hf_text(decoder, "type");
	struct json_object *list = nt_hf_get(decoder, "decoders");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < n && strcmp(type, "Sequence") == 0; i++)
		read_decoder(t, json_object_array_get_idx(list, i));
	if (strcmp(type, "Replace") == 0 && strcmp(nt_hf_text(decoder, "content"), " ") == 0) {
		const char *space = nt_hf_text(nt_hf_get(decoder, "pattern"), "String");
		set_space(t, space, strlen(space));
	}
	if (strcmp(type, "Strip") == 0 && strcmp(nt_hf_text(decoder, "content"), " ") == 0)
		t->strips_space = json_object_get_int(nt_hf_get(decoder, "start")) > 0;
	if (strcmp(type, "Metaspace") == 0) {
		const char *space = nt_hf_text(decoder, "replacement");
		set_space(t, space, strlen(space));
		t->strips_space = strcmp(nt_hf_text(decoder, "prepend_scheme"), "never") != 0 &&
				  nt_hf_is_true(decoder, "add_prefix_space", true);
	}
}

/* --- added tokens --------------------------------------------------------------- */

static int read_added_token(struct nt_tokenizer *t, struct json_object *entry)
{
	static const struct {
		const char *key;
		enum nt_token_flag flag;
	} flags[] = {{"single_word", NT_SINGLE_WORD}, {"lstrip", NT_LSTRIP}, {"rstrip", NT_RSTRIP},
		     {"normalized", NT_NORMALIZED}};
	struct json_object *content = nt_hf_get(entry, "content");
	uint32_t id = NT_NO_TOKEN;
	int rc = nt_hf_read_id(nt_hf_get(entry, "id"), &id);
	if (rc < 0)
		return rc;
	if (!json_object_is_type(content, json_type_string))
		return nt_fail(NT_EFORMAT, "added token %u has no content", id);
	rc = nt_tokenizer_add(t, id, json_object_get_string(content),
			      (size_t)json_object_get_string_len(content),
			      nt_hf_is_true(entry, "special", false) ? NT_KIND_SPECIAL : NT_KIND_ADDED);
	for (size_t i = 0; rc == 0 && i < sizeof(flags) / sizeof(*flags); i++)
		if (nt_hf_is_true(entry, flags[i].key, false))
			nt_token_flag(&t->token[id], flags[i].flag, true);
	if (rc == 0) /* only a canonical file says that */
		nt_token_flag(&t->token[id], NT_OUTSIDE, !nt_hf_is_true(entry, "in_vocab", true));
	return rc;
}

static int read_added(struct nt_tokenizer *t, struct json_object *root)
{
	struct json_object *list = nt_hf_get(root, "added_tokens");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = read_added_token(t, json_object_array_get_idx(list, i));
	return rc;
}

/* --- the whole ------------------------------------------------------------------ */

static int read_parts(struct nt_tokenizer *t, const struct nt_hf_file *f, const char *pattern)
{
	struct json_object *model = nt_hf_get(f->root, "model"), *decoder = nt_hf_get(f->root, "decoder");
	int rc;
	if ((rc = check_model(t, model)) < 0 || (rc = nt_hf_read_normalizer(t, f->root)) < 0 ||
	    (rc = nt_hf_read_pre_tokenizer(t, f->root, pattern)) < 0 ||
	    (rc = read_added(t, f->root)) < 0 || (rc = nt_hf_read_vocab(t, f)) < 0 ||
	    (rc = nt_tokenizer_index(t)) < 0 || (rc = read_unk(t, model)) < 0 ||
	    (!f->only_tokens && (rc = nt_hf_read_merges(t, f)) < 0))
		return rc;
	if (t->is_written && decoder)
		read_decoder(t, decoder);
	else if (t->is_written)
		undo_steps(t);
	return nt_tokenizer_finish(t, nt_hf_is_true(model, "ignore_merges", false));
}

static int parse(struct nt_tokenizer **out, const void *json, size_t len, const char *name,
		 const char *pattern, bool only_tokens)
{
	struct nt_hf_file f;
	struct nt_tokenizer *t = NULL;
	int rc = nt_hf_open(&f, json, len, only_tokens);
	if (rc == 0)
		rc = nt_tokenizer_new(&t, name);
	if (rc == 0) {
		t->only_tokens = only_tokens;
		nt_tokenizer_expect(t, len);
		rc = read_parts(t, &f, pattern);
	}
	nt_hf_close(&f);
	if (rc < 0)
		nt_tokenizer_free(t);
	*out = rc == 0 ? t : NULL;
	return rc;
}

int nt_hf_parse(struct nt_tokenizer **out, const void *json, size_t len, const char *name,
		const char *pattern)
{
	return parse(out, json, len, name, pattern, false);
}

int nt_hf_parse_tokens(struct nt_tokenizer **out, const void *json, size_t len, const char *name)
{
	return parse(out, json, len, name, NULL, true);
}
