/* SPDX-License-Identifier: MIT */
/*
 * choices.c - questions with several continuations; the why is in nt/choices.h
 *
 * The values that are wanted are found first, as they are written, and read behind that: a
 * line may hold them in any order, and an answer means something only beside the choices.
 */
#include "nt/choices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"

enum { CONTEXT, CHOICES, ANSWER, N_PART };
static const char *const usual[N_PART][6] = {
	[CONTEXT] = {"ctx", "context", "prompt", "question", "query"},
	[CHOICES] = {"endings", "choices", "options"},
	[ANSWER] = {"label", "answer", "gold", "answerKey"},
};

/* A value as it is written; p NULL: there is none. rank: which of the usual names it has. */
struct part {
	struct nt_json_text span;
	size_t rank;
};

/* Where a key stands among the names; SIZE_MAX: nowhere. */
static size_t rank_of(const struct nt_json_text *key, const char *given, const char *const *names)
{
	if (given)
		return nt_json_is(key, given) ? 0 : SIZE_MAX;
	for (size_t i = 0; names[i]; i++)
		if (nt_json_is(key, names[i]))
			return i;
	return SIZE_MAX;
}

static int find_parts(struct part part[N_PART], const char *const given[N_PART], const void *line, size_t len)
{
	struct nt_json j;
	struct nt_json_text key, span;
	nt_json_init(&j, line, len);
	int rc = nt_json_enter(&j, '{');
	while (rc >= 0 && (rc = nt_json_key(&j, &key)) > 0) {
		size_t rank[N_PART];
		for (int k = 0; k < N_PART; k++)
			rank[k] = rank_of(&key, given[k], usual[k]);
		rc = nt_json_skip(&j, &span);
		for (int k = 0; rc >= 0 && k < N_PART; k++)
			if (rank[k] != SIZE_MAX && (!part[k].span.p || rank[k] <= part[k].rank))
				part[k] = (struct part){span, rank[k]};
	}
	if (rc == 0)
		rc = nt_json_end(&j);
	nt_json_release(&j);
	return rc;
}

/* Appends a string's text; where it begins is *at. */
static int take_string(struct nt_choices *c, struct nt_json *j, size_t *at, size_t *len)
{
	struct nt_json_text s;
	int rc = nt_json_read_string(j, &s);
	if (rc < 0)
		return rc;
	*at = c->text.len;
	*len = s.len;
	return nt_buf_add(&c->text, s.p, s.len);
}

/* Texts move while they grow: until all are there, a pointer is kept as its distance. */
static const uint8_t *as_distance(size_t at)
{
	return (const uint8_t *)(uintptr_t)at;
}

static int read_context(struct nt_choices *c, const struct nt_json_text *span)
{
	struct nt_json j;
	size_t at, len;
	nt_json_init(&j, span->p, span->len);
	int rc = take_string(c, &j, &at, &len);
	if (rc == 0)
		c->context = (struct nt_choices_text){as_distance(at), len};
	nt_json_release(&j);
	return rc;
}

static int read_strings(struct nt_choices *c, struct nt_json *j)
{
	int rc = nt_json_enter(j, '[');
	while (rc >= 0 && (rc = nt_json_more(j)) > 0) {
		size_t at, len;
		rc = take_string(c, j, &at, &len);
		if (rc == 0)
			rc = nt_grow(&c->choice, &c->cap, c->n_choice + 1, sizeof(*c->choice));
		if (rc == 0)
			c->choice[c->n_choice++] = (struct nt_choices_text){as_distance(at), len};
	}
	return rc;
}

/* The choices, and of an object where its labels are written. */
static int read_choices(struct nt_choices *c, const struct nt_json_text *span, struct nt_json_text *labels)
{
	struct nt_json j;
	struct nt_json_text key;
	nt_json_init(&j, span->p, span->len);
	int rc = nt_json_peek(&j);
	if (rc == '[') {
		rc = read_strings(c, &j);
	} else if (rc >= 0) {
		rc = nt_json_enter(&j, '{');
		while (rc >= 0 && (rc = nt_json_key(&j, &key)) > 0) {
			if (nt_json_is(&key, "text") && c->n_choice == 0)
				rc = read_strings(c, &j);
			else
				rc = nt_json_skip(&j, nt_json_is(&key, "label") ? labels : NULL);
		}
	}
	nt_json_release(&j);
	return rc;
}

