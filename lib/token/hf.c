/* SPDX-License-Identifier: MIT */
/*
 * hf.c - Hugging Face's tokenizer.json, as far as it is byte-level BPE
 *
 * The file is a description of a machine with many optional parts. Every part is either
 * done exactly or refused by its name: ids that are nearly right are worse than none. Not
 * done: other models than BPE, normalizers, byte fallback, dropout, affixes, prefix spaces,
 * tokens that swallow the space around them, pre-tokenizers other than ByteLevel with or
 * without one Split before it. post_processor and decoder say nothing about the ids of
 * plain text and are passed over.
 *
 * A merge counts by its place in the list, not by the id it makes.
 */
#include "token/tokenizer.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

enum { DEPTH_MOST = 64 };

/* obj[key], or NULL where obj is no object, has no such key, or says null. */
static struct json_object *get(struct json_object *obj, const char *key)
{
	struct json_object *value;
	if (!json_object_is_type(obj, json_type_object) || !json_object_object_get_ex(obj, key, &value))
		return NULL;
	return value;
}

static bool is_true(struct json_object *obj, const char *key, bool otherwise)
{
	struct json_object *value = get(obj, key);
	return value ? json_object_get_boolean(value) : otherwise;
}

/* obj[key] if it is a string, else "". */
static const char *text_of(struct json_object *obj, const char *key)
{
	struct json_object *value = get(obj, key);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static int refuse(const char *what, const char *which)
{
	return nt_fail(NT_EFORMAT, "its %s %s%s%s is not implemented", what, *which ? "'" : "", which,
		       *which ? "'" : "");
}

static int read_id(struct json_object *value, uint32_t *id)
{
	int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
	if (n < 0 || n >= UINT32_MAX)
		return nt_fail(NT_EFORMAT, "an id is %s: not a number from 0 on",
			       json_object_to_json_string(value));
	*id = (uint32_t)n;
	return 0;
}

/* --- how text is cut ----------------------------------------------------------- */

static int check_byte_level(struct json_object *pre)
{
	if (is_true(pre, "add_prefix_space", true))
		return refuse("pre_tokenizer ByteLevel with", "add_prefix_space");
	return 0;
}

/* Where the pattern of a Split is: *rule points into the JSON. */
static int read_split(struct json_object *pre, const char **rule)
{
	struct json_object *pattern = get(pre, "pattern");
	const char *behavior = text_of(pre, "behavior");
	bool inverts = is_true(pre, "invert", false);
	if (!get(pattern, "Regex"))
		return refuse("pre_tokenizer Split by", "String");
	/* keeping only the matches is the same thing where everything matches, as it does
	 * for the famous patterns; what others leave out would be lost */
	*rule = text_of(pattern, "Regex");
	if (strcmp(behavior, "Isolated") == 0 && !inverts)
		return 0;
	struct nt_pattern s;
	int rc = nt_pattern_init(&s, *rule);
	bool is_total = rc == 0 && s.name;
	if (rc == 0)
		nt_pattern_release(&s);
	if (rc == 0 && !(is_total && strcmp(behavior, "Removed") == 0 && inverts))
		rc = refuse("pre_tokenizer Split with behavior", behavior);
	return rc;
}

static int read_sequence(struct json_object *list, const char **rule)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	struct json_object *last = n ? json_object_array_get_idx(list, n - 1) : NULL;
	if (n < 1 || n > 2 || strcmp(text_of(last, "type"), "ByteLevel") != 0)
		return refuse("pre_tokenizer", "Sequence of other than Split and ByteLevel");
	int rc = check_byte_level(last);
	*rule = is_true(last, "use_regex", true) ? "gpt2" : "none";
	if (rc < 0 || n == 1)
		return rc;
	struct json_object *first = json_object_array_get_idx(list, 0);
	if (strcmp(text_of(first, "type"), "Split") != 0)
		return refuse("pre_tokenizer", text_of(first, "type"));
	if (is_true(last, "use_regex", true))
		return refuse("pre_tokenizer", "Split before ByteLevel with use_regex");
	return read_split(first, rule);
}

static int read_pre_tokenizer(struct nt_tokenizer *t, struct json_object *root, const char *pattern)
{
	struct json_object *pre = get(root, "pre_tokenizer");
	const char *type = text_of(pre, "type"), *rule = "none";
	int rc;
	if (strcmp(type, "ByteLevel") == 0) {
		rc = check_byte_level(pre);
		rule = is_true(pre, "use_regex", true) ? "gpt2" : "none";
	} else if (strcmp(type, "Sequence") == 0) {
		rc = read_sequence(get(pre, "pretokenizers"), &rule);
	} else {
		rc = refuse("pre_tokenizer", *type ? type : "null");
	}
	if (rc < 0)
		return rc;
	rc = nt_pattern_init(&t->split, pattern ? pattern : rule);
	/* what the file says is the file's fault, not the user's */
	return rc == NT_EARG && !pattern ? nt_fail(NT_EFORMAT, "its pre_tokenizer: %s", nt_errmsg()) : rc;
}

