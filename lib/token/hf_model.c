/* SPDX-License-Identifier: MIT */
/*
 * hf_model.c - the text of a tokenizer.json, and its two long lists: vocab and merges
 *
 * A merge counts by its place in the list, not by the id it makes.
 */
#include "token/hf.h"

#include <limits.h>
#include <string.h>

#include "nt/err.h"

enum { DEPTH_MOST = 64 };

static int parse_json(struct json_object **root, const void *json, size_t len)
{
	if (len > INT_MAX)
		return nt_fail(NT_EFORMAT, "%zu bytes of JSON are too many", len);
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MOST);
	if (!tok)
		return nt_fail(NT_ESYS, "out of memory: a JSON parser");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
				    JSON_TOKENER_VALIDATE_UTF8);
	*root = json_tokener_parse_ex(tok, json, (int)len);
	enum json_tokener_error err = json_tokener_get_error(tok);
	size_t end = json_tokener_get_parse_end(tok);
	const char *rest = (const char *)json + end;
	json_tokener_free(tok);
	if (err == json_tokener_continue || (err == json_tokener_success && !*root))
		return nt_fail(NT_EFORMAT, "cut: its JSON goes on behind byte %zu", len);
	if (err != json_tokener_success)
		return nt_fail(NT_EFORMAT, "not JSON at byte %zu: %s", end, json_tokener_error_desc(err));
	for (size_t i = 0; i < len - end; i++)
		if (!strchr(" \t\r\n", rest[i]) || !rest[i])
			return nt_fail(NT_EFORMAT, "its JSON ends at byte %zu, but the file goes on", end);
	return 0;
}

int nt_hf_open(struct nt_hf_file *f, const void *json, size_t len)
{
	*f = (struct nt_hf_file){0};
	return parse_json(&f->root, json, len);
}

void nt_hf_close(struct nt_hf_file *f)
{
	json_object_put(f->root);
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

/* model[key], or NULL. */
static struct json_object *member(const struct nt_hf_file *f, const char *key)
{
	struct json_object *model, *value;
	if (!json_object_is_type(f->root, json_type_object) ||
	    !json_object_object_get_ex(f->root, "model", &model) ||
	    !json_object_is_type(model, json_type_object) ||
	    !json_object_object_get_ex(model, key, &value))
		return NULL;
	return value;
}

/* An entry of the vocabulary that the added tokens also name is theirs. */
static bool is_added(const struct nt_tokenizer *t, uint32_t id, const char *text)
{
	return id < t->ident.vocab_size && t->token[id].kind != NT_KIND_NONE &&
	       strcmp((const char *)nt_token_text(t, id), text) == 0;
}

int nt_hf_read_vocab(struct nt_tokenizer *t, const struct nt_hf_file *f)
{
	struct json_object *vocab = member(f, "vocab");
	if (!json_object_is_type(vocab, json_type_object))
		return nt_fail(NT_EFORMAT, "its model has no vocab");
	struct nt_buf bytes = {0};
	int rc = 0;
	json_object_object_foreach(vocab, text, value)
	{
		uint32_t id = NT_NO_TOKEN;
		bytes.len = 0;
		if ((rc = nt_hf_read_id(value, &id)) < 0)
			break;
		if (is_added(t, id, text))
			continue;
		rc = nt_alphabet_read(&bytes, text, strlen(text));
		if (rc == 0)
			rc = nt_fail(NT_EFORMAT, "token %u, '%s': not in the alphabet of bytes", id, text);
		if (rc > 0)
			rc = nt_tokenizer_add(t, id, bytes.data, bytes.len, NT_KIND_ORDINARY);
		if (rc < 0)
			break;
	}
	nt_buf_release(&bytes);
	return rc;
}

/* The ordinary token written as text[len], or NT_NO_TOKEN. */
static uint32_t find_written(const struct nt_tokenizer *t, struct nt_buf *bytes, const char *text,
			     size_t len)
{
	bytes->len = 0;
	if (nt_alphabet_read(bytes, text, len) != 1 || bytes->len == 0)
		return NT_NO_TOKEN;
	return nt_token_find_ordinary(t, bytes->data, bytes->len);
}

/* The two halves of a merge, "a b" or ["a", "b"]; false if it is neither. */
static bool halves(struct json_object *merge, const char *half[2], size_t len[2])
{
	if (json_object_is_type(merge, json_type_string)) {
		half[0] = json_object_get_string(merge);
		size_t n = (size_t)json_object_get_string_len(merge);
		const char *space = memchr(half[0], ' ', n);
		if (!space)
			return false;
		len[0] = (size_t)(space - half[0]);
		half[1] = space + 1;
		len[1] = n - len[0] - 1;
		return true;
	}
	if (!json_object_is_type(merge, json_type_array) || json_object_array_length(merge) != 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		struct json_object *value = json_object_array_get_idx(merge, i);
		if (!json_object_is_type(value, json_type_string))
			return false;
		half[i] = json_object_get_string(value);
		len[i] = (size_t)json_object_get_string_len(value);
	}
	return true;
}

int nt_hf_read_merges(struct nt_tokenizer *t, const struct nt_hf_file *f)
{
	struct json_object *list = member(f, "merges");
	if (!json_object_is_type(list, json_type_array))
		return nt_fail(NT_EFORMAT, "its model has no merges");
	struct nt_buf bytes = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < json_object_array_length(list); i++) {
		struct json_object *merge = json_object_array_get_idx(list, i);
		const char *half[2];
		size_t len[2];
		uint32_t id[2];
		if (!halves(merge, half, len)) {
			rc = nt_fail(NT_EFORMAT, "merge %zu, %s: neither \"a b\" nor [\"a\", \"b\"]", i,
				     json_object_to_json_string(merge));
			break;
		}
		for (size_t k = 0; rc == 0 && k < 2; k++) {
			id[k] = find_written(t, &bytes, half[k], len[k]);
			if (id[k] == NT_NO_TOKEN)
				rc = nt_fail(NT_EFORMAT, "merge %zu: '%.*s' is not in the vocabulary", i,
					     (int)len[k], half[k]);
		}
		if (rc == 0)
			rc = nt_tokenizer_merge(t, id[0], id[1]);
	}
	nt_buf_release(&bytes);
	return rc;
}