/* Which of the labels that is; SIZE_MAX: none. */
static int find_label(const struct nt_json_text *labels, const uint8_t *word, size_t len, size_t *found)
{
	struct nt_json j;
	struct nt_json_text s;
	*found = SIZE_MAX;
	if (!labels->p)
		return 0;
	nt_json_init(&j, labels->p, labels->len);
	int rc = nt_json_enter(&j, '[');
	for (size_t i = 0; rc >= 0 && (rc = nt_json_more(&j)) > 0; i++) {
		rc = nt_json_read_string(&j, &s);
		if (rc == 0 && s.len == len && memcmp(s.p, word, len) == 0 && *found == SIZE_MAX)
			*found = i;
	}
	nt_json_release(&j);
	return rc;
}

/* A number in decimal, or a letter; SIZE_MAX: neither. */
static size_t number_of(const uint8_t *word, size_t len)
{
	size_t n = 0;
	if (len == 1 && word[0] >= 'A' && word[0] <= 'Z')
		return (size_t)(word[0] - 'A');
	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9' || n > 1000000)
			return SIZE_MAX;
		n = 10 * n + (size_t)(word[i] - '0');
	}
	return n;
}

static int read_answer(struct nt_choices *c, const struct nt_json_text *span, const struct nt_json_text *labels)
{
	struct nt_json j;
	struct nt_json_text s = *span;
	nt_json_init(&j, span->p, span->len);
	int kind = nt_json_peek(&j), rc = kind == '"' ? nt_json_read_string(&j, &s) : 0;
	if (rc == 0 && kind != 'n' && s.len > 0) {
		rc = kind == '"' ? find_label(labels, s.p, s.len, &c->answer) : 0;
		if (rc == 0 && c->answer == SIZE_MAX)
			c->answer = number_of(s.p, s.len);
		if (rc == 0 && c->answer >= c->n_choice)
			rc = nt_fail(NT_EFORMAT, "the answer is none of its %zu choices", c->n_choice);
	}
	nt_json_release(&j);
	return rc;
}

static int read_parts(struct nt_choices *c, const struct part part[N_PART])
{
	struct nt_json_text labels = {0};
	if (!part[CONTEXT].span.p || !part[CHOICES].span.p)
		return nt_fail(NT_EFORMAT, "no field that holds %s; name it with %s",
			       part[CONTEXT].span.p ? "choices" : "the context",
			       part[CONTEXT].span.p ? "--choices-field" : "--context-field");
	int rc = read_context(c, &part[CONTEXT].span);
	if (rc == 0)
		rc = read_choices(c, &part[CHOICES].span, &labels);
	if (rc == 0 && c->n_choice < 2)
		rc = nt_fail(NT_EFORMAT, "%s: there must be two", nt_counted(c->n_choice, "choice"));
	if (rc == 0 && part[ANSWER].span.p)
		rc = read_answer(c, &part[ANSWER].span, &labels);
	return rc;
}

int nt_choices_read(struct nt_choices *c, const struct nt_choices_fields *f, const void *line, size_t len,
		    const char *name)
{
	const char *const given[N_PART] = {f->context, f->choices, f->answer};
	struct part part[N_PART] = {0};
	c->text.len = c->n_choice = 0;
	c->answer = SIZE_MAX;
	int rc = find_parts(part, given, line, len);
	if (rc == 0)
		rc = read_parts(c, part);
	if (rc == NT_EFORMAT) {
		char why[512];
		snprintf(why, sizeof(why), "%s", nt_errmsg());
		return nt_fail(NT_EFORMAT, "%s: %s", name, why);
	}
	if (rc < 0)
		return rc;
	const uint8_t *text = c->text.data ? c->text.data : (const uint8_t *)"";
	c->context.p = text + (uintptr_t)c->context.p;
	for (size_t i = 0; i < c->n_choice; i++)
		c->choice[i].p = text + (uintptr_t)c->choice[i].p;
	return 0;
}

void nt_choices_release(struct nt_choices *c)
{
	nt_buf_release(&c->text);
	free(c->choice);
	*c = (struct nt_choices){0};
}
