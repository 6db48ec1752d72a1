/* SPDX-License-Identifier: MIT */
/*
 * hf_steps.c - what a tokenizer.json does to text: its normalizer and pre_tokenizer
 *
 * Both are one step, or a Sequence of steps and Sequences; here they become flat lists.
 * A pre-tokenizer that comes to one known pattern over bytes is that pattern. A step that
 * we do not have is refused by its name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "io/json.h"
#include "nt/err.h"
#include "token/hf.h"

enum { STEPS_MOST = 64 };

static const char *string_in(struct json_object *obj, const char *key, size_t *len)
{
	struct json_object *value = nt_hf_get(obj, key);
	bool is_string = json_object_is_type(value, json_type_string);
	*len = is_string ? (size_t)json_object_get_string_len(value) : 0;
	return is_string ? json_object_get_string(value) : NULL;
}

static int refuse_pattern(struct json_object *pattern)
{
	struct nt_buf text = {0};
	int rc = nt_json_text(&text, pattern);
	if (rc == 0)
		rc = nt_hf_refuse("pattern", (char *)text.data);
	nt_buf_release(&text);
	return rc;
}

/* {"String": ...} or {"Regex": ...}. What the file says is the file's fault, not the user's. */
static int read_pattern(struct nt_matcher *m, struct json_object *step)
{
	struct json_object *pattern = nt_hf_get(step, "pattern");
	size_t len;
	const char *text = string_in(pattern, "String", &len);
	if (text && len)
		return nt_matcher_string(m, text, len);
	text = string_in(pattern, "Regex", &len);
	if (!text || len == 0 || strlen(text) != len)
		return refuse_pattern(pattern);
	int rc = nt_matcher_pattern(m, text);
	return rc == NT_EARG ? nt_fail(NT_EFORMAT, "its %s: %s", nt_hf_text(step, "type"), nt_errmsg()) : rc;
}

/* Walks a Sequence, its members under `key`, or takes the one step. */
static int each(struct nt_tokenizer *t, struct json_object *step, const char *key, int depth,
		int (*take)(struct nt_tokenizer *t, struct json_object *step))
{
	if (strcmp(nt_hf_text(step, "type"), "Sequence") != 0)
		return take(t, step);
	struct json_object *list = nt_hf_get(step, key);
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = depth ? each(t, json_object_array_get_idx(list, i), key, depth - 1, take)
			   : nt_hf_refuse(key, "Sequence in a Sequence");
	return rc;
}

/* --- the normalizer --------------------------------------------------------------------- */

static int read_content(struct nt_normalizer *s, struct json_object *step, const char *key)
{
	const char *text = string_in(step, key, &s->content_len);
	if (!text)
		return nt_fail(NT_EFORMAT, "its normalizer %s has no %s", nt_hf_text(step, "type"), key);
	if (!(s->content = nt_alloc(s->content_len, 1)))
		return NT_ESYS;
	memcpy(s->content, text, s->content_len);
	return 0;
}

static int read_normalizer(struct nt_normalizer *s, struct json_object *step)
{
	static const struct {
		const char *type;
		struct nt_normalizer step;
	} simple[] = {
		{"NFC", {.kind = NT_NORMALIZE_FORM, .form = NT_NFC}},
		{"NFD", {.kind = NT_NORMALIZE_FORM, .form = NT_NFD}},
		{"NFKC", {.kind = NT_NORMALIZE_FORM, .form = NT_NFKC}},
		{"NFKD", {.kind = NT_NORMALIZE_FORM, .form = NT_NFKD}},
		{"Lowercase", {.kind = NT_NORMALIZE_LOWER}},
		{"StripAccents", {.kind = NT_NORMALIZE_ACCENTS}},
		{"Nmt", {.kind = NT_NORMALIZE_NMT}},
		{"Strip", {.kind = NT_NORMALIZE_STRIP}},
		{"Prepend", {.kind = NT_NORMALIZE_PREPEND}},
		{"Replace", {.kind = NT_NORMALIZE_REPLACE}},
	};
	const char *type = nt_hf_text(step, "type");
	size_t i = 0, n = sizeof(simple) / sizeof(*simple);
	while (i < n && strcmp(type, simple[i].type) != 0)
		i++;
	if (i == n)
		return nt_hf_refuse("normalizer", type);
	*s = simple[i].step;
	if (s->kind == NT_NORMALIZE_PREPEND)
		return read_content(s, step, "prepend");
	if (s->kind == NT_NORMALIZE_REPLACE) {
		int rc = read_pattern(&s->matcher, step);
		return rc < 0 ? rc : read_content(s, step, "content");
	}
	s->strips_left = nt_hf_is_true(step, "strip_left", true);
	s->strips_right = nt_hf_is_true(step, "strip_right", true);
	return 0;
}