static int check_normalizer(struct json_object *root)
{
	struct json_object *normalizer = get(root, "normalizer"), *list = get(normalizer, "normalizers");
	bool is_nothing = strcmp(text_of(normalizer, "type"), "Sequence") == 0 &&
			  json_object_is_type(list, json_type_array) &&
			  json_object_array_length(list) == 0;
	return !normalizer || is_nothing ? 0 : refuse("normalizer", text_of(normalizer, "type"));
}

static int check_model(struct json_object *model)
{
	static const char *const affixes[] = {"continuing_subword_prefix", "end_of_word_suffix"};
	const char *type = text_of(model, "type");
	if (*type ? strcmp(type, "BPE") != 0 : !get(model, "merges"))
		return refuse("model", type);
	if (json_object_get_double(get(model, "dropout")) > 0)
		return refuse("model's", "dropout");
	if (is_true(model, "byte_fallback", false))
		return refuse("model's", "byte_fallback");
	for (size_t i = 0; i < 2; i++)
		if (*text_of(model, affixes[i]))
			return refuse("model's", affixes[i]);
	return 0;
}

/* --- tokens and merges ---------------------------------------------------------- */

static int read_added_token(struct nt_tokenizer *t, struct json_object *entry)
{
	static const char *const flags[] = {"single_word", "lstrip", "rstrip"};
	struct json_object *content = get(entry, "content");
	uint32_t id = NT_NO_TOKEN;
	int rc = read_id(get(entry, "id"), &id);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < 3; i++)
		if (is_true(entry, flags[i], false))
			return refuse("added token with", flags[i]);
	if (!json_object_is_type(content, json_type_string))
		return nt_fail(NT_EFORMAT, "added token %u has no content", id);
	return nt_tokenizer_add(t, id, json_object_get_string(content),
				(size_t)json_object_get_string_len(content),
				is_true(entry, "special", false) ? NT_KIND_SPECIAL : NT_KIND_ADDED);
}

static int read_added(struct nt_tokenizer *t, struct json_object *root)
{
	struct json_object *list = get(root, "added_tokens");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = read_added_token(t, json_object_array_get_idx(list, i));
	return rc;
}

/* An entry of the vocabulary that the added tokens also name is theirs. */
static bool is_added(const struct nt_tokenizer *t, uint32_t id, const char *text)
{
	return id < t->ident.vocab_size && t->token[id].kind != NT_KIND_NONE &&
	       strcmp((const char *)nt_token_text(t, id), text) == 0;
}

static int read_vocab(struct nt_tokenizer *t, struct json_object *vocab)
{
	if (!json_object_is_type(vocab, json_type_object))
		return nt_fail(NT_EFORMAT, "its model has no vocab");
	struct nt_buf bytes = {0};
	int rc = 0;
	json_object_object_foreach(vocab, text, value)
	{
		uint32_t id = NT_NO_TOKEN;
		bytes.len = 0;
		if ((rc = read_id(value, &id)) < 0)
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

static int read_merges(struct nt_tokenizer *t, struct json_object *list)
{
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

/* --- the whole ------------------------------------------------------------------ */

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

int nt_hf_parse(struct nt_tokenizer **out, const void *json, size_t len, const char *name,
		const char *pattern)
{
	struct json_object *root = NULL;
	struct nt_tokenizer *t = NULL;
	int rc = parse_json(&root, json, len);
	if (rc < 0 || (rc = nt_tokenizer_new(&t, name)) < 0)
		goto out;
	struct json_object *model = get(root, "model");
	if ((rc = check_normalizer(root)) < 0 || (rc = check_model(model)) < 0 ||
	    (rc = read_pre_tokenizer(t, root, pattern)) < 0 || (rc = read_added(t, root)) < 0 ||
	    (rc = read_vocab(t, get(model, "vocab"))) < 0 || (rc = nt_tokenizer_index(t)) < 0 ||
	    (rc = read_merges(t, get(model, "merges"))) < 0)
		goto out;
	rc = nt_tokenizer_finish(t, is_true(model, "ignore_merges", false));
out:
	json_object_put(root);
	if (rc < 0)
		nt_tokenizer_free(t);
	*out = rc == 0 ? t : NULL;
	return rc;
}
