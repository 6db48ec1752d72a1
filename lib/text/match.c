/* SPDX-License-Identifier: MIT */
/* match.c - matches of strings, patterns and sets of characters, one after the other */
#include "text/match.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "text/normal.h"

int nt_matcher_string(struct nt_matcher *m, const char *string, size_t len)
{
	*m = (struct nt_matcher){.kind = NT_MATCH_STRING, .len = len};
	if (!(m->string = nt_alloc(len, 1)))
		return NT_ESYS;
	memcpy(m->string, string, len);
	return 0;
}

int nt_matcher_pattern(struct nt_matcher *m, const char *regex)
{
	*m = (struct nt_matcher){.kind = NT_MATCH_PATTERN};
	return nt_pattern_regex(&m->pattern, regex);
}

void nt_matcher_release(struct nt_matcher *m)
{
	nt_pattern_release(&m->pattern);
	free(m->string);
	*m = (struct nt_matcher){0};
}

int nt_finder_init(struct nt_finder *f, const struct nt_matcher *m)
{
	*f = (struct nt_finder){.matcher = m};
	return m->kind == NT_MATCH_PATTERN ? nt_cutter_init(&f->cutter, &m->pattern) : 0;
}

void nt_finder_release(struct nt_finder *f)
{
	nt_cutter_release(&f->cutter);
	*f = (struct nt_finder){0};
}

int nt_finder_begin(struct nt_finder *f, const void *text, size_t len)
{
	f->text = text;
	f->len = len;
	f->at = 0;
	f->last_end = SIZE_MAX;
	return f->matcher->kind == NT_MATCH_PATTERN ? nt_cutter_begin(&f->cutter, text, len) : 0;
}

/* The character at `at` < len and its length. */
static size_t look(const struct nt_finder *f, size_t at, uint32_t *c)
{
	return nt_char_at(f->text + at, f->len - at, c);
}

static int next_string(struct nt_finder *f, size_t *start, size_t *end)
{
	const struct nt_matcher *m = f->matcher;
	const uint8_t *found = memmem(f->text + f->at, f->len - f->at, m->string, m->len);
	if (!found)
		return 0;
	*start = (size_t)(found - f->text);
	*end = *start + m->len;
	return 1;
}

static int next_regex(struct nt_finder *f, size_t *start, size_t *end)
{
	int rc;
	size_t from = f->at;
	while ((rc = nt_regex_search(&f->cutter, from, start, end)) > 0 && *start == *end &&
	       *end == f->last_end) {
		uint32_t c;
		if (from >= f->len)
			return 0;
		from += look(f, from, &c);
	}
	return rc;
}

static bool is_in(enum nt_matcher_kind kind, uint32_t c)
{
	return kind == NT_MATCH_NUMBER ? nt_is_number(c) :
	       kind == NT_MATCH_PUNCTUATION ? nt_is_punctuation(c) : nt_is_space(c);
}

static int next_in_set(struct nt_finder *f, size_t *start, size_t *end)
{
	uint32_t c;
	for (size_t i = f->at, n; i < f->len; i += n) {
		n = look(f, i, &c);
		if (!is_in(f->matcher->kind, c))
			continue;
		*start = i;
		*end = i + n;
		return 1;
	}
	return 0;
}

/* 0: space, 1: part of a word, 2: neither */
static int word_kind(uint32_t c)
{
	return nt_is_word(c) ? 1 : nt_is_space(c) ? 0 : 2;
}

static int next_words(struct nt_finder *f, size_t *start, size_t *end)
{
	int kind = 0;
	*start = f->at;
	for (size_t i = f->at, n; i < f->len; i += n) {
		uint32_t c;
		n = look(f, i, &c);
		int k = word_kind(c);
		if (kind && k != kind)
			return 1;
		if (!kind)
			*start = i;
		kind = k;
		*end = i + n;
	}
	return kind != 0;
}

static int next_known(struct nt_finder *f, size_t *start, size_t *end)
{
	if (f->at >= f->len)
		return 0;
	*start = f->at;
	*end = f->matcher->pattern.next(f->text, f->at, f->len);
	return 1;
}

int nt_finder_next(struct nt_finder *f, size_t *start, size_t *end)
{
	int rc;
	switch (f->matcher->kind) {
	case NT_MATCH_STRING:
		rc = next_string(f, start, end);
		break;
	case NT_MATCH_PATTERN:
		rc = f->matcher->pattern.next ? next_known(f, start, end) : next_regex(f, start, end);
		break;
	case NT_MATCH_WORDS:
		rc = next_words(f, start, end);
		break;
	default:
		rc = next_in_set(f, start, end);
	}
	if (rc > 0)
		f->at = f->last_end = *end;
	return rc;
}
