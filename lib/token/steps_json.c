/* SPDX-License-Identifier: MIT */
/*
 * steps_json.c - the steps of a tokenizer as tokenizer.json writes them, in one spelling
 *
 * The keys stand in the order in which Hugging Face's client writes them. Part of the
 * fingerprint: the spelling is a promise.
 */
#include <string.h>

#include "nt/err.h"
#include "nt/file.h"
#include "token/tokenizer.h"

static int add_text(struct nt_buf *out, const char *text)
{
	return nt_buf_add(out, text, strlen(text));
}

/* BEFORE "text" BEHIND */
static int add_string(struct nt_buf *out, const char *before, const void *text, size_t len,
		      const char *behind)
{
	int rc = add_text(out, before);
	if (rc == 0)
		rc = nt_json_string(out, text, len);
	return rc < 0 ? rc : add_text(out, behind);
}

static int add_pattern(struct nt_buf *out, const struct nt_matcher *m)
{
	if (m->kind == NT_MATCH_STRING)
		return add_string(out, "\"pattern\":{\"String\":", m->string, m->len, "}");
	return add_string(out, "\"pattern\":{\"Regex\":", m->pattern.regex, strlen(m->pattern.regex), "}");
}

static const char *as_bool(bool is_true)
{
	return is_true ? "true" : "false";
}

static int add_normalizer(struct nt_buf *out, const struct nt_normalizer *s)
{
	static const char *const form[] = {"NFC", "NFD", "NFKC", "NFKD"};
	int rc;
	switch (s->kind) {
	case NT_NORMALIZE_FORM:
		return nt_buf_printf(out, "{\"type\":\"%s\"}", form[s->form]);
	case NT_NORMALIZE_LOWER:
		return add_text(out, "{\"type\":\"Lowercase\"}");
	case NT_NORMALIZE_ACCENTS:
		return add_text(out, "{\"type\":\"StripAccents\"}");
	case NT_NORMALIZE_NMT:
		return add_text(out, "{\"type\":\"Nmt\"}");
	case NT_NORMALIZE_STRIP:
		return nt_buf_printf(out, "{\"type\":\"Strip\",\"strip_left\":%s,\"strip_right\":%s}",
				     as_bool(s->strips_left), as_bool(s->strips_right));
	case NT_NORMALIZE_PREPEND:
		return add_string(out, "{\"type\":\"Prepend\",\"prepend\":", s->content, s->content_len, "}");
	case NT_NORMALIZE_REPLACE:
		rc = add_text(out, "{\"type\":\"Replace\",");
		if (rc == 0)
			rc = add_pattern(out, &s->matcher);
		return rc < 0 ? rc : add_string(out, ",\"content\":", s->content, s->content_len, "}");
	}
	return 0;
}

static int add_cut(struct nt_buf *out, const struct nt_presplit *s)
{
	const char *behavior = nt_behavior_name(s->behavior);
	int rc;
	switch (s->matcher.kind) {
	case NT_MATCH_NUMBER:
		return nt_buf_printf(out, "{\"type\":\"Digits\",\"individual_digits\":%s}",
				     as_bool(s->behavior == NT_CUT_ISOLATED));
	case NT_MATCH_PUNCTUATION:
		return nt_buf_printf(out, "{\"type\":\"Punctuation\",\"behavior\":\"%s\"}", behavior);
	case NT_MATCH_SPACE:
		return add_text(out, "{\"type\":\"WhitespaceSplit\"}");
	case NT_MATCH_WORDS:
		return add_text(out, "{\"type\":\"Whitespace\"}");
	default:
		rc = add_text(out, "{\"type\":\"Split\",");
		if (rc == 0)
			rc = add_pattern(out, &s->matcher);
		return rc < 0 ? rc : nt_buf_printf(out, ",\"behavior\":\"%s\",\"invert\":%s}", behavior,
						   as_bool(s->inverts));
	}
}

static int add_presplit(struct nt_buf *out, const struct nt_presplit *s)
{
	static const char *const prepend[] = {"never", "first", "always"};
	if (s->kind == NT_PRESPLIT_CUT)
		return add_cut(out, s);
	if (s->kind == NT_PRESPLIT_METASPACE) {
		int rc = add_string(out, "{\"type\":\"Metaspace\",\"replacement\":", s->replacement,
				    strlen(s->replacement), "");
		return rc < 0 ? rc : nt_buf_printf(out, ",\"prepend_scheme\":\"%s\",\"split\":%s}",
						   prepend[s->prepend], as_bool(s->cuts));
	}
	return nt_buf_printf(out, "{\"type\":\"ByteLevel\",\"add_prefix_space\":%s,\"trim_offsets\":true,"
			     "\"use_regex\":%s}", as_bool(s->prepend != NT_PREPEND_NEVER), as_bool(s->cuts));
}