static int take_normalizer(struct nt_tokenizer *t, struct json_object *step)
{
	if (t->n_normalizer == STEPS_MOST)
		return nt_fail(NT_EFORMAT, "its normalizer has more than %d steps", STEPS_MOST);
	return read_normalizer(&t->normalizer[t->n_normalizer++], step);
}

int nt_hf_read_normalizer(struct nt_tokenizer *t, struct json_object *root)
{
	struct json_object *normalizer = nt_hf_get(root, "normalizer");
	if (!normalizer)
		return 0;
	if (!(t->normalizer = nt_calloc(STEPS_MOST, sizeof(*t->normalizer))))
		return NT_ESYS;
	return each(t, normalizer, "normalizers", 3, take_normalizer);
}

/* --- the pre-tokenizer ------------------------------------------------------------------ */

static int read_behavior(enum nt_behavior *behavior, struct json_object *step, const char *otherwise)
{
	const char *name = nt_hf_text(step, "behavior");
	int b = nt_behavior_find(*name ? name : otherwise);
	if (b < 0)
		return nt_hf_refuse("behavior", name);
	*behavior = (enum nt_behavior)b;
	return 0;
}

static int read_split(struct nt_presplit *s, struct json_object *step)
{
	int rc = read_behavior(&s->behavior, step, "");
	s->inverts = nt_hf_is_true(step, "invert", false);
	if (rc == 0)
		rc = read_pattern(&s->matcher, step);
	/* where everything matches, keeping the matches is keeping all */
	if (rc == 0 && s->matcher.kind == NT_MATCH_PATTERN && s->matcher.pattern.name &&
	    (s->behavior == NT_CUT_ISOLATED || (s->behavior == NT_CUT_REMOVED && s->inverts))) {
		s->behavior = NT_CUT_ISOLATED;
		s->inverts = false;
	}
	return rc;
}

static bool is_one_character(const char *text)
{
	uint32_t c;
	size_t len = strlen(text);
	return len && nt_utf8_decode((const uint8_t *)text, len, &c) == len;
}

static int read_metaspace(struct nt_presplit *s, struct json_object *step)
{
	const char *scheme = nt_hf_text(step, "prepend_scheme"), *text = nt_hf_text(step, "replacement");
	s->kind = NT_PRESPLIT_METASPACE;
	s->behavior = NT_CUT_MERGED_WITH_NEXT;
	s->cuts = nt_hf_is_true(step, "split", true);
	s->prepend = strcmp(scheme, "never") == 0 || !nt_hf_is_true(step, "add_prefix_space", true)
		? NT_PREPEND_NEVER : strcmp(scheme, "first") == 0 ? NT_PREPEND_FIRST : NT_PREPEND_ALWAYS;
	if (!is_one_character(text))
		return nt_hf_refuse("Metaspace's replacement", text);
	memcpy(s->replacement, text, strlen(text));
	return nt_matcher_string(&s->matcher, text, strlen(text));
}

static int read_byte_level(struct nt_presplit *s, struct json_object *step)
{
	s->kind = NT_PRESPLIT_BYTE_LEVEL;
	s->behavior = NT_CUT_ISOLATED;
	s->cuts = nt_hf_is_true(step, "use_regex", true);
	s->prepend = nt_hf_is_true(step, "add_prefix_space", true) ? NT_PREPEND_ALWAYS : NT_PREPEND_NEVER;
	*s->replacement = ' ';
	return s->cuts ? nt_pattern_init(&s->matcher.pattern, "gpt2") : 0;
}

static int read_set(struct nt_presplit *s, struct json_object *step, enum nt_matcher_kind set)
{
	s->matcher.kind = set;
	s->behavior = NT_CUT_REMOVED;
	s->inverts = set == NT_MATCH_WORDS;
	if (set == NT_MATCH_NUMBER)
		s->behavior = nt_hf_is_true(step, "individual_digits", false) ? NT_CUT_ISOLATED
									      : NT_CUT_CONTIGUOUS;
	return set == NT_MATCH_PUNCTUATION ? read_behavior(&s->behavior, step, "Isolated") : 0;
}

