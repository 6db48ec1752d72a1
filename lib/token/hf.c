/* SPDX-License-Identifier: MIT */
/*
 * hf.c - Hugging Face's tokenizer.json, as far as it is byte-level BPE
 *
 * The file is a description of a machine with many optional parts. Every part is either
 * done exactly or refused by its name: ids that are nearly right are worse than none. Not
 * done: other models than BPE, normalizers, byte fallback, dropout, affixes, prefix spaces,
 * tokens that swallow the space around them, pre-tokenizers other than ByteLevel with or
 * without one Split before it. post_processor and decoder say nothing about the ids of
 * plain text and are passed over. The two long lists, vocab and merges, are hf_model.c's.
 */
#include "token/hf.h"

#include <string.h>

#include "nt/err.h"

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

/* --- added tokens --------------------------------------------------------------- */

static int read_added_token(struct nt_tokenizer *t, struct json_object *entry)
{
	static const char *const flags[] = {"single_word", "lstrip", "rstrip"};
	struct json_object *content = get(entry, "content");
	uint32_t id = NT_NO_TOKEN;
	int rc = nt_hf_read_id(get(entry, "id"), &id);
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

/* --- the whole ------------------------------------------------------------------ */

int nt_hf_parse(struct nt_tokenizer **out, const void *json, size_t len, const char *name,
		const char *pattern)
{
	struct nt_hf_file f;
	struct nt_tokenizer *t = NULL;
	int rc = nt_hf_open(&f, json, len);
	if (rc < 0 || (rc = nt_tokenizer_new(&t, name)) < 0)
		goto out;
	struct json_object *model = get(f.root, "model");
	if ((rc = check_normalizer(f.root)) < 0 || (rc = check_model(model)) < 0 ||
	    (rc = read_pre_tokenizer(t, f.root, pattern)) < 0 || (rc = read_added(t, f.root)) < 0 ||
	    (rc = nt_hf_read_vocab(t, &f)) < 0 || (rc = nt_tokenizer_index(t)) < 0 ||
	    (rc = nt_hf_read_merges(t, &f)) < 0)
		goto out;
	rc = nt_tokenizer_finish(t, is_true(model, "ignore_merges", false));
out:
	nt_hf_close(&f);
	if (rc < 0)
		nt_tokenizer_free(t);
	*out = rc == 0 ? t : NULL;
	return rc;
}