/* Step 0 of one, or a Sequence of n under `key`: add writes step i of t. */
static int write_list(struct nt_buf *out, const char *key, const struct nt_tokenizer *t, size_t n,
		      int (*add)(struct nt_buf *out, const struct nt_tokenizer *t, size_t i))
{
	if (n == 0)
		return add_text(out, "null");
	int rc = n > 1 ? nt_buf_printf(out, "{\"type\":\"Sequence\",\"%s\":[", key) : 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = add_text(out, i ? "," : "");
		if (rc == 0)
			rc = add(out, t, i);
	}
	return rc < 0 || n == 1 ? rc : add_text(out, "]}");
}

static int add_normalizer_of(struct nt_buf *out, const struct nt_tokenizer *t, size_t i)
{
	return add_normalizer(out, &t->normalizer[i]);
}

static int add_presplit_of(struct nt_buf *out, const struct nt_tokenizer *t, size_t i)
{
	return add_presplit(out, &t->presplit[i]);
}

int nt_steps_write_normalizer(struct nt_buf *out, const struct nt_tokenizer *t)
{
	return write_list(out, "normalizers", t, t->n_normalizer, add_normalizer_of);
}

/* The steps that come to the pattern of a plain tokenizer. */
static int write_plain(struct nt_buf *out, const struct nt_pattern *p)
{
	struct nt_presplit bytes = {.kind = NT_PRESPLIT_BYTE_LEVEL};
	bytes.cuts = p->name && strcmp(p->name, "gpt2") == 0;
	if (bytes.cuts || !*p->regex)
		return add_presplit(out, &bytes);
	int rc = add_text(out, "{\"type\":\"Sequence\",\"pretokenizers\":[");
	for (const char *regex = p->regex, *end; rc == 0 && *regex; regex = *end ? end + 1 : end) {
		end = strchrnul(regex, '\x1e');
		rc = add_string(out, "{\"type\":\"Split\",\"pattern\":{\"Regex\":", regex,
				(size_t)(end - regex), "},\"behavior\":\"Isolated\",\"invert\":false},");
	}
	if (rc == 0)
		rc = add_presplit(out, &bytes);
	return rc < 0 ? rc : add_text(out, "]}");
}

int nt_steps_write_pre_tokenizer(struct nt_buf *out, const struct nt_tokenizer *t)
{
	if (t->is_plain)
		return write_plain(out, &t->split);
	return write_list(out, "pretokenizers", t, t->n_presplit, add_presplit_of);
}

int nt_steps_write_decoder(struct nt_buf *out, const struct nt_tokenizer *t)
{
	if (!t->is_written)
		return add_text(out, "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
				"\"trim_offsets\":true,\"use_regex\":true}");
	int rc = add_text(out, "{\"type\":\"Sequence\",\"decoders\":[");
	if (rc == 0 && *t->space)
		rc = add_string(out, "{\"type\":\"Replace\",\"pattern\":{\"String\":", t->space,
				strlen(t->space), "},\"content\":\" \"},");
	if (rc == 0)
		rc = add_text(out, t->has_fallback ? "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}"
						   : "{\"type\":\"Fuse\"}");
	if (rc == 0 && t->strips_space)
		rc = add_text(out, ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}");
	return rc < 0 ? rc : add_text(out, "]}");
}

/* An added token is found in other places for each of these. */
static int write_flags(struct nt_buf *out, const struct nt_tokenizer *t)
{
	int rc = 0;
	for (uint32_t id = 0; rc == 0 && id < t->ident.vocab_size; id++) {
		unsigned flags = t->token[id].flags & (NT_SINGLE_WORD | NT_LSTRIP | NT_RSTRIP | NT_NORMALIZED);
		if (t->token[id].flags & NT_OUTSIDE)
			rc = nt_buf_printf(out, "outside:%u\n", id);
		if (rc == 0 && flags)
			rc = nt_buf_printf(out, "added:%u:%u\n", id, flags);
	}
	return rc;
}

static int write_steps(struct nt_buf *out, const struct nt_tokenizer *t)
{
	int rc = 0;
	if (t->n_normalizer) {
		rc = add_text(out, "normalizer:");
		if (rc == 0)
			rc = nt_steps_write_normalizer(out, t);
		if (rc == 0)
			rc = add_text(out, "\n");
	}
	if (rc < 0 || t->is_plain)
		return rc < 0 ? rc : nt_buf_printf(out, "split:%s\n", t->split.regex);
	rc = add_text(out, "pre_tokenizer:");
	if (rc == 0)
		rc = nt_steps_write_pre_tokenizer(out, t);
	return rc < 0 ? rc : add_text(out, "\n");
}

int nt_steps_write_rule(struct nt_buf *out, const struct nt_tokenizer *t, bool ignores_merges)
{
	int rc = write_steps(out, t);
	if (rc == 0 && ignores_merges)
		rc = add_text(out, "ignore_merges\n");
	if (rc == 0 && t->is_written && t->has_fallback)
		rc = add_text(out, "byte_fallback\n");
	if (rc == 0 && t->unk != NT_NO_TOKEN)
		rc = nt_buf_printf(out, "unk:%u\n%s", t->unk, t->fuses_unk ? "fuse_unk\n" : "");
	return rc < 0 ? rc : write_flags(out, t);
}
