/* SPDX-License-Identifier: MIT */
/*
 * presplit.c - the steps of a pre-tokenizer, depth first
 *
 * A step hands each of its pieces to the next as it finds it, so no list of pieces is
 * ever made. Matches and the gaps between them come in turn, and a behavior is the rule
 * by which one joins the piece before it. Source: the pre-tokenizers of Hugging Face's
 * tokenizers 0.23.
 */
#include "token/presplit.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "token/tokenizer.h"

struct nt_presplit_state {
	struct nt_finder finder;
	struct nt_rewrite prefixed; /* the piece with what is put before it */
	struct nt_rewrite written;  /* a piece of that in the alphabet of bytes */
};

static const char *const behavior_names[] = {
	[NT_CUT_REMOVED] = "Removed", [NT_CUT_ISOLATED] = "Isolated",
	[NT_CUT_MERGED_WITH_PREVIOUS] = "MergedWithPrevious",
	[NT_CUT_MERGED_WITH_NEXT] = "MergedWithNext", [NT_CUT_CONTIGUOUS] = "Contiguous"};

int nt_behavior_find(const char *name)
{
	for (int b = 0; b <= NT_CUT_CONTIGUOUS; b++)
		if (strcmp(name, behavior_names[b]) == 0)
			return b;
	return -1;
}

const char *nt_behavior_name(enum nt_behavior behavior)
{
	return behavior_names[behavior];
}

void nt_presplit_release(struct nt_presplit *s)
{
	nt_matcher_release(&s->matcher);
	*s = (struct nt_presplit){0};
}

int nt_presplitting_init(struct nt_presplitting *p, const struct nt_presplit *step, size_t n,
			 int (*sink)(void *arg, const struct nt_stretch *piece), void *arg)
{
	*p = (struct nt_presplitting){.step = step, .n = n, .sink = sink, .arg = arg};
	if (!(p->state = nt_calloc(n, sizeof(*p->state))))
		return NT_ESYS;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (step[i].cuts)
			rc = nt_finder_init(&p->state[i].finder, &step[i].matcher);
	return rc;
}

void nt_presplitting_release(struct nt_presplitting *p)
{
	for (size_t i = 0; p->state && i < p->n; i++) {
		nt_finder_release(&p->state[i].finder);
		nt_rewrite_release(&p->state[i].prefixed);
		nt_rewrite_release(&p->state[i].written);
	}
	free(p->state);
	*p = (struct nt_presplitting){0};
}

static int run(struct nt_presplitting *p, size_t i, const struct nt_stretch *in);

/* Writes the piece in the alphabet of bytes for the steps that follow. */
static int write_bytes(struct nt_presplitting *p, size_t i, const struct nt_stretch *in,
		       struct nt_stretch *out)
{
	struct nt_rewrite *w = &p->state[i].written;
	struct nt_buf letter = {0};
	int rc = 0;
	nt_rewrite_reset(w);
	for (size_t k = 0; rc == 0 && k < in->len; k++) {
		letter.len = 0;
		rc = nt_alphabet_write(&letter, in->text + k, 1);
		if (rc == 0)
			rc = nt_rewrite_add(w, in, k, letter.data, letter.len);
	}
	nt_buf_release(&letter);
	return rc < 0 ? rc : nt_rewrite_done(w, in, out);
}

/* Bytes [start, end) of `in` are a piece of step i. */
static int emit(struct nt_presplitting *p, size_t i, const struct nt_stretch *in, size_t start,
		size_t end)
{
	if (start == end)
		return 0;
	struct nt_stretch piece = nt_stretch_part(in, start, end);
	int rc = 0;
	if (p->step[i].kind == NT_PRESPLIT_BYTE_LEVEL && i + 1 < p->n)
		rc = write_bytes(p, i, &piece, &piece);
	return rc < 0 ? rc : run(p, i + 1, &piece);
}

/* Does what comes join the piece before it? Both are told by whether they match. */
static bool joins(enum nt_behavior behavior, bool before, bool now)
{
	switch (behavior) {
	case NT_CUT_MERGED_WITH_PREVIOUS:
		return now && !before;
	case NT_CUT_MERGED_WITH_NEXT:
		return before && !now;
	case NT_CUT_CONTIGUOUS:
		return before == now;
	default:
		return false;
	}
}

/* The piece that may still grow. */
struct pending {
	size_t start, end;
	bool matches, is_there;
};