static int read_presplit(struct nt_presplit *s, struct json_object *step)
{
	static const struct {
		const char *type;
		enum nt_matcher_kind set;
	} sets[] = {{"Digits", NT_MATCH_NUMBER}, {"Punctuation", NT_MATCH_PUNCTUATION},
		    {"WhitespaceSplit", NT_MATCH_SPACE}, {"Whitespace", NT_MATCH_WORDS}};
	const char *type = nt_hf_text(step, "type");
	*s = (struct nt_presplit){.kind = NT_PRESPLIT_CUT, .cuts = true,
				  .matcher = {.kind = NT_MATCH_PATTERN}};
	if (strcmp(type, "Split") == 0)
		return read_split(s, step);
	if (strcmp(type, "Metaspace") == 0)
		return read_metaspace(s, step);
	if (strcmp(type, "ByteLevel") == 0)
		return read_byte_level(s, step);
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (strcmp(type, sets[i].type) == 0)
			return read_set(s, step, sets[i].set);
	return nt_hf_refuse("pre_tokenizer", type);
}

static int take_presplit(struct nt_tokenizer *t, struct json_object *step)
{
	if (t->n_presplit == STEPS_MOST)
		return nt_fail(NT_EFORMAT, "its pre_tokenizer has more than %d steps", STEPS_MOST);
	bool is_behind = t->n_presplit && !t->is_written;
	struct nt_presplit *s = &t->presplit[t->n_presplit++];
	int rc = read_presplit(s, step);
	if (rc == 0 && is_behind && s->kind != NT_PRESPLIT_CUT)
		return nt_hf_refuse("pre_tokenizer behind ByteLevel", nt_hf_text(step, "type"));
	t->is_written &= s->kind != NT_PRESPLIT_BYTE_LEVEL;
	return rc;
}

/* Does the step cut at matches, each of them a piece, by an expression? */
static bool isolates(const struct nt_presplit *s)
{
	return s->kind == NT_PRESPLIT_CUT && s->matcher.kind == NT_MATCH_PATTERN &&
	       s->behavior == NT_CUT_ISOLATED &&
	       (s->matcher.pattern.name || !nt_regex_matches_nothing(s->matcher.pattern.code));
}

/* Steps that cut, and ByteLevel behind them: are they one pattern? Its spelling, or none. */
static int one_pattern(const struct nt_tokenizer *t, struct nt_buf *regex)
{
	const struct nt_presplit *last = &t->presplit[t->n_presplit - 1];
	size_t n = t->n_presplit - 1;
	int rc = 0;
	if (last->kind != NT_PRESPLIT_BYTE_LEVEL || last->prepend || (last->cuts && n > 0))
		return 0;
	if (last->cuts)
		return nt_buf_printf(regex, "%s", last->matcher.pattern.regex);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!isolates(&t->presplit[i]))
			return 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = nt_buf_printf(regex, i ? "\x1e%s" : "%s", t->presplit[i].matcher.pattern.regex);
	return rc;
}

/* Makes the tokenizer plain if its steps come to one pattern. */
static int simplify(struct nt_tokenizer *t)
{
	struct nt_buf regex = {0};
	const char *name = "none";
	int rc = t->is_written ? 0 : one_pattern(t, &regex);
	bool is_nothing = !t->is_written && t->n_presplit == 1 && !t->presplit[0].cuts &&
			  !t->presplit[0].prepend;
	if (regex.len)
		name = (char *)regex.data;
	t->is_plain = is_nothing || (regex.len && (!strchr(name, '\x1e') || nt_pattern_is_known(name)));
	while (t->is_plain && t->n_presplit)
		nt_presplit_release(&t->presplit[--t->n_presplit]);
	if (rc == 0)
		rc = t->is_plain && regex.len ? nt_pattern_regex(&t->split, name)
					      : nt_pattern_init(&t->split, "none");
	nt_buf_release(&regex);
	return rc;
}

int nt_hf_read_pre_tokenizer(struct nt_tokenizer *t, struct json_object *root, const char *pattern)
{
	struct json_object *pre = nt_hf_get(root, "pre_tokenizer");
	t->is_written = true;
	if (pre && !(t->presplit = nt_calloc(STEPS_MOST, sizeof(*t->presplit))))
		return NT_ESYS;
	int rc = pre ? each(t, pre, "pretokenizers", 3, take_presplit) : 0;
	if (rc < 0 || !pattern)
		return rc < 0 ? rc : simplify(t);
	if (t->is_written)
		return nt_fail(NT_EARG, "pattern '%s': the vocabulary is not one of bytes", pattern);
	while (t->n_presplit)
		nt_presplit_release(&t->presplit[--t->n_presplit]);
	t->is_plain = true;
	return nt_pattern_init(&t->split, pattern);
}