/* Match or gap [start, end) comes behind the pending piece. */
static int take(struct nt_presplitting *p, size_t i, const struct nt_stretch *in, struct pending *last,
		size_t start, size_t end, bool matches)
{
	const struct nt_presplit *s = &p->step[i];
	int rc = 0;
	if (s->behavior == NT_CUT_REMOVED && matches)
		return 0;
	if (last->is_there && joins(s->behavior, last->matches, matches)) {
		last->end = end;
		last->matches = matches;
		return 0;
	}
	if (last->is_there)
		rc = emit(p, i, in, last->start, last->end);
	*last = (struct pending){start, end, matches, true};
	return rc;
}

static int cut(struct nt_presplitting *p, size_t i, const struct nt_stretch *in)
{
	struct nt_finder *f = &p->state[i].finder;
	bool inverts = p->step[i].inverts;
	struct pending last = {0};
	size_t start, end, done = 0;
	int rc = nt_finder_begin(f, in->text, in->len), found = 0;
	while (rc == 0 && (found = nt_finder_next(f, &start, &end)) > 0) {
		if (start > done)
			rc = take(p, i, in, &last, done, start, inverts);
		if (rc == 0)
			rc = take(p, i, in, &last, start, end, !inverts);
		done = end;
	}
	if (found < 0)
		return found;
	if (rc == 0 && done < in->len)
		rc = take(p, i, in, &last, done, in->len, inverts);
	return rc < 0 || !last.is_there ? rc : emit(p, i, in, last.start, last.end);
}

static bool begins_with(const struct nt_stretch *in, const char *s)
{
	size_t n = strlen(s);
	return in->len >= n && memcmp(in->text, s, n) == 0;
}

/* *out: `in` with every space replaced, and the replacement put before it where it is due. */
static int make_visible(struct nt_presplitting *p, size_t i, const struct nt_stretch *in,
			struct nt_stretch *out)
{
	const struct nt_presplit *s = &p->step[i];
	struct nt_rewrite *w = &p->state[i].prefixed;
	size_t n = strlen(s->replacement), n_space = 0, done = 0;
	nt_rewrite_reset(w);
	for (size_t k = 0; k < in->len; k++)
		n_space += in->text[k] == ' ';
	int rc = nt_rewrite_reserve(w, in->len + (n_space + 1) * n);
	if (rc == 0 && !begins_with(in, s->replacement) && !begins_with(in, " ") &&
	    (s->prepend == NT_PREPEND_ALWAYS ||
	     (s->prepend == NT_PREPEND_FIRST && nt_stretch_origin(in, 0) == 0)))
		rc = nt_rewrite_add(w, in, 0, s->replacement, n);
	for (const uint8_t *space; rc == 0 && (space = memchr(in->text + done, ' ', in->len - done));) {
		size_t at = (size_t)(space - in->text);
		rc = nt_rewrite_keep(w, in, done, at);
		if (rc == 0)
			rc = nt_rewrite_add(w, in, at, s->replacement, n);
		done = at + 1;
	}
	if (rc == 0)
		rc = nt_rewrite_keep(w, in, done, in->len);
	return rc < 0 ? rc : nt_rewrite_done(w, in, out);
}

static int put_space_before(struct nt_presplitting *p, size_t i, const struct nt_stretch *in,
			    struct nt_stretch *out)
{
	struct nt_rewrite *w = &p->state[i].prefixed;
	nt_rewrite_reset(w);
	int rc = nt_rewrite_add(w, in, 0, " ", 1);
	if (rc == 0)
		rc = nt_rewrite_keep(w, in, 0, in->len);
	return rc < 0 ? rc : nt_rewrite_done(w, in, out);
}

static int run(struct nt_presplitting *p, size_t i, const struct nt_stretch *in)
{
	if (i == p->n)
		return p->sink(p->arg, in);
	const struct nt_presplit *s = &p->step[i];
	struct nt_stretch text = *in;
	int rc = 0;
	if (s->kind == NT_PRESPLIT_METASPACE)
		rc = make_visible(p, i, in, &text);
	else if (s->kind == NT_PRESPLIT_BYTE_LEVEL && s->prepend && !begins_with(in, " "))
		rc = put_space_before(p, i, in, &text);
	if (rc < 0)
		return rc;
	return s->cuts ? cut(p, i, &text) : emit(p, i, &text, 0, text.len);
}

int nt_presplit(struct nt_presplitting *p, const struct nt_stretch *in)
{
	return in->len ? run(p, 0, in) : 0;
}
